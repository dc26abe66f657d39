import numpy as np
import pytest
import torch
from film_samples import GreyGenerator, RampPath

from synth.film.rendering import choose_batch_size, render_frames
from synth.film.settings import RenderSettings
from synth.types import to_frames
from synth.video.encoders import Encoding
from synth.video.writing import write_video

FOUR = RenderSettings(batch_size=4)


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
@pytest.mark.parametrize("closed", [False, True])
def test_chunks_join_to_the_path_whatever_their_size(batch_size, closed):
    generator = GreyGenerator()
    path = RampPath(2.0, closed)
    frames = np.concatenate(
        list(render_frames(generator, path, 5.0, RenderSettings(batch_size=batch_size)))
    )
    count = 10 if closed else 11
    assert frames.shape == (count, 16, 16, 3)
    expected = to_frames(torch.linspace(-1, 1, 11)[:count, None, None, None].expand(-1, 3, 1, 1))
    assert np.array_equal(frames[:, 8, 8], expected[:, 0, 0])
    # One shape only for a compiled generator, no gradients, the noise of still pictures.
    assert set(generator.batches) == {(min(batch_size, count), "const", False)}


def test_a_moment_is_one_frame():
    frames = list(render_frames(GreyGenerator(), RampPath(0.0), 25.0))
    assert [chunk.shape for chunk in frames] == [(1, 16, 16, 3)]


def test_rendering_is_lazy_and_leaves_gradients_to_the_caller():
    generator = GreyGenerator()
    chunks = render_frames(generator, RampPath(1000.0), 25.0, FOUR)
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
        frames = render_frames(generator, path, 20.0, FOUR)
        facts = write_video(tmp_path / "a.mp4", frames, Encoding(20.0))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert facts.frame_count == duration_s * 20 + 1
        assert max(path.asked) <= 4
    assert peaks[1] < 1.3 * peaks[0] + 100_000


def test_progress_counts_every_frame():
    told = []
    list(render_frames(GreyGenerator(), RampPath(1.0), 9.0, FOUR, report=told.append))
    assert [(p.done, p.total) for p in told] == [(0, 10), (4, 10), (8, 10), (10, 10)]


def test_stages_change_frames_in_turn_and_know_the_times():
    seen = []

    def note(frames, times_s):
        seen.extend(times_s.tolist())
        return frames + 1

    def double(frames, times_s):
        return np.concatenate([frames, frames], 2)

    path = RampPath(1.0)
    plain = np.concatenate(list(render_frames(GreyGenerator(), path, 9.0, FOUR)))
    stages = (note, double)
    changed = np.concatenate(list(render_frames(GreyGenerator(), path, 9.0, FOUR, stages)))
    assert np.array_equal(changed, np.concatenate([plain + 1, plain + 1], 2))
    assert seen == pytest.approx([k / 9 for k in range(10)])


@pytest.mark.parametrize(
    ("resolution", "device", "batch"),
    [(1024, "cpu", 1), (256, "cpu", 4), (16, "cpu", 32), (1024, "cuda", 8), (64, "cuda", 32)],
)
def test_batch_size_follows_resolution(resolution, device, batch):
    assert choose_batch_size(resolution, torch.device(device)) == batch


def test_bad_input_is_named(tmp_path):
    with pytest.raises(ValueError, match="batch_size=0"):
        RenderSettings(batch_size=0)
    with pytest.raises(ValueError, match="NaN"):
        broken = GreyGenerator(broken_from=3)
        frames = render_frames(broken, RampPath(1.0), 25.0, FOUR)
        write_video(tmp_path / "a.mp4", frames)
    assert list(tmp_path.iterdir()) == []
