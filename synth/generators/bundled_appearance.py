"""What a drawn person may look like: the parameters of appearance by name.

Each begins as a number close to N(0, spread) and becomes a parameter by its kind: by itself
(`normal`), through the normal distribution function (`uniform`, 0 to 1), as its positive part
(`positive`), as what goes beyond a threshold (`rare`: 0 for most faces), or three of them as
shares of a whole (`share`).
"""

from __future__ import annotations

#: name: (kind, visual weight, spread). The weight says how far w* moves for one unit, about in
#: proportion to how much of the picture changes; it decides what the network learns first. Spread
#: 1 is that of N(0, 1); hair, pose and light have less, since edges that move far are what a small
#: network learns last (docs/training-the-generator.md): half of it for hair costs few haircuts.
APPEARANCE: dict[str, tuple[str, float, float]] = {
    # small movements of the face that no emotion explains
    "blink": ("positive", 0.6, 0.7),
    "brow_raise": ("positive", 0.9, 0.7),
    "pucker": ("positive", 0.4, 0.7),
    "mouth_shift": ("normal", 0.5, 0.7),
    "smirk": ("normal", 0.5, 0.7),
    "brow_cock": ("normal", 0.4, 0.7),
    # skin, brows, eyes
    "melanin": ("uniform", 2.2, 1.0),
    "undertone": ("normal", 0.5, 1.0),
    "blush": ("uniform", 0.6, 1.0),
    "gloss": ("uniform", 0.4, 1.0),
    "freckles": ("rare", 0.6, 0.6),
    "lip_colour": ("uniform", 0.6, 1.0),
    "lip_hue": ("normal", 0.3, 1.0),
    "eye_shadow": ("uniform", 0.5, 1.0),
    "lashes": ("uniform", 0.5, 1.0),
    "brow_thickness": ("uniform", 0.9, 0.75),
    "brow_height": ("normal", 0.6, 0.75),
    "brow_arch": ("normal", 0.4, 0.75),
    "brow_colour": ("uniform", 0.5, 1.0),
    "iris": ("uniform", 0.7, 1.0),
    "iris_size": ("normal", 0.4, 0.75),
    # build
    "age": ("uniform", 1.9, 0.75),
    "femininity": ("normal", 1.8, 0.75),
    "weight": ("normal", 1.2, 0.75),
    # hair
    "hair_colour": ("uniform", 1.8, 1.0),
    "hair_red": ("normal", 0.5, 1.0),
    "dye": ("rare", 1.5, 0.6),
    "dye_hue": ("normal", 0.5, 1.0),
    "hair_length": ("uniform", 2.2, 0.55),
    "hair_volume": ("uniform", 1.2, 0.55),
    "hair_sides": ("uniform", 1.0, 0.55),
    "fringe": ("uniform", 1.5, 0.55),
    "fringe_side": ("normal", 0.8, 0.55),
    "parting": ("normal", 0.9, 0.55),
    "swept": ("normal", 0.8, 0.55),
    "hairline": ("normal", 0.9, 0.55),
    "receding": ("rare", 1.1, 0.6),
    "bald": ("rare", 2.2, 0.6),
    "curl": ("normal", 1.1, 0.55),
    "afro": ("rare", 2.4, 0.6),
    "quiff": ("positive", 1.0, 0.55),
    "bun": ("rare", 1.4, 0.6),
    "braids": ("rare", 1.4, 0.6),
    "flare": ("normal", 0.5, 0.55),
    "locks": ("uniform", 0.7, 0.55),
    "beard": ("positive", 1.2, 0.55),
    "beard_length": ("uniform", 0.8, 0.55),
    "beard_cover": ("uniform", 0.7, 0.55),
    "moustache": ("positive", 0.8, 0.55),
    # worn
    "glasses": ("rare", 1.6, 0.75),
    "glasses_shape": ("uniform", 0.5, 0.6),
    "glasses_colour": ("normal", 0.4, 1.0),
    "hat": ("rare", 2.6, 0.6),
    "hat_style": ("uniform", 0.8, 0.6),
    "earrings": ("rare", 0.6, 0.6),
    "earring_style": ("uniform", 0.3, 0.6),
    "cloth_style": ("uniform", 0.8, 0.6),
    "cloth_light": ("uniform", 1.1, 1.0),
    "cloth_a": ("normal", 0.6, 1.0),
    "cloth_b": ("normal", 0.7, 1.0),
    "accent": ("normal", 0.5, 1.0),
    # pose
    "yaw": ("normal", 3.0, 0.5),
    "pitch": ("normal", 2.2, 0.5),
    "roll": ("normal", 1.0, 0.5),
    "gaze_x": ("normal", 0.6, 1.0),
    "gaze_y": ("normal", 0.5, 1.0),
    # light
    "key_azimuth": ("normal", 1.8, 0.6),
    "key_elevation": ("normal", 0.9, 0.6),
    "light_side": ("share", 1.6, 0.6),
    "light_rim": ("share", 1.6, 0.6),
    "light_glow": ("share", 1.4, 0.6),
    "exposure": ("normal", 1.0, 1.0),
    "warmth": ("normal", 0.7, 1.0),
    "rim_hue": ("normal", 0.6, 0.6),
    # surroundings
    "background": ("normal", 2.2, 1.0),
    "background_a": ("normal", 1.8, 1.0),
    "background_b": ("normal", 1.8, 1.0),
    "background_slope": ("normal", 0.7, 0.6),
}

#: What leans on what, as in life: (parameter, on which, how far against its own chance of 1).
LEANINGS = (
    ("hair_length", "femininity", 1.0),
    ("beard", "femininity", -1.4),
    ("moustache", "femininity", -1.3),
    ("lip_colour", "femininity", 0.7),
    ("eye_shadow", "femininity", 0.7),
    ("lashes", "femininity", 1.0),
    ("brow_thickness", "femininity", -0.6),
    ("receding", "femininity", -1.3),
    ("bald", "femininity", -1.2),
    ("bun", "femininity", 0.8),
    ("braids", "femininity", 0.9),
    ("earrings", "femininity", 0.9),
    ("fringe", "femininity", 0.3),
    ("quiff", "femininity", -0.5),
    ("receding", "age", 0.6),
    ("bald", "age", 0.5),
    ("afro", "melanin", 0.8),
    ("curl", "melanin", 0.6),
    ("freckles", "melanin", -0.6),
)
