"""Pictures out of files as plain RGB: upright, of limited size, and without what else the file knew.

It needs Pillow and numpy alone, so that a small process can do it for files that nobody trusts.
"""

import io
import warnings
from pathlib import Path
from typing import IO

import numpy as np
from PIL import ExifTags, Image, ImageCms

MOST_PIXELS = 100_000_000
"""Pixels of the largest photograph; it takes 300 MB. The size is read before anything is decoded."""

READ = {"AVIF", "BMP", "GIF", "JPEG", "MPO", "PNG", "PPM", "TIFF", "WEBP"}
"""Formats that are decoded. Others that Pillow knows start programs (EPS), or are no photographs."""

BACKGROUND = (255, 255, 255)
"""What transparent parts show: paper, as most programs do."""

NO_PHOTOS = {
    b"%PDF": "a PDF: export the page as a JPEG or PNG",
    b"PK\x03\x04": "a ZIP archive: unpack it first",
    b"<": "text (HTML, SVG or XML): expected a photograph, such as a JPEG or PNG",
    b"version https://git-lfs": "a pointer of Git LFS: fetch the file that it points to",
}
"""What files called .jpg are, by how they begin."""

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How a picture is turned, by its EXIF orientation (EXIF 2.3, tag 0x0112)."""


def decode_photo(file: Path | IO[bytes], name: str, most: int = MOST_PIXELS) -> Image.Image:
    """The picture of a file as RGB in full resolution, upright, with no metadata; see `photos.read_photo`.

    file: a path, or the bytes of a file that can be gone back in. name: what messages call it. most: pixels.
    Raises `Refused`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes, which `plain` limits, and of metadata, which nobody reads
            with Image.open(file, formats=_formats()) as picture:
                return plain(picture, name, most)
    except Refused:
        raise
    except Image.DecompressionBombError as error:
        raise Refused(f"{name} has more than {most:,} pixels: make it smaller first") from error
    except OSError as error:
        raise Refused(f"{name} is {_what(file)}") from error


class Refused(ValueError):
    """One line that says why a photograph is not read."""


def _formats() -> list[str]:
    """Those of `READ` that this Pillow can decode."""
    Image.init()
    return sorted(READ & set(Image.OPEN))


def _what(file: Path | IO[bytes]) -> str:
    """What a file is that is no photograph, and what to do about it."""
    try:
        head = _head(file)
    except OSError as error:
        return f"not readable ({error.strerror})"
    if not head:
        return "empty (0 bytes): copy it again"
    if head[4:8] == b"ftyp":
        kind = head[8:12].decode("ascii", "replace")
        still = kind in ("heic", "heix", "heim", "heis", "mif1", "msf1", "avif")
        return f"{'HEIC or AVIF' if still else 'a film'} ({kind!r} inside): export it as a JPEG or PNG"
    known = next((what for start, what in NO_PHOTOS.items() if head.lstrip().startswith(start)), None)
    return known or "no photograph that can be read: expected a JPEG, PNG, WebP, TIFF, GIF or BMP"


def _head(file: Path | IO[bytes]) -> bytes:
    """How it begins."""
    if isinstance(file, Path):
        with file.open("rb") as opened:
            return opened.read(64)
    file.seek(0)
    return file.read(64)


def plain(picture: Image.Image, name: str, most: int = MOST_PIXELS) -> Image.Image:
    """Pixels alone. Decoders fail in many ways on a damaged file, and all of them are one line (`Refused`)."""
    width, height = picture.size
    if width * height > most or min(width, height) < 1:
        raise Refused(f"{name} has {width:,} x {height:,} pixels: expected 1 to {most:,} in all, make it smaller first")
    try:
        rgb = _rgb(picture)
        turned = _orientation(picture)  # after decoding: of a TIFF, Pillow turns it on the way
        upright = rgb.transpose(UPRIGHT[turned]) if turned in UPRIGHT else rgb.copy()
    except Refused as error:
        raise Refused(f"{name} {error}") from error
    except Exception as error:  # OSError, SyntaxError, struct.error, MemoryError, ...
        reason = " ".join(str(error).split()) or type(error).__name__
        raise Refused(f"{name} is damaged or cut short ({reason[:120]}): export it again") from error
    upright.info = {}  # EXIF, comments and profiles would be written into any file that it is saved to
    return upright


def _orientation(picture: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; a photograph whose EXIF data are damaged stands as it is stored."""
    try:
        return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        return 1


def _rgb(picture: Image.Image) -> Image.Image:
    """Any mode of Pillow as RGB of 8 bits."""
    if getattr(picture, "is_animated", False):
        picture.seek(0)
    picture.load()
    if picture.mode == "F":
        raise Refused("holds floating-point numbers: export it with 8 or 16 bits per channel")
    if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut off at 255
        levels = np.clip(np.asarray(picture).astype(np.int64), 0, 65_535)
        return Image.fromarray(np.round(levels / 257).astype(np.uint8)).convert("RGB")
    alpha = None
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        alpha = picture.getchannel("A")
    rgb = _in_srgb(picture)
    return rgb if alpha is None else Image.composite(rgb, Image.new("RGB", rgb.size, BACKGROUND), alpha)


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Colours as a screen without colour management shows them; a profile that cannot be used is left out."""
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in ("RGB", "RGBA", "CMYK"):
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            source = picture.convert("RGB") if picture.mode == "RGBA" else picture
            changed = ImageCms.profileToProfile(source, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if changed is not None:
                return changed
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return picture.convert("RGB")
