"""What an observer saw is kept, so that a run that was killed while scoring does not look again.

In: an observer and a folder. Out: an observer of the same answers, which writes each into the
folder under the hash of the frames that it was asked about. Looking for faces takes far longer
than hashing frames. The folder may go at any time.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from synth.faces.observers import FaceObservations, FaceObserver
from synth.storage.arrays import load_arrays
from synth.storage.atomic import write_atomically
from synth.types import Frames


class KeptObservations:
    """A FaceObserver that asks `observer` only about frames that `folder` has no answer to."""

    def __init__(self, observer: FaceObserver, folder: Path) -> None:
        self._observer, self._folder = observer, folder
        #: Nobody else looks.
        self.name = observer.name

    def observe(self, frames: Frames) -> FaceObservations:
        """As the observer would; what cannot be read is looked at again."""
        path = self._folder / f"{self._hash(frames)}.npz"
        if path.is_file():
            try:
                kept = load_arrays(path)
                return FaceObservations(kept["embeddings"], kept["landmarks"])
            except (OSError, ValueError, KeyError):
                pass
        seen = self._observer.observe(frames)
        with write_atomically(path) as temporary:
            np.savez(temporary, embeddings=seen.embeddings, landmarks=seen.landmarks)
        return seen

    def _hash(self, frames: Frames) -> str:
        digest = hashlib.sha256(f"{self._observer.name} {frames.shape}".encode())
        digest.update(np.ascontiguousarray(frames).data)
        return digest.hexdigest()
