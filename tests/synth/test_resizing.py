import numpy as np
import pytest

from synth.resizing import LARGEST_PX, check_size, resize_frames


@pytest.mark.parametrize("size_px", [1, 0, -4, LARGEST_PX + 1, 1_000_000])
def test_sizes_that_no_video_has_are_refused(size_px):
    with pytest.raises(ValueError, match=f"2 to {LARGEST_PX} pixels; got size_px={size_px}"):
        check_size(size_px)
    with pytest.raises(ValueError, match="pixels"):
        resize_frames(np.zeros((1, 4, 4, 3), np.uint8), size_px)
