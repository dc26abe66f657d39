"""A film out of a few pictures of one thing in other places (Moving MNIST's digits, a face).

    1. Each picture becomes a latent (`PictureProjector`).
    2. Principal axes keep most of what differs between the latents; the rest counts as noise.
    3. A polynomial of least squares, usually a line, is laid through them over time.
    4. It is sampled evenly; each frame may take a few steps up a critic's score.

The face of the film is that of the pictures: the scene's own gives the generator only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from synth.faces.face import Face
from synth.generators.capabilities import need_differentiable
from synth.motion.base import Moment, Plan, Scene
from synth.motion.paths import LatentPath, check_seconds
from synth.motion.pictures.critic_correction import (
    CorrectedFrames,
    CorrectedPath,
    CriticCorrection,
    check_critic,
)
from synth.motion.pictures.latent_polynomial import LatentPolynomial, check_order, fit_polynomial
from synth.motion.pictures.principal_axes import check_kept, fit_principal_axes
from synth.motion.pictures.projector import PictureProjector
from synth.types import WPlus

#: More are a video: `scripts.invert_video` and motion=copied follow those, frame by frame.
MOST_PICTURES = 100


@dataclass(frozen=True)
class PicturesMotion:
    """A Motion: the film goes past the pictures in `paths`, in their order.

    projector: turns files into latents. duration: seconds from the first picture to the last.
    times: of each picture, in any unit, rising; None: even. order: of the polynomial, 1 to 3.
    variance: the share of the latents' variance that principal axes keep; axes: how many to keep
    instead. correction: up a critic's score, where one is given.
    Raises ValueError for settings that make no sense.
    """

    paths: list[str]
    projector: PictureProjector
    duration: float | int = 2.0
    times: Sequence[float | int] | None = None
    order: int = 1
    variance: float | int = 0.95
    axes: int | None = None
    correction: CriticCorrection = field(default_factory=CriticCorrection)

    def __post_init__(self) -> None:
        count = len(self.paths)
        if not 2 <= count <= MOST_PICTURES:
            raise ValueError(
                f"needs 2 to {MOST_PICTURES} pictures for motion.paths; got {count}; try "
                "'motion.paths=[a.jpg,b.jpg,c.jpg]'"
                + ("; for a whole film motion=copied" if count > MOST_PICTURES else "")
            )
        check_seconds("duration", self.duration)
        if self.duration == 0:
            raise ValueError("needs a duration above 0 s; got 0; try 2")
        self._find_times_s()
        check_order(self.order, count)
        check_kept(count, self.variance, self.axes)

    def check(self, scene: Scene) -> None:
        """Every picture and the critic: raises ValueError or OSError naming the file."""
        self.correction.load_critic()
        self.projector.check(self.paths, scene.report)

    def plan(self, face: Face, scene: Scene) -> Plan:
        """The way past the pictures. Raises ValueError or OSError naming what is wrong."""
        generator = face.generator
        critic = self.correction.load_critic()
        if critic is not None:
            check_critic(critic, generator.resolution)
        w_plus = self.projector.project(self.paths, generator, scene.report)
        times_s = self._find_times_s()
        line = self.lay_path(w_plus)
        record = self._describe(line, w_plus)
        moments = list_moments(times_s, [Path(path).name for path in self.paths])
        shows = f"{len(self.paths)} pictures"
        if critic is None:
            return Plan(line, moments, record, shows=shows)
        if self.correction.place == "pictures":
            touch = CorrectedFrames(critic, self.correction)
            return Plan(line, moments, record, touch, shows=shows)
        own = need_differentiable(generator, "to correct latents by a critic")
        path: LatentPath = CorrectedPath(line, own, critic, self.correction)
        return Plan(path, moments, record, shows=shows)

    def lay_path(self, w_plus: WPlus) -> LatentPolynomial:
        """The polynomial through latents [picture, layer, w_dim] of the pictures.

        Raises ValueError when they are all alike.
        """
        vectors = w_plus.reshape(len(w_plus), -1).double().numpy()
        axes = fit_principal_axes(vectors, float(self.variance), self.axes)
        coefficients = fit_polynomial(self._find_times_s(), axes.reduce(vectors), self.order)
        shape = (w_plus.shape[1], w_plus.shape[2])
        return LatentPolynomial(coefficients, axes, shape, float(self.duration))

    def _find_times_s(self) -> np.ndarray:
        """Seconds of each picture; the first is 0, the last the duration."""
        if self.times is None:
            return np.linspace(0, float(self.duration), len(self.paths))
        times = [float(time) for time in self.times]
        rising = all(b > a for a, b in pairwise(times)) and np.isfinite(times).all()
        if len(times) != len(self.paths) or not rising:
            raise ValueError(
                f"needs {len(self.paths)} rising times, one for each picture; got "
                f"{str(times)[:80]}; try times=null for even ones"
            )
        found = np.array(times) - times[0]
        return found * (float(self.duration) / found[-1])

    def _describe(self, line: LatentPolynomial, w_plus: WPlus) -> dict[str, object]:
        """What was planned, and how far the path passes from the pictures' latents."""
        times_s = self._find_times_s()
        passed = line(torch.from_numpy(times_s))
        apart = (passed - w_plus).square().mean((1, 2)).sqrt()
        return {
            "pictures": {
                "paths": [Path(path).name for path in self.paths],
                "times_s": [round(float(time), 6) for time in times_s],
                "duration": float(self.duration),
                "order": self.order,
                "axes": len(line.axes.axes),
                "variance_kept": round(line.axes.kept, 6),
                "passes_by": [round(float(x), 6) for x in apart],
                "correction": asdict(self.correction),
            }
        }


def list_moments(times_s: np.ndarray, labels: Sequence[str]) -> tuple[Moment, ...]:
    """The time of each picture, and between two of them the middle."""
    found = [Moment(float(times_s[0]), labels[0])]
    for k, label in enumerate(labels[1:], 1):
        found.append(Moment(float(times_s[k - 1] + times_s[k]) / 2, "between"))
        found.append(Moment(float(times_s[k]), label))
    return tuple(found)
