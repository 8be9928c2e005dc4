"""Photographs of every kind are read as plain upright RGB, or refused in one line that names the file."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image, ImageCms

from latentwalk.images import save_image, to_bytes
from latentwalk.photo_files import MOST_PIXELS
from latentwalk.photos import photo_name, read_photo

LEVELS = np.random.default_rng(0).integers(0, 256, (12, 9, 3), dtype=np.uint8)
PICTURE = Image.fromarray(LEVELS)
ASTRONAUT = Path(__file__).parents[1] / "examples" / "photos" / "astronaut.jpg"


def saved(path: Path, picture: Image.Image = PICTURE, **options: object) -> Path:
    picture.save(path, **options)  # pyright: ignore[reportArgumentType]
    return path


def png_of_size(path: Path, width: int, height: int) -> Path:
    """A header that promises so many pixels, and nothing that keeps the promise."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b""))
    return path


def test_a_photograph_is_what_it_is(tmp_path: Path) -> None:
    for photo in (saved(tmp_path / "a.png"), str(saved(tmp_path / "a.bmp")), PICTURE):
        assert np.array_equal(np.asarray(read_photo(photo)), LEVELS)


def test_a_tensor_comes_back_as_its_bytes() -> None:
    images = torch.rand(1, 3, 5, 7) * 2 - 1
    for tensor in (images, images[0]):
        assert np.array_equal(np.asarray(read_photo(tensor)), to_bytes(images)[0])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tiff"])
def test_every_exif_orientation_is_turned_upright(tmp_path: Path, orientation: int, ending: str) -> None:
    """The eight ways by what the standard says of the stored rows and columns, not by what Pillow calls them."""
    stored = {
        1: LEVELS,  # row 0 is the top, column 0 the left
        2: LEVELS[:, ::-1],
        3: LEVELS[::-1, ::-1],
        4: LEVELS[::-1],
        5: LEVELS.transpose(1, 0, 2),  # row 0 is the left, column 0 the top
        6: LEVELS.transpose(1, 0, 2)[::-1],  # row 0 is the right, column 0 the top
        7: LEVELS.transpose(1, 0, 2)[::-1, ::-1],
        8: LEVELS.transpose(1, 0, 2)[:, ::-1],  # row 0 is the left, column 0 the bottom
    }[orientation]
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    large = np.ascontiguousarray(stored.repeat(16, 0).repeat(16, 1))
    path = saved(tmp_path / f"a.{ending}", Image.fromarray(large), exif=exif, quality=95)
    seen = np.asarray(read_photo(path).resize((9, 12), Image.Resampling.BOX)).astype(int)
    assert np.abs(seen - LEVELS).mean() < 12, "a JPEG loses a little colour"


def test_nothing_that_the_file_knew_reaches_an_output(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "SecretCamera"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 12.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = saved(tmp_path / "in.jpg", exif=exif, comment=b"SecretPlace", icc_profile=profile)
    assert b"SecretCamera" in path.read_bytes() and b"SecretPlace" in path.read_bytes()
    photo = read_photo(path)
    assert photo.info == {} and not photo.getexif()
    for ending in ("png", "jpg", "webp"):
        save_image(tmp_path / f"out.{ending}", photo)
        written = (tmp_path / f"out.{ending}").read_bytes()
        assert b"Secret" not in written and b"ICC" not in written.upper()
        with Image.open(tmp_path / f"out.{ending}") as again:
            assert not again.getexif().get_ifd(ExifTags.IFD.GPSInfo)


def grey16(path: Path) -> Path:
    return saved(path, Image.fromarray(LEVELS[:, :, 0].astype(np.uint16) * 257))


def palette(path: Path) -> Path:
    return saved(path, PICTURE.quantize(256, dither=Image.Dither.NONE))


def animated(path: Path) -> Path:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    return saved(path, frames[0], save_all=True, append_images=frames[1:], duration=100, lossless=True)


def test_sixteen_bits_keep_their_light(tmp_path: Path) -> None:
    for name in ("a.png", "a.tiff"):
        seen = np.asarray(read_photo(grey16(tmp_path / name)))
        assert np.array_equal(seen, np.repeat(LEVELS[:, :, :1], 3, axis=2))


def test_a_palette_is_its_colours(tmp_path: Path) -> None:
    assert np.abs(np.asarray(read_photo(palette(tmp_path / "a.png"))).astype(int) - LEVELS).mean() < 12


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_an_animation_is_its_first_picture(tmp_path: Path, ending: str) -> None:
    seen = np.asarray(read_photo(animated(tmp_path / f"a.{ending}")))
    assert seen.shape == (8, 8, 3) and np.abs(seen.astype(int) - (255, 0, 0)).max() < 3


def test_transparent_parts_are_paper(tmp_path: Path) -> None:
    alpha = np.zeros((12, 9), dtype=np.uint8)
    alpha[6:] = 255
    path = saved(tmp_path / "a.png", Image.fromarray(np.dstack([LEVELS, alpha])))
    seen = np.asarray(read_photo(path))
    assert (seen[:6] == 255).all() and np.array_equal(seen[6:], LEVELS[6:])
    grey = saved(tmp_path / "b.png", Image.fromarray(np.dstack([LEVELS[:, :, 0], alpha])))
    assert (np.asarray(read_photo(grey))[:6] == 255).all()


@pytest.mark.parametrize("mode", ["L", "1", "CMYK", "YCbCr", "HSV", "LAB"])
def test_other_modes_become_rgb(mode: str) -> None:
    colour = Image.new("RGB", (5, 4), (200, 100, 50))
    photo = read_photo(colour.convert("L").convert(mode) if mode == "1" else _in_mode(colour, mode))
    assert (photo.mode, photo.size) == ("RGB", (5, 4))
    if mode in ("CMYK", "YCbCr", "HSV"):
        assert np.abs(np.asarray(photo).astype(int) - (200, 100, 50)).max() <= 4


def _in_mode(colour: Image.Image, mode: str) -> Image.Image:
    return Image.new("LAB", colour.size, (120, 130, 140)) if mode == "LAB" else colour.convert(mode)


def test_colours_of_a_profile_are_brought_to_srgb(tmp_path: Path) -> None:
    """A profile whose red and blue are exchanged: whoever leaves it out sees the wrong ones."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    tags = {srgb[at : at + 4]: at for at in range(132, 132 + 12 * struct.unpack(">I", srgb[128:132])[0], 12)}
    swapped = bytearray(srgb)
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    swapped[red + 4 : red + 12], swapped[blue + 4 : blue + 12] = srgb[blue + 4 : blue + 12], srgb[red + 4 : red + 12]
    picture = Image.new("RGB", (4, 4), (250, 30, 10))
    for profile, expected in ((srgb, (250, 30, 10)), (bytes(swapped), (10, 30, 250)), (b"nonsense", (250, 30, 10))):
        seen = np.asarray(read_photo(saved(tmp_path / "a.png", picture, icc_profile=profile))).astype(int)
        assert np.abs(seen - expected).max() <= 6


def jpeg_bytes() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(LEVELS.repeat(16, 0).repeat(16, 1)).save(buffer, "JPEG")
    return buffer.getvalue()


def written(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "no photograph at"),
    "folder": (lambda path: path.mkdir(), "no photograph at"),
    "empty": (written(b""), "empty"),
    "noise": (written(bytes(range(256))), "no photograph that can be read"),
    "pdf": (written(b"%PDF-1.7 and so on"), "a PDF"),
    "heic": (written(b"\0\0\0\x24ftypheic\0\0\0\0mif1heic" + bytes(64)), "HEIC"),
    "film": (written(b"\0\0\0\x20ftypisom\0\0\2\0isomiso2" + bytes(64)), "a film"),
    "page": (written(b"<!DOCTYPE html><html></html>"), "text"),
    "pointer": (written(b"version https://git-lfs.github.com/spec/v1\n"), "Git LFS"),
    "postscript": (written(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), "no photograph that can be read"),
    "cut short": (written(jpeg_bytes()[:900]), "damaged or cut short"),
    "header alone": (written(jpeg_bytes()[:30]), "no photograph that can be read"),
    "bomb": (lambda path: png_of_size(path, 60_000, 60_000), "more than 100,000,000 pixels"),
    "large": (lambda path: png_of_size(path, 10_001, 10_000), "10,001 x 10,000 pixels"),
    "damaged": (lambda path: png_of_size(path, 50, 50), "damaged or cut short"),
    "numbers": (lambda path: Image.new("F", (4, 4)).save(path, "TIFF"), "floating-point"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.filterwarnings("error")  # sizes warn too, and nobody should see it
def test_what_is_no_photograph_is_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    make, said = BAD[kind]
    path = tmp_path / f"{kind}.jpg"
    make(path)
    with pytest.raises(ValueError, match=said) as caught:
        read_photo(path)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message


def test_every_place_to_cut_a_file_gives_a_picture_or_one_line(tmp_path: Path) -> None:
    path, whole = tmp_path / "a.jpg", jpeg_bytes()
    for end in range(0, len(whole), 211):
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError, match=r"a\.jpg"):
            read_photo(path)


def test_bytes_that_are_changed_never_bring_anything_but_one_line(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for ending in ("png", "jpg", "gif", "tiff", "webp", "bmp"):
        whole = bytearray(saved(tmp_path / f"whole.{ending}").read_bytes())
        for _ in range(20):
            changed = bytearray(whole)
            for at in random.integers(0, len(whole), 4):
                changed[at] = random.integers(256)
            path = tmp_path / f"changed.{ending}"
            path.write_bytes(changed)
            try:
                assert read_photo(path).mode == "RGB"
            except ValueError as error:
                assert "\n" not in str(error) and "changed" in str(error)


def test_the_limit_is_on_pixels_not_on_bytes(tmp_path: Path) -> None:
    assert MOST_PIXELS == 100_000_000
    wide = Image.new("1", (MOST_PIXELS // 2000, 2001))
    with pytest.raises(ValueError, match="the picture has 50,000 x 2,001 pixels"):
        read_photo(wide)


@pytest.mark.parametrize("tensor", [torch.zeros(2, 3, 4, 4), torch.zeros(4, 4), torch.zeros(2, 4, 4)])
def test_tensors_of_another_shape_are_refused(tensor: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="expected a tensor"):
        read_photo(tensor)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 255.0])
def test_tensors_of_another_range_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"numbers in \[-1, 1\]"):
        read_photo(torch.full((3, 4, 4), value))


def test_photographs_have_names() -> None:
    assert photo_name("photos/me.jpg") == photo_name(Path("photos/me.jpg")) == str(Path("photos/me.jpg"))
    assert photo_name(PICTURE) == "the picture" and photo_name(torch.zeros(3, 4, 4)) == "the tensor"


def test_the_example_is_there_and_tells_nothing() -> None:
    photo = read_photo(ASTRONAUT)
    assert photo.size == (512, 512)
    with Image.open(ASTRONAUT) as stored:
        assert not dict(stored.getexif())
