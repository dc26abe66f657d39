"""A film of crops becomes latents, resumable, and its motion another face's video."""

import sys

import numpy as np
import pytest
import torch

from scripts import invert_video
from synth.faces.latents import load_latents
from synth.generators import load_generator
from synth.types import to_frames
from synth.video.writing import Encoding, probe_video, write_video


@pytest.fixture
def film(tmp_path, tiny_generator):
    generator = load_generator(tiny_generator)
    z = torch.randn(2, generator.z_dim, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        a, b = generator.mapping(z)
        rows = torch.stack([a.lerp(b, share) for share in (0.0, 0.1, 0.2, 0.3)])
        frames = to_frames(generator.synthesis(rows))
    write_video(tmp_path / "film.mp4", [frames], Encoding(fps=10))
    return tmp_path / "film.mp4"


@pytest.fixture
def invert(film, tmp_path, tiny_generator, monkeypatch, capsys):
    given = ["generator=file", f"generator.path={tiny_generator}", f"path={film}", "name=film"]
    given += [f"paths.outputs={tmp_path / 'outputs'}", "inversion.finder=null", "next_steps=2"]
    given += ["inversion.observer=null", "inversion.settings.steps=3", "inversion.device=cpu"]
    given += ["inversion.settings.budget_s=null", "inversion.settings.precision=fp32"]

    def call(*overrides: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["invert_video", *given, *overrides])
        try:
            invert_video.main()
        except SystemExit as stop:
            return int(stop.code or 0), capsys.readouterr().err
        return 0, capsys.readouterr().err

    return call


def test_a_films_latents_go_on_where_they_stopped_and_move_another_face(
    invert, film, tmp_path, tiny_generator, run
):
    assert invert()[0] == 0
    folder, generator = tmp_path / "outputs" / "film", load_generator(tiny_generator)
    latents = load_latents(folder / "latents.npz", generator)
    with np.load(folder / "latents.npz") as content:
        assert content["times_s"] == pytest.approx([0, 0.1, 0.2, 0.3])
        assert content["losses"].shape == (4,)
    facts = probe_video(folder / "side_by_side.mp4")
    assert (facts.frame_count, facts.width_px, facts.height_px) == (4, 64, 32)

    # Two frames are lost: they are found again, and are the same.
    for name in ("000002", "000003"):
        (folder / "frames" / f"{name}.npz").unlink()
    kept = (folder / "frames" / "000001.npz").stat().st_mtime_ns
    assert invert()[0] == 0
    assert (folder / "frames" / "000001.npz").stat().st_mtime_ns == kept
    assert torch.equal(load_latents(folder / "latents.npz", generator), latents)
    assert invert("every=2")[0] == 1

    run.base = [entry for entry in run.base if not entry.startswith("track.")]
    code, said = run(
        "motion=copied", f"motion.latents={folder / 'latents.npz'}", "mask=pose", "mask.dim_stop=8"
    )
    assert code == 0, said
    assert probe_video(run.folder / "video.mp4").frame_count == 3  # 0.3 s at 8 frames a second
    moved = load_latents(run.folder / "latents.npz", generator)
    assert torch.equal(moved[1], moved[0])
    assert torch.equal(moved[1:, 5:], moved[:1, 5:].expand(4, -1, -1))
    assert not torch.equal(moved[4, :5, :8], moved[0, :5, :8])


def test_a_film_that_is_none_ends_with_one_line(invert, tmp_path):
    (tmp_path / "no.mp4").write_text("no film")
    code, said = invert(f"path={tmp_path / 'no.mp4'}")
    assert code == 1 and "needs a readable video" in said and "Traceback" not in said
