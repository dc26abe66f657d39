"""Part labels of a render, uint8."""

BACKGROUND, SKIN, HAIR, BROW, EYE_WHITE, IRIS, LIPS, TEETH, MOUTH = range(9)
CLOTH, GLASSES, HAT, EARRING, LASHES, BEARD = range(9, 15)
PART_NAMES = (
    "background", "skin", "hair", "brow", "eye white", "iris", "lips", "teeth", "tongue and mouth",
    "cloth", "glasses", "hat", "ear-ring", "lashes", "beard",
)  # fmt: skip
