import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from embed.photos.loading import TURNS, load_photo


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    """Smooth colours, not symmetric in any way [48, 64, 3]."""
    y, x = np.mgrid[0:48, 0:64]
    return np.stack([x * 4, y * 5, 255 - (x + y)], axis=2).clip(0, 255).astype(np.uint8)


def save(image: Image.Image, path, **options):
    image.save(path, **options)
    return path


def test_plain_files_come_back_as_they_are(scene, tmp_path):
    for suffix in ("png", "bmp", "tiff", "ppm"):
        found = load_photo(save(Image.fromarray(scene), tmp_path / f"a.{suffix}"))
        assert np.array_equal(found, scene)
        assert found.dtype == np.uint8 and found.flags.writeable
    jpeg = load_photo(save(Image.fromarray(scene), tmp_path / "a.jpg", quality=95))
    assert np.abs(jpeg.astype(int) - scene).mean() < 2
    webp = load_photo(save(Image.fromarray(scene), tmp_path / "a.webp", lossless=True))
    assert np.array_equal(webp, scene)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_turn_is_undone(scene, tmp_path, orientation):
    """By the standard: 2 mirrored, 3 upside down, 5-8 with rows and columns exchanged."""
    undo = {
        1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2), 6: lambda a: np.rot90(a, -1),
        7: lambda a: np.rot90(a, 2).transpose(1, 0, 2), 8: lambda a: np.rot90(a, 1),
    }  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(Image.fromarray(scene), tmp_path / "turned.png", exif=exif)
    assert np.array_equal(load_photo(path), undo[orientation](scene))
    assert (orientation in TURNS) == (orientation > 1)


def test_nonsense_in_exif_leaves_the_picture(scene, tmp_path):
    for content in (b"Exif\0\0nonsense", b"Exif\0\0II*\0\xff\xff\xff\xff"):
        path = save(Image.fromarray(scene), tmp_path / "odd.png", exif=content)
        assert np.array_equal(load_photo(path), scene)
    exif = Image.Exif()
    exif[0x0112] = 77
    path = save(Image.fromarray(scene), tmp_path / "odd.png", exif=exif)
    assert np.array_equal(load_photo(path), scene)


def test_what_is_clear_shows_the_background(scene, tmp_path):
    alpha = np.zeros((48, 64, 1), np.uint8)
    alpha[:, 20:40], alpha[:, 40:] = 128, 255
    path = save(Image.fromarray(np.concatenate([scene, alpha], axis=2)), tmp_path / "a.png")
    for background in ((255, 255, 255), (10, 200, 90)):
        found = load_photo(path, background=background)
        assert np.array_equal(found[:, 40:], scene[:, 40:])
        assert (found[:, :20] == background).all()
        half = scene[:, 20:40] * (128 / 255) + np.array(background) * (127 / 255)
        assert np.abs(found[:, 20:40] - half).max() <= 0.5 + 1e-9


def test_grey_with_alpha_and_palette_with_a_clear_colour(tmp_path):
    grey = np.full((8, 8, 2), 50, np.uint8)
    grey[..., 1] = 0
    assert (load_photo(save(Image.fromarray(grey, "LA"), tmp_path / "la.png")) == 255).all()
    palette = Image.new("P", (8, 8))
    palette.putpalette([255, 0, 0, 0, 255, 0])
    palette.putpixel((3, 5), 1)
    found = load_photo(save(palette, tmp_path / "p.png"))
    assert (found[5, 3] == (0, 255, 0)).all() and (found[0, 0] == (255, 0, 0)).all()
    found = load_photo(save(palette, tmp_path / "pt.png", transparency=0))
    assert (found[5, 3] == (0, 255, 0)).all() and (found[0, 0] == 255).all()
    found = load_photo(save(palette, tmp_path / "p.gif", transparency=0))
    assert (found[5, 3] == (0, 255, 0)).all() and (found[0, 0] == 255).all()


def test_grey_of_one_eight_and_sixteen_bits(tmp_path):
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    found = load_photo(save(Image.fromarray(levels), tmp_path / "l.png"))
    assert np.array_equal(found, np.repeat(levels[..., None], 3, axis=2))
    deep = levels.astype(np.uint16) * 257
    for name in ("deep.png", "deep.tiff"):
        found = load_photo(save(Image.fromarray(deep), tmp_path / name))
        assert np.array_equal(found[..., 1], levels), name
    bits = Image.fromarray(levels > 100)
    assert bits.mode == "1"
    found = load_photo(save(bits, tmp_path / "1.png"))
    assert np.array_equal(found[..., 2], (levels > 100) * np.uint8(255))


def make_chunk(kind: bytes, body: bytes) -> bytes:
    """A part of a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_colour_of_sixteen_bits(tmp_path):
    """Pillow writes none, so the file is made by hand."""
    deep = np.linspace(0, 65535, 16 * 16 * 3).reshape(16, 16, 3).astype(">u2")
    lines = b"".join(b"\0" + row.tobytes() for row in deep)
    header = struct.pack(">IIBBBBB", 16, 16, 16, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    data = b"\x89PNG\r\n\x1a\n" + b"".join(make_chunk(*chunk) for chunk in chunks)
    (tmp_path / "deep.png").write_bytes(data)
    found = load_photo(tmp_path / "deep.png")
    assert np.abs(found - deep.astype(float) / 257).max() <= 1


def test_other_colour_models(scene, tmp_path):
    cmyk = Image.fromarray(scene).convert("CMYK")
    for name, options in (("c.tiff", {}), ("c.jpg", {"quality": 95})):
        found = load_photo(save(cmyk, tmp_path / name, **options))
        assert np.abs(found.astype(int) - scene).mean() < 3, name
    floats = Image.fromarray(np.zeros((8, 8), np.float32))
    with pytest.raises(ValueError, match=r"f\.tiff.*levels of 8 or 16 bits"):
        load_photo(save(floats, tmp_path / "f.tiff"))


def test_a_colour_profile_is_followed_and_srgb_left_alone(scene, tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = save(Image.fromarray(scene), tmp_path / "s.png", icc_profile=profile)
    assert np.array_equal(load_photo(path), scene)
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for odd in (b"no profile", lab):
        path = save(Image.fromarray(scene), tmp_path / "o.png", icc_profile=odd)
        assert np.array_equal(load_photo(path), scene)


def make_swapped_profile() -> bytes:
    """sRGB with red and green exchanged, under another name."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    entries = {}
    for k in range(struct.unpack_from(">I", data, 128)[0]):
        place = 132 + 12 * k
        entries[bytes(data[place : place + 4])] = place + 4
    red, green = entries[b"rXYZ"], entries[b"gXYZ"]
    data[red : red + 8], data[green : green + 8] = data[green : green + 8], data[red : red + 8]
    return bytes(data).replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


def test_colours_are_converted_from_their_profile(scene, tmp_path):
    profile = make_swapped_profile()
    swapped = scene[..., [1, 0, 2]].astype(int)
    path = save(Image.fromarray(scene), tmp_path / "s.png", icc_profile=profile)
    assert np.abs(load_photo(path) - swapped).max() <= 3
    clear = np.concatenate([scene, np.full((48, 64, 1), 255, np.uint8)], axis=2)
    clear[:, :32, 3] = 0
    found = load_photo(save(Image.fromarray(clear), tmp_path / "c.png", icc_profile=profile))
    assert (found[:, :32] == 255).all()
    assert np.abs(found[:, 32:] - swapped[:, 32:]).max() <= 3


def test_the_first_picture_of_an_animation(scene, tmp_path):
    frames = [Image.fromarray(scene), Image.fromarray(255 - scene)]
    path = tmp_path / "a.webp"
    frames[0].save(path, save_all=True, append_images=frames[1:], lossless=True)
    assert np.array_equal(load_photo(path), scene)


def make_broken_files(scene) -> dict[str, bytes]:
    png, jpeg, webp = io.BytesIO(), io.BytesIO(), io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(png, "PNG")
    Image.fromarray(noise).save(jpeg, "JPEG")
    Image.fromarray(noise).save(webp, "WEBP")
    flipped = bytearray(png.getvalue())
    flipped[len(flipped) // 2] ^= 0xFF
    return {
        "empty.png": b"",
        "cut.png": png.getvalue()[: len(png.getvalue()) // 2],
        "cut.jpg": jpeg.getvalue()[: len(jpeg.getvalue()) // 2],
        "cut.webp": webp.getvalue()[: len(webp.getvalue()) // 2],
        "header_only.png": png.getvalue()[:40],
        "damaged.png": bytes(flipped),
        "text.jpg": b"this is no picture",
        "noise.png": bytes(range(256)) * 4,
        "video.mp4": b"\0\0\0\x18ftypisom" + bytes(64),
        "phone.heic": b"\0\0\0\x18ftypheic" + bytes(64),
        "drawing.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n",
    }


def test_each_broken_file_is_named_in_one_sentence(scene, tmp_path):
    for name, content in make_broken_files(scene).items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError) as caught:
            load_photo(tmp_path / name)
        message = str(caught.value)
        assert name in message and message.startswith("needs a ") and "try " in message, name
        assert "\n" not in message
    assert "HEIC" in raised(tmp_path / "phone.heic")
    assert "document" in raised(tmp_path / "drawing.eps")
    assert "empty" in raised(tmp_path / "empty.png")
    assert "folder" in raised(tmp_path)


def raised(path) -> str:
    with pytest.raises(ValueError) as caught:
        load_photo(path)
    return str(caught.value)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing at .*gone\.jpg"):
        load_photo(tmp_path / "gone.jpg")


def test_the_cap_is_checked_before_decoding(scene, tmp_path, monkeypatch):
    path = save(Image.fromarray(scene), tmp_path / "large.png")
    assert load_photo(path, max_pixels=48 * 64).shape == (48, 64, 3)

    def refuse(*arguments):
        raise AssertionError("decoded")

    monkeypatch.setattr("embed.photos.loading._decode", refuse)
    with pytest.raises(ValueError, match=r"at most 3071 pixels; .*large\.png: 64x48"):
        load_photo(path, max_pixels=48 * 64 - 1)


def test_a_bomb_of_a_header(tmp_path):
    """A file of 100 bytes that promises 60000x60000 pixels."""
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + make_chunk(b"IHDR", header) + make_chunk(b"IDAT", b"x" * 20)
    (tmp_path / "bomb.png").write_bytes(data)
    with pytest.raises(ValueError, match=r"at most 120000000 pixels; .*bomb\.png"):
        load_photo(tmp_path / "bomb.png")
