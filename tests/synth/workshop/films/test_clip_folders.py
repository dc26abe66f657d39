"""Folders of clips as UCF-101, Weizmann and MUG lay them out, made here."""

import cv2
import numpy as np
import pytest

from synth.workshop.films.clip_folders import find_clips, load_clips

WIDTH, HEIGHT = 48, 32


def make_frames(count, red=200):
    """Grey that grows from frame to frame in the middle square; black beside it."""
    frames = np.zeros((count, HEIGHT, WIDTH, 3), np.uint8)
    for k, frame in enumerate(frames):
        frame[:, 8:40] = (red, 20 + 10 * k, 20 + 10 * k)
    return frames


def write_film(path, count, red=200):
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (WIDTH, HEIGHT))
    for frame in make_frames(count, red):
        writer.write(frame[..., ::-1])
    writer.release()


def write_pictures(folder, count):
    folder.mkdir(parents=True)
    for k, frame in enumerate(make_frames(count)):
        cv2.imwrite(str(folder / f"img_{k:04d}.jpg"), frame[..., ::-1])


def test_ucf101(tmp_path):
    write_film(tmp_path / "Typing" / "v_Typing_g01_c01.avi", 9)
    write_film(tmp_path / "Archery" / "v_Archery_g01_c01.avi", 6, red=40)
    (tmp_path / "Archery" / "readme.txt").write_text("none")
    films = load_clips(tmp_path, "ucf101", 16, 4)
    assert films.names == ("Archery", "Typing") and films.categories.tolist() == [0, 1]
    assert films.films.shape == (2, 4, 16, 16, 3)
    # The middle square and the colours; neighbours from the middle of the clip.
    assert abs(films.films[:, 0, ..., 0].mean((1, 2)) - [40, 200]).max() < 8
    green = films.films[1, ..., 1].mean((1, 2))
    assert abs(green - [40, 50, 60, 70]).max() < 8


def test_weizmann(tmp_path):
    for name in ("daria_walk", "lena_walk1", "ido_jump"):
        write_film(tmp_path / "all" / f"{name}.avi", 4)
    write_film(tmp_path / "noise.avi", 4)
    clips = find_clips(tmp_path, "weizmann")
    assert {(clip.path.stem, clip.category) for clip in clips} == {
        ("daria_walk", "walk"),
        ("lena_walk1", "walk"),
        ("ido_jump", "jump"),
    }
    assert load_clips(tmp_path, "weizmann", 16, 4).names == ("jump", "walk")


def test_mug(tmp_path):
    write_pictures(tmp_path / "subjects3" / "001" / "anger" / "take000", 10)
    write_film(tmp_path / "002" / "Surprise" / "take001.avi", 10)
    write_pictures(tmp_path / "002" / "anger" / "take000", 3)
    with pytest.warns(UserWarning, match="1 of 3 clips have fewer than 4 frames"):
        films = load_clips(tmp_path, "mug", 16, 4)
    assert films.names == ("anger", "surprise") and films.categories.tolist() == [1, 0]
    # A take is an expression: frames from its beginning to its end.
    assert abs(films.films[1, ..., 1].mean((1, 2)) - [20, 50, 80, 110]).max() < 8


def test_what_holds_no_clips_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="needs a folder of clips"):
        find_clips(tmp_path / "none", "mug")
    with pytest.raises(ValueError, match="laid out as those of ucf101"):
        find_clips(tmp_path, "ucf101")
    broken = tmp_path / "001" / "anger" / "take000"
    write_pictures(broken, 4)
    (broken / "img_0002.jpg").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"img_0002\.jpg: needs a readable picture"):
        load_clips(tmp_path, "mug", 16, 4)
    with pytest.raises(ValueError, match="shorter ones only"):
        (broken / "img_0002.jpg").unlink()
        load_clips(tmp_path, "mug", 16, 4)
