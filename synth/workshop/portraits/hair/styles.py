"""Parameters of a face -> how its hair is cut and combed, as a few smooth numbers."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.hair.scalp import NUM_AZIMUTHS

#: Natural hairline: azimuth in degrees from the face (0) to the back (180) -> height in cm. The
#: dip at 76 degrees is the sideburn, the rise behind it goes round the ear.
HAIRLINE_DEG = (0, 18, 34, 46, 56, 63, 69, 75, 82, 93, 103, 113, 135, 180)
HAIRLINE_CM = (10.2, 10.3, 10.5, 9.8, 8.3, 6.6, 3.8, 1.6, 4.6, 6.2, 4.0, 0.4, -3.0, -3.8)
#: hair_length -> height at which long hair ends.
LENGTHS = (0.36, 0.48, 0.60, 0.75, 1.0)
ENDS_CM = (4.0, -1.5, -6.5, -12.0, -24.0)


class Style(NamedTuple):
    """Lengths in cm; weights 0 to 1.

    top, sides: lengths of short hair; long: share of hair that hangs; end: height where it ends;
    back: combed or tied back; fringe: falls over the forehead; lift: how far hair stands off;
    curl: waves to curls; sleek: straight and close; parting: cm to the viewer's right; thin:
    share of strands lost to age.
    """

    top: float
    sides: float
    long: float
    end: float
    back: float
    fringe: float
    lift: float
    curl: float
    sleek: float
    parting: float
    thin: float


def ramp(low: float, high: float, x: float) -> float:
    """Smoothstep from `low` to `high`."""
    t = min(1.0, max(0.0, (x - low) / (high - low)))
    return t * t * (3 - 2 * t)


def find_style(face: FaceParameters) -> Style:
    """Popular cuts as corners of one smooth space."""
    length, fringe = face["hair_length"], face["fringe"]
    long = ramp(0.34, 0.56, length)
    grown = ramp(0.0, 0.30, length)
    curl = ramp(0.15, 1.7, face["wave"])
    masculine = 0.5 - 0.5 * math.tanh(face["femininity"])
    return Style(
        top=0.7 + 5.2 * grown + 2.0 * long,
        sides=0.45 + 1.3 * grown**1.5 + 4.0 * ramp(0.22, 0.45, length),
        long=long,
        end=float(np.interp(length, LENGTHS, ENDS_CM)),
        back=ramp(0.60, 0.82, face["hair_back"]),
        fringe=ramp(0.56, 0.68, fringe),
        lift=face["hair_volume"],
        curl=curl,
        sleek=ramp(0.0, 1.5, -face["wave"]),
        parting=face.parting_cm,
        thin=0.55 * ramp(0.6, 1.0, face["age"]) * masculine * (1 - 0.6 * long),
    )


def find_hairline(face: FaceParameters) -> np.ndarray:
    """Where hair begins: height in cm [azimuth], from the back round the viewer's left."""
    degrees = np.abs(np.linspace(-180, 180, NUM_AZIMUTHS, endpoint=False))
    line = np.interp(degrees, HAIRLINE_DEG, HAIRLINE_CM)
    line += 0.40 * face["hairline"] * np.exp(-((degrees / 60) ** 2))
    # Age thins the temples of men.
    masculine = 0.5 - 0.5 * math.tanh(1.2 * face["femininity"])
    recess = ramp(0.45, 1.0, face["age"]) * masculine
    line += (0.35 * masculine + 1.6 * recess) * np.exp(-(((degrees - 34) / 13) ** 2))
    line += 0.7 * recess * np.exp(-((degrees / 25) ** 2))
    # Women have no sideburns.
    line += 1.4 * (1 - masculine) * np.exp(-(((degrees - 75) / 6) ** 2))
    return gaussian_filter1d(line, 1.2, mode="wrap").astype(np.float32)
