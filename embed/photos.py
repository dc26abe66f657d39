"""Read a photo: any usual file -> upright uint8 RGB pixels [height, width, 3].

EXIF turns are applied; what is transparent lies on `background` (white by default); grey, palette,
CMYK and other colour models become RGB; 16-bit levels are divided by 257; a colour profile other
than sRGB is converted (telephones save Display P3). Of an animation or a file with several pages
the first picture is read. The number of pixels is read from the header and checked before anything
is decoded, and only formats decoded inside this process are opened: no file can start another
program.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from embed.faces.base import Picture

#: 108 megapixels, as telephones save, pass. Pillow itself opens nothing above 178 megapixels.
MAX_PIXELS = 120_000_000
WHITE = (255, 255, 255)
FORMATS = (
    "AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TGA", "TIFF", "WEBP",
)  # fmt: skip
ORIENTATION_TAG = 0x0112
#: What undoes each orientation of the EXIF standard.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
WITH_ALPHA = ("RGBA", "RGBa", "LA", "La", "PA")


def load_photo(
    path: str | Path,
    max_pixels: int = MAX_PIXELS,
    background: tuple[int, int, int] = WHITE,
) -> Picture:
    """A picture file -> uint8 RGB [height, width, 3], upright; `background` levels 0-255.

    Raises FileNotFoundError, or ValueError naming the file when it is empty, cut off, broken, no
    picture, of a kind that is not read, or has more than `max_pixels`.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"needs a photo; found nothing at {path}; check the path")
    if not path.is_file():
        raise ValueError(f"needs a photo; {path} is a folder; try a file in it")
    if not path.stat().st_size:
        raise ValueError(f"needs a photo; {path} is empty; try another copy of it")
    with warnings.catch_warnings():
        # Pillow warns of large pictures, which the cap below judges, and of odd metadata.
        warnings.simplefilter("ignore")
        with _open_header(path, max_pixels) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise _describe_too_large(path, f"{width}x{height} pixels", max_pixels)
            return _decode(image, path, background)


def _open_header(path: Path, max_pixels: int) -> Image.Image:
    Image.init()
    known = [name for name in FORMATS if name in Image.OPEN]
    try:
        return Image.open(path, formats=known)
    except Image.DecompressionBombError as error:
        raise _describe_too_large(path, str(error), max_pixels) from None
    except PermissionError:
        raise
    except Exception as error:  # decoders meet broken files with errors of every kind
        raise ValueError(
            f"needs a photo; {path} ({path.stat().st_size} bytes) is {_name_contents(path)}; "
            "try saving it as JPEG or PNG"
        ) from error


def _describe_too_large(path: Path, found: str, max_pixels: int) -> ValueError:
    return ValueError(
        f"needs a photo of at most {max_pixels} pixels; {path}: {found}; "
        "try a smaller copy, or max_pixels"
    )


def _name_contents(path: Path) -> str:
    """What a file that could not be opened seems to be, by its first bytes."""
    with open(path, "rb") as file:
        head = file.read(16)
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"):
        return "a HEIC picture, which is not read"
    if head.startswith((b"%!PS", b"%PDF", b"<?xml", b"<svg")):
        return "a drawing or document, not pixels"
    return "broken, or no picture of a kind that is read"


def _decode(image: Image.Image, path: Path, background: tuple[int, int, int]) -> Picture:
    try:
        image.load()
        turn = TURNS.get(_read_orientation(image))
        upright = image if turn is None else image.transpose(turn)
        return _to_rgb(upright, image.info, background)
    except MemoryError:
        raise
    except Exception as error:  # as above
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(
            f"needs a whole photo; {path} ({image.format}, {image.size[0]}x{image.size[1]}) is "
            f"cut off or broken ({reason}); try another copy of it"
        ) from error


def _read_orientation(image: Image.Image) -> int:
    """The EXIF orientation; 1 (upright) where there is none or the metadata is broken."""
    try:
        return int(image.getexif().get(ORIENTATION_TAG, 1))
    except Exception:  # the pixels are still good
        return 1


def _to_rgb(image: Image.Image, info: dict, background: tuple[int, int, int]) -> Picture:
    if image.mode.startswith("I") or image.mode == "F":
        return np.repeat(_to_grey_levels(image)[..., None], 3, axis=2)
    profile = info.get("icc_profile")
    if image.mode in WITH_ALPHA or "transparency" in info:
        clear = image.convert("RGBA")
        converted = _convert_profile(clear.convert("RGB"), profile)
        if converted is not None:
            converted.putalpha(clear.getchannel("A"))
        return _put_on(converted or clear, background)
    coloured = image.convert("RGB") if image.mode == "P" else image
    # A copy, since Pillow's own buffer is read-only.
    return np.array(_convert_profile(coloured, profile) or coloured.convert("RGB"))


def _to_grey_levels(image: Image.Image) -> np.ndarray:
    """16-bit levels, which Pillow would clip at 255 -> uint8 [height, width]."""
    levels = np.asarray(image)
    if image.mode == "F" or levels.min() < 0 or levels.max() > 65535:
        raise ValueError(f"levels of 8 or 16 bits are read, not {levels.dtype}")
    return ((levels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _put_on(image: Image.Image, background: tuple[int, int, int]) -> Picture:
    """Composite RGBA over one colour, rounding to the nearest level."""
    pixels = np.asarray(image).astype(np.uint32)
    colour, alpha = pixels[..., :3], pixels[..., 3:]
    mixed = colour * alpha + np.array(background, np.uint32) * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)


def _convert_profile(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """The picture in sRGB; None where it has no profile, sRGB's own, or one that is no use."""
    if not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return None
        target = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return None
