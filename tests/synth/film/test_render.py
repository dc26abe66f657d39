from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from synth.film.rendering import choose_batch_size, render_frames
from synth.types import to_frames
from synth.video.writing import write_video


@dataclass
class GreyGenerator:
    """A picture as bright as the first number of its W+; remembers the batches it was given."""

    resolution: int = 16
    z_dim: int = 4
    w_dim: int = 4
    num_layers: int = 2
    name: str = "grey"
    sha256: str = "0" * 64
    batches: list = field(default_factory=list)
    broken_from: int = 10**9

    def mapping(self, z, class_weights=None, truncation_psi=1.0, truncation_cutoff=None):
        return z[:, None, :].expand(-1, self.num_layers, -1)

    def synthesis(self, w_plus, noise_mode="const", noise_seed=None):
        self.batches.append((len(w_plus), noise_mode, torch.is_grad_enabled()))
        if len(self.batches) >= self.broken_from:
            w_plus = w_plus * float("nan")
        grey = w_plus[:, 0, 0].float()[:, None, None, None]
        return grey.expand(-1, 3, self.resolution, self.resolution)


@dataclass
class RampPath:
    """From -1 to 1 within the duration."""

    duration_s: float
    closed: bool = False
    asked: list = field(default_factory=list)

    def __call__(self, times_s):
        self.asked.append(len(times_s))
        share = times_s.float() / max(self.duration_s, 1e-9) * 2 - 1
        return share[:, None, None].expand(-1, 2, 4)


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
@pytest.mark.parametrize("closed", [False, True])
def test_chunks_join_to_the_path_whatever_their_size(batch_size, closed):
    generator = GreyGenerator()
    path = RampPath(2.0, closed)
    frames = np.concatenate(
        list(render_frames(generator, path, 5.0, batch_size, show_progress=False))
    )
    count = 10 if closed else 11
    assert frames.shape == (count, 16, 16, 3)
    expected = to_frames(torch.linspace(-1, 1, 11)[:count, None, None, None].expand(-1, 3, 1, 1))
    assert np.array_equal(frames[:, 8, 8], expected[:, 0, 0])
    # One shape only for a compiled generator, no gradients, the noise of still pictures.
    assert set(generator.batches) == {(min(batch_size, count), "const", False)}


def test_a_moment_is_one_frame():
    frames = list(render_frames(GreyGenerator(), RampPath(0.0), 25.0, show_progress=False))
    assert [chunk.shape for chunk in frames] == [(1, 16, 16, 3)]


def test_rendering_is_lazy_and_leaves_gradients_to_the_caller():
    generator = GreyGenerator()
    chunks = render_frames(generator, RampPath(1000.0), 25.0, 4, show_progress=False)
    assert generator.batches == []
    next(chunks)
    assert len(generator.batches) == 1
    assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()
    chunks.close()


def test_memory_does_not_grow_with_length(tmp_path):
    import tracemalloc

    peaks = []
    for duration_s in (1.0, 8.0):
        generator, path = GreyGenerator(resolution=64), RampPath(duration_s)
        tracemalloc.start()
        frames = render_frames(generator, path, 20.0, 4, show_progress=False)
        facts = write_video(tmp_path / "a.mp4", frames, fps=20.0)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert facts.frame_count == duration_s * 20 + 1
        assert max(path.asked) <= 4
    assert peaks[1] < 1.3 * peaks[0] + 100_000


def test_progress_counts_every_frame(capsys, monkeypatch):
    import synth.film.rendering

    seen = []

    class Recorder:
        def __init__(self, total, **options):
            seen.append(total)

        def __enter__(self):
            return self

        def __exit__(self, *reason):
            return None

        def update(self, count):
            seen.append(count)

    monkeypatch.setattr(synth.film.rendering, "tqdm", Recorder)
    list(render_frames(GreyGenerator(), RampPath(1.0), 9.0, 4))
    assert seen == [10, 4, 4, 2]


@pytest.mark.parametrize(
    ("resolution", "device", "batch"),
    [(1024, "cpu", 1), (256, "cpu", 4), (16, "cpu", 32), (1024, "cuda", 8), (64, "cuda", 32)],
)
def test_batch_size_follows_resolution(resolution, device, batch):
    assert choose_batch_size(resolution, torch.device(device)) == batch


def test_bad_input_is_named(tmp_path):
    with pytest.raises(ValueError, match="batch_size=0"):
        next(render_frames(GreyGenerator(), RampPath(1.0), 25.0, 0, show_progress=False))
    with pytest.raises(ValueError, match="NaN"):
        broken = GreyGenerator(broken_from=3)
        frames = render_frames(broken, RampPath(1.0), 25.0, 4, show_progress=False)
        write_video(tmp_path / "a.mp4", frames)
    assert list(tmp_path.iterdir()) == []
