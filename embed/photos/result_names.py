"""Names of the files of an inverted photo, and of the folder that holds all results of a run."""

from __future__ import annotations

RESULTS = "photos"

LATENTS = "latents.npz"
CROP = "crop.png"
RECONSTRUCTION = "reconstruction.png"
SIDE_BY_SIDE = "side_by_side.png"
LOSS_CURVE = "loss.png"
REPORT = "report.json"
TUNING = "tuning.safetensors"
FILM = "optimisation.mp4"
