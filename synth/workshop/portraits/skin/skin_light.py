"""Light on skin: it enters, wanders and leaves redder; the surface mirrors in two lobes.

Diffuse light wraps round the form, furthest in red, and red follows the smooth normal more than
the relief's, as light that scattered does (Ma et al. 2007). The mirror part is a broad sheen and a
tight film of oil, both normalised Blinn-Phong with Schlick's Fresnel term. Compiled by numba.
"""

from __future__ import annotations

import math

from synth.workshop.portraits.rasterise import compile_kernel
from synth.workshop.portraits.skin.surfaces import ramp

_SHEEN_EXPONENT, _OIL_EXPONENT = 11.0, 62.0
_NORMAL_REFLECTANCE = 0.028


@compile_kernel
def _wrap(facing, width):
    """Lambert's cosine, wrapped by `width`, with the same total."""
    lit = max(0.0, (facing + width) / (1 + width))
    return lit * lit * (1 - width) + lit * width if width > 0 else lit


@compile_kernel
def light_skin(rgb, smooth, n, sheen, oil, thin, place, occlusion, visible, lights):
    """Ambient, key, fill and rim on skin -> outgoing colour.

    smooth is the form's normal, n that of its relief; place the canonical point; `thin` skin lets
    light through.
    """
    # The head itself keeps light from behind off the middle of the face.
    middle = ramp(4.0, 8.0, place[2]) * (1 - ramp(4.5, 7.0, abs(place[0])))
    ear_side = 1.0 if place[0] > 0 else -1.0
    sky = 0.55 + 0.45 * (0.5 + 0.5 * n[1])
    # Between folds light bounces from skin to skin and reddens.
    red_open = occlusion**0.70
    o0 = rgb[0] * lights.ambient[0] * sky * red_open
    o1 = rgb[1] * lights.ambient[1] * sky * occlusion
    o2 = rgb[2] * lights.ambient[2] * sky * occlusion
    soft_edge = visible if visible <= 0 or visible >= 1 else visible**0.62
    for i in range(lights.directions.shape[0]):
        l0, l1, l2 = lights.directions[i, 0], lights.directions[i, 1], lights.directions[i, 2]
        c0, c1, c2 = lights.colours[i, 0], lights.colours[i, 1], lights.colours[i, 2]
        form = smooth[0] * l0 + smooth[1] * l1 + smooth[2] * l2
        relief = n[0] * l0 + n[1] * l1 + n[2] * l2
        behind = 1 - middle * ramp(0.0, 0.5, -l2)
        shadow = visible if i == 0 else behind
        red_shadow = soft_edge if i == 0 else behind
        open_ = 0.40 + 0.60 * occlusion
        o0 += rgb[0] * c0 * _wrap(0.55 * form + 0.45 * relief, 0.40) * red_shadow * open_
        o1 += rgb[1] * c1 * _wrap(0.25 * form + 0.75 * relief, 0.20) * shadow * open_
        o2 += rgb[2] * c2 * _wrap(0.15 * form + 0.85 * relief, 0.13) * shadow * open_
        if thin > 0:
            through = thin * max(0.0, 0.15 - form) * max(0.0, 0.2 + ear_side * l0)
            o0 += c0 * through * 0.55 * math.sqrt(rgb[0])
            o1 += c1 * through * 0.12 * rgb[1]
            o2 += c2 * through * 0.06 * rgb[2]
        if relief <= 0:
            continue
        h0, h1, h2 = l0, l1, l2 + 1
        scale = 1 / math.sqrt(h0 * h0 + h1 * h1 + h2 * h2 + 1e-9)
        cosine = (n[0] * h0 + n[1] * h1 + n[2] * h2) * scale
        if cosine < 0.55:
            continue
        grazing = 1 - h2 * scale
        fresnel = _NORMAL_REFLECTANCE + (1 - _NORMAL_REFLECTANCE) * grazing**5
        log = math.log(cosine)
        mirror = 0.62 * sheen * (_SHEEN_EXPONENT + 8) / 8 * math.exp(_SHEEN_EXPONENT * log)
        mirror += oil * (_OIL_EXPONENT + 8) / 8 * math.exp(_OIL_EXPONENT * log)
        mirror *= fresnel * shadow * (0.25 + 0.75 * occlusion) * min(1.0, 4 * relief)
        o0 += c0 * mirror
        o1 += c1 * mirror
        o2 += c2 * mirror
    return o0, o1, o2
