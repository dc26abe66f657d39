"""A film with all its marks, from the film maker."""

import dataclasses

import numpy as np
import pytest
import torch
from film_samples import Fade
from mark_samples import make_picture

from synth.faces.face import RandomFace
from synth.film.film import make_film
from synth.film.marks.keys import load_own_root
from synth.film.marks.settings import MarkSettings
from synth.film.marks.verifying import UNCHANGED, WATERMARK, verify_file
from synth.film.settings import FilmSettings, RenderSettings
from synth.video.reading import read_frames

pytest.importorskip("c2pa")

pytestmark = pytest.mark.filterwarnings("ignore:.*has no faster form")
SETTINGS = FilmSettings(fps=6, render=RenderSettings(precision="fp32", compile="off"))


@dataclasses.dataclass
class PictureGenerator:
    """One textured picture, a little brighter with the first number of W+."""

    resolution: int = 128
    z_dim: int = 4
    w_dim: int = 4
    num_layers: int = 1
    name: str = "pictures"
    sha256: str = "0" * 64

    def mapping(self, z, class_weights=None, truncation_psi=1.0, truncation_cutoff=None):
        return truncation_psi * z[:, None, :]

    def synthesis(self, w_plus, noise_mode="const", noise_seed=None):
        picture = torch.from_numpy(make_picture(self.resolution)).permute(2, 0, 1) / 127.5 - 1
        return picture + 0.02 * torch.tanh(w_plus[:, 0, 0].float())[:, None, None, None]


def make(folder, **settings):
    chosen = dataclasses.replace(SETTINGS, **settings)
    return make_film(PictureGenerator(), RandomFace(), Fade(1.0), chosen, folder)


def verify(path):
    return verify_file(path, [load_own_root() or ""])


def test_film_and_sheet_are_signed_and_name_their_watermark(tmp_path):
    film = make(tmp_path)
    verdicts = [verify(path) for path in (film.video, film.contact_sheet)]
    assert [one.status for one in verdicts] == [UNCHANGED] * 2
    assert len({one.manifest.identifier for one in verdicts}) == 1
    content = film.video.read_bytes()
    # Kept as it is: not even signed again.
    assert make(tmp_path).is_kept and film.video.read_bytes() == content


def test_what_is_not_signed_is_the_same_each_time_and_has_the_watermark(tmp_path):
    unsigned = MarkSettings(manifest=False)
    one, other = (make(tmp_path / name, marks=unsigned) for name in "ab")
    assert one.video.read_bytes() == other.video.read_bytes()
    assert one.contact_sheet.read_bytes() == other.contact_sheet.read_bytes()
    signed = make(tmp_path / "c")
    verdict = verify(one.video)
    assert verdict.status == WATERMARK
    assert verdict.watermark.identifier == verify(signed.video).manifest.identifier
    pairs = zip(read_frames(one.video), read_frames(signed.video), strict=True)
    assert all(np.array_equal(*pair) for pair in pairs)


def test_unmarked_films_carry_nothing(tmp_path):
    bare = make(tmp_path / "bare", marked=False)
    plain = make(tmp_path / "plain", marks=MarkSettings(watermark=False, manifest=False))
    content = bare.video.read_bytes()
    assert b"c2pa" not in content and b"xmpmeta" not in content
    pairs = zip(read_frames(bare.video), read_frames(plain.video), strict=True)
    assert all(np.array_equal(*pair) for pair in pairs)


def test_each_frame_in_a_folder_is_signed(tmp_path):
    film = make(tmp_path, file="frames", marks=MarkSettings(badge="top_right"))
    frames = sorted(film.video.glob("*.png"))
    assert len(frames) > 3
    assert {verify(path).status for path in frames} == {UNCHANGED}
