"""The axes along which a few latents differ most; what is left out counts as noise.

In: latents as vectors [picture, number]. Out: coordinates [picture, axis] along the first principal
axes (scikit-learn's PCA), and the way back. n pictures have at most n - 1 axes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from sklearn.decomposition import PCA

Vectors = Float[np.ndarray, "picture number"]
Coordinates = Float[np.ndarray, "point axis"]
Points = Float[np.ndarray, "point number"]


@dataclass(frozen=True, eq=False)
class PrincipalAxes:
    """mean [number], axes [axis, number] of length 1; `kept` is their share of the variance."""

    mean: np.ndarray
    axes: np.ndarray
    kept: float

    def reduce(self, vectors: Vectors) -> Coordinates:
        """Vectors -> coordinates along the axes."""
        return (vectors - self.mean) @ self.axes.T

    def restore(self, coordinates: Coordinates) -> Points:
        """Coordinates -> vectors."""
        return self.mean + coordinates @ self.axes


def fit_principal_axes(
    vectors: Vectors, variance: float = 0.95, axes: int | None = None
) -> PrincipalAxes:
    """The fewest axes that keep this share of the variance, or so many of them.

    Raises ValueError for a share outside (0, 1], for more axes than there are, and for vectors
    that are all alike.
    """
    most = min(len(vectors) - 1, vectors.shape[1])
    check_kept(len(vectors), variance, axes)
    if axes is not None and axes > most:
        raise ValueError(f"needs at most {most} axes for these latents; got {axes}")
    centred = vectors - vectors.mean(0)
    if not np.abs(centred).max() > 1e-6 * max(np.abs(vectors).max(), 1e-30):
        raise ValueError(
            "needs pictures that differ; got latents that are all alike; try other pictures"
        )
    found = PCA(n_components=most, svd_solver="full").fit(vectors)
    shares = np.cumsum(found.explained_variance_ratio_)
    # A hair below the share, since the sum of all is 1 only but for rounding.
    count = axes or min(int(np.searchsorted(shares, variance - 1e-12)) + 1, most)
    return PrincipalAxes(
        found.mean_, np.asarray(found.components_)[:count], float(shares[count - 1])
    )


def check_kept(pictures: int, variance: float, axes: int | None) -> None:
    """Raise ValueError for a share or a number of axes that so many pictures cannot have."""
    if not 0 < variance <= 1:
        raise ValueError(
            f"needs a share of the variance above 0, up to 1; got variance={variance:g}; try 0.95"
        )
    if axes is not None and not 1 <= axes <= pictures - 1:
        raise ValueError(
            f"needs 1 to {pictures - 1} axes for {pictures} pictures; got axes={axes}; try "
            "axes=null, or more pictures"
        )
