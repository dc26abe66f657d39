"""Footage that cannot be followed is one clear error."""

from dataclasses import replace

import av
import pytest
from footage_clips import SCENES, SceneClassifier, draw_still
from footage_motion_samples import SMALL, Faces, make_network
from footage_samples import write_clip

from synth.faces.face import Face
from synth.generators.stylegan2 import StyleGAN2
from synth.motion.base import Scene
from synth.motion.direction_sets import load_directions_for
from synth.motion.footage.latents import LatentSettings
from synth.motion.footage.motion import ActingSettings, ClassSettings, FootageMotion


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"path": "nowhere.mp4"}, "nowhere.mp4"),
        ({"classes": ClassSettings("emotions")}, "draws faces for classes .* draws things of 1000"),
        ({"classes": ClassSettings("none")}, "takes none of its 1000 classes from the clip"),
        ({"things": None}, "needs somebody who tells things in a clip"),
        ({"things": SceneClassifier(3)}, "the 3 classes that scenes tells; got small with 1000"),
    ],
)
def test_what_cannot_be_followed_is_one_clear_error(clips, change, message):
    motion = FootageMotion(str(clips["still"]), things=SceneClassifier(1000))
    with pytest.raises((ValueError, OSError), match=message):
        replace(motion, **change).plan(Face.random(make_network()), Scene(25))


def test_clips_that_show_nothing_are_refused_early(tmp_path):
    one = write_clip(tmp_path / "one.mp4", draw_still(0, 1))
    with pytest.raises(ValueError, match=r"one\.mp4: needs a clip of at least 2 frames"):
        FootageMotion(str(one)).check(Scene())
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(ValueError, match=r"text\.mp4"):
        FootageMotion(str(tmp_path / "text.mp4")).check(Scene())
    heard = write_clip(tmp_path / "sound.mp4", draw_still(0, 2), audio_s=0.5)
    with av.open(str(heard)) as source, av.open(str(tmp_path / "only.m4a"), "w") as out:
        stream = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    with pytest.raises(ValueError, match=r"only\.m4a"):
        FootageMotion(str(tmp_path / "only.m4a")).check(Scene())


def test_classes_that_are_others_are_told(clips):
    network = make_network(StyleGAN2, replace(SMALL, c_dim=3))
    with pytest.raises(ValueError, match=r"whose classes are the emotions .* with 3 others"):
        FootageMotion(str(clips["still"]), emotions=Faces()).plan(Face.random(network), Scene())
    with pytest.raises(ValueError, match=r"with the 1000 classes .* got small with 3"):
        FootageMotion(
            str(clips["still"]), ClassSettings("things"), things=SceneClassifier(1000)
        ).plan(Face.random(network), Scene())


def test_a_biggan_asked_for_directions_is_told_so():
    with pytest.raises(ValueError, match=r"draws faces for emotion directions; got small, which"):
        load_directions_for(make_network())


@pytest.mark.parametrize(
    "settings",
    [
        lambda: LatentSettings("frames"),
        lambda: LatentSettings(seed=-1),
        lambda: LatentSettings(smoothing_s=-1),
        lambda: LatentSettings(update=0.5),
        lambda: ClassSettings("thing"),
        lambda: ClassSettings(vote_frames=0),
        lambda: ActingSettings(away=1.5),
    ],
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match="needs"):
        settings()


def test_scenes_are_told_apart():
    assert len({scene.tobytes() for scene in SCENES}) == 3
