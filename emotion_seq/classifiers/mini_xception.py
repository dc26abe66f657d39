"""mini-XCEPTION, trained on FER2013 (Arriaga et al. 2017): the scorer that is used by default.

The published Keras file is fetched by its card. It was trained on grey 64x64 faces, scaled to
[-1, 1], cut tightly; its classes come in another order than ours.
"""

from __future__ import annotations

from emotion_seq.classifiers.keras_scorer import FaceBox, KerasScorer
from emotion_seq.keras_backend import keras
from synth.emotions import Emotion
from synth.judging.emotion_scoring import Probabilities
from synth.storage.assets import fetch_asset
from synth.types import Frames

ASSET = "fer2013-mini-xception"
#: angry, disgust, fear, happy, sad, surprise, neutral.
CLASSES = (
    Emotion.ANGER,
    Emotion.DISGUST,
    Emotion.FEAR,
    Emotion.HAPPINESS,
    Emotion.SADNESS,
    Emotion.SURPRISE,
    Emotion.CALM,
)
#: Where a face of FER2013 lies in an FFHQ crop: of the boxes tried on renders of known emotions,
#: the one that the network reads best.
FER2013_BOX = FaceBox(left=0.22, top=0.28, side=0.56)


class MiniXception:
    """Reads the network when it first scores, so that making one costs nothing."""

    name = "mini-XCEPTION, FER2013"

    def __init__(self) -> None:
        self._scorer: KerasScorer | None = None

    def fetch_models(self) -> None:
        """Find, or download, verify and open the network."""
        if self._scorer is None:
            loaded = keras.models.load_model(fetch_asset(ASSET), compile=False)
            # As a network of one tensor, not of a list of one, of which Keras would warn.
            network = keras.Model(loaded.inputs[0], loaded.outputs[0])
            self._scorer = KerasScorer(self.name, network, FER2013_BOX, CLASSES)

    def score(self, faces: Frames) -> Probabilities:
        """uint8 RGB faces [face, n, n, 3] in FFHQ alignment -> probabilities [face, 7]."""
        self.fetch_models()
        assert self._scorer is not None
        return self._scorer.score(faces)
