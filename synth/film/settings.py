"""What a film is made with: its file, how it is rendered, and who scores it.

The constructors are the settings of configs/, of Python and of every other way in.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from synth.devices import choose_device
from synth.faces.face import Face, FaceSource, find_own_fps
from synth.faces.observers import FaceObserver, fetch_models
from synth.film.marks.settings import UNMARKED, MarkSettings
from synth.generators.acceleration import check_options
from synth.generators.base import NoiseMode
from synth.judging.emotion_scoring import EmotionScorer
from synth.resizing import check_size
from synth.scores.scorecard import check_face_stride
from synth.video.encoders import Encoding, check_encoding
from synth.video.sound import check_sound

#: Frames a second of films whose face has no rate of its own; of others by their suffix.
USUAL_FPS, USUAL_FPS_OF = 30, {".gif": 25}


def find_usual_fps(file: str) -> int:
    """Frames a second of a film in a file of that name, where nobody wants others."""
    return USUAL_FPS_OF.get(Path(file).suffix.lower(), USUAL_FPS)


@dataclass(frozen=True)
class RenderSettings:
    """How frames are computed.

    device: auto, cpu, cuda, cuda:1 ... precision: auto, fp32, bf16, fp16. compile: auto, on, off.
    batch_size: frames at once; None: by resolution and device. noise: const, none, random.
    Raises ValueError for settings that cannot be met.
    """

    device: str = "auto"
    precision: str = "auto"
    compile: str = "auto"
    batch_size: int | None = None
    noise: NoiseMode = "const"
    noise_seed: int | None = 0

    def __post_init__(self) -> None:
        check_options(self.precision, self.compile)
        if self.batch_size is not None and self.batch_size < 1:
            raise ValueError(
                f"needs a batch of at least 1 frame; got batch_size={self.batch_size}; try 1"
            )
        if self.noise not in ("const", "none", "random"):
            raise ValueError(f"needs noise const, none or random; got {self.noise!r}; try const")


@dataclass(frozen=True)
class ScoreSettings:
    """Who looks for faces in the finished film (None: nobody), and in every n-th frame.

    emotions: who sees in these frames whether emotions are shown as they were told (None: nobody).
    Raises ValueError for a stride below 1.
    """

    observer: FaceObserver | None = None
    face_stride: int = 1
    emotions: EmotionScorer | None = None

    def __post_init__(self) -> None:
        check_face_stride(self.face_stride)


@dataclass(frozen=True)
class FilmSettings:
    """The film's file and how it is made.

    file: name in the film's folder; its suffix chooses the kind: .mp4, .webm, .gif, none for a
    folder of PNG. fps: frames a second; None: those of a face that acts by itself, such as a person
    in a clip, else 30 (GIF: 25). crf: quality, 0 best. gop: frames between key frames;
    None: one second. codec: None for the kind's own. size_px: longer side; None: as rendered.
    marked: say in the metadata that the film is generated, and give it its marks; False: nothing
    says so. marks: which marks. sound: a file whose sound it gets;
    None: that of the motion, if it has one. resume: go on with what a run that did not come to its
    end has left in the folder, and keep what is there of the same film; else begin again.
    config: text to keep as config.yaml, for whoever wants to know later how the film was made.
    Raises ValueError for settings that cannot be met.
    """

    fps: float | int | None = None
    file: str = "video.mp4"
    crf: int = 18
    gop: int | None = None
    codec: str | None = None
    size_px: int | None = None
    marked: bool = True
    sound: str | None = None
    resume: bool = True
    config: str = ""
    render: RenderSettings = field(default_factory=RenderSettings)
    score: ScoreSettings = field(default_factory=ScoreSettings)
    marks: MarkSettings = field(default_factory=MarkSettings)

    def __post_init__(self) -> None:
        name = Path(self.file)
        if not self.file or name.name != self.file:
            raise ValueError(
                f"needs a file's name without folders; got file={self.file!r}; try video.mp4"
            )
        check_encoding(name, self.describe_encoding())
        if self.size_px is not None:
            check_size(self.size_px)

    @property
    def rate(self) -> float | int:
        """Frames a second; the usual ones where they are left open."""
        return find_usual_fps(self.file) if self.fps is None else self.fps

    def settle_rate(self, face: Face | FaceSource) -> FilmSettings:
        """These settings with the rate of this face's film, where that was left open."""
        if self.fps is not None:
            return self
        own = find_own_fps(face)
        return replace(self, fps=self.rate if own is None else own)

    @property
    def wanted_marks(self) -> MarkSettings:
        """The marks that the film gets: none where it is not to be marked at all."""
        return self.marks if self.marked else UNMARKED

    def describe_encoding(self, made_by: str | None = None) -> Encoding:
        """What the encoder is told."""
        return Encoding(self.rate, self.crf, self.gop, self.codec, self.marked, made_by)

    def check(self) -> None:
        """What can be wrong before any work: raises ValueError or OSError.

        The device, the sound, and the models of who scores.
        """
        choose_device(self.render.device)
        self.wanted_marks.check()
        if self.sound is not None:
            check_sound(self.file, self.sound)
        fetch_models(self.score.observer, self.score.emotions)
