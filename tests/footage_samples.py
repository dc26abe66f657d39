"""Stand-ins for cutters and scorers, and short clips, for tests of footage."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from synth.faces.face_cutting import FaceCut

WIDTH, HEIGHT = 160, 96
FACE_PX = 32
#: Grey levels of drawn faces, one for each emotion; the scorer reads them back.
LEVELS = (60, 85, 110, 135, 160, 185, 210)
BACKGROUND = 20


class SquareCutter:
    """Faces are bright squares on a dark ground."""

    name = "squares"

    def __init__(self):
        self.searches = 0
        self.local = 0

    def cut_faces(self, picture, near=()):
        self.searches, self.local = self.searches + (not near), self.local + bool(near)
        bright = picture[..., 1] > BACKGROUND + 20
        found = []
        for left in range(0, picture.shape[1] - FACE_PX + 1, FACE_PX // 2):
            part = bright[:, left : left + FACE_PX]
            rows = np.flatnonzero(part.mean(1) > 0.9)
            if len(rows) >= FACE_PX - 4:
                top = int(rows[0])
                box = np.array([left, top, left + FACE_PX, top + len(rows)], float)
                level = np.median(picture[rows][:, left + 8 : left + 24])
                found.append(FaceCut(box, np.full((16, 16, 3), level, np.uint8)))
        return sorted(found, key=lambda one: -float(np.prod(one.box[2:] - one.box[:2])))


class LevelScorer:
    """Reads the emotion off a crop's grey level, sure of itself."""

    name = "levels"

    def score(self, faces):
        levels = faces.reshape(len(faces), -1).astype(float).mean(1)
        odds = np.full((len(faces), 7), 0.02)
        odds[np.arange(len(faces)), np.abs(levels[:, None] - LEVELS).argmin(1)] = 0.88
        return odds


def draw_frame(faces, ground=BACKGROUND):
    """`faces`: (left, emotion) pairs; left in pixels, a multiple of half a face."""
    frame = np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
    for left, emotion in faces:
        frame[24 : 24 + FACE_PX, left : left + FACE_PX] = LEVELS[emotion]
    return frame


def write_clip(
    path: Path, frames, fps=25, times_s=None, rotation=None, audio_s=0.0, options=None
) -> Path:
    """H.264 in mp4; `times_s` gives every frame its own time; a tone of `audio_s` seconds."""
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=fps)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "12", "preset": "ultrafast", **(options or {})}
        stream.codec_context.time_base = Fraction(1, 1000)
        sound = out.add_stream("aac", rate=48000, layout="mono") if audio_s else None
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), "rgb24")
            time_s = number / fps if times_s is None else times_s[number]
            picture.pts, picture.time_base = round(time_s * 1000), Fraction(1, 1000)
            out.mux(stream.encode(picture))
        out.mux(stream.encode())
        if sound is not None:
            wave = np.sin(np.arange(int(audio_s * 48000)) * 2 * np.pi * 440 / 48000) * 0.3
            tone = av.AudioFrame.from_ndarray(wave[None].astype(np.float32), "fltp", "mono")
            tone.sample_rate, tone.pts = 48000, 0
            out.mux(sound.encode(tone))
            out.mux(sound.encode())
    return path
