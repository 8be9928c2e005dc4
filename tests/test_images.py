"""Pictures keep their pixels and their receipts."""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from latentwalk.images import RECEIPT_KEY, is_lossless, read_receipt, save_image, save_png, to_bytes, to_pictures

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 9, 3), dtype=np.uint8))
RECEIPT = '{"seeds": "0-3", "who": "Zoë", "mean": "\\u2264 1"}'


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(*chunks: bytes, side: int = 1) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0\0\0\0"))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + body + chunk(b"IEND", b"")


def test_the_range_maps_to_bytes() -> None:
    images = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0]).view(1, 1, 1, 5).expand(1, 3, 1, 5)
    assert to_bytes(images)[0, 0, :, 0].tolist() == [0, 0, 128, 255, 255]


def test_every_byte_comes_back() -> None:
    values = torch.arange(256).view(1, 1, 16, 16) / 127.5 - 1
    assert to_bytes(values)[0, :, :, 0].flatten().tolist() == list(range(256))


def test_one_channel_becomes_grey() -> None:
    (picture,) = to_pictures(torch.zeros(1, 1, 2, 3, requires_grad=True))
    assert picture.mode == "RGB" and picture.size == (3, 2)
    assert picture.getpixel((0, 0)) == (128, 128, 128)


def test_four_channels_are_colours_over_a_ground_unless_they_are_kept() -> None:
    image = torch.tensor([1.0, -1.0, -1.0, 0.0]).view(1, 4, 1, 1).expand(1, 4, 2, 3)
    (shown,), (kept,) = to_pictures(image), to_pictures(image, transparent=True)
    assert (shown.mode, kept.mode) == ("RGB", "RGBA") and shown.size == kept.size == (3, 2)
    assert kept.getpixel((0, 0)) == (255, 0, 0, 128)
    assert shown.getpixel((0, 0)) == (255, 127, 127)  # half of the red over white


@pytest.mark.parametrize("channels", [2, 5])
def test_channels_without_colours_stand_side_by_side(channels: int) -> None:
    images = torch.linspace(-1, 1, channels * 6).view(1, channels, 2, 3)
    array = to_bytes(images)[0]
    assert array.shape == (2, 3 * channels, 3)
    for channel in range(channels):
        part = array[:, 3 * channel : 3 * channel + 3]
        assert np.array_equal(part, to_bytes(images[:, channel : channel + 1])[0])


def test_transparency_is_kept_in_a_png_and_put_on_the_ground_elsewhere(tmp_path: Path) -> None:
    (picture,) = to_pictures(-torch.ones(1, 4, 4, 4), transparent=True)
    for name in ("a.png", "a.jpg", "a.webp"):
        save_image(tmp_path / name, picture)
    assert Image.open(tmp_path / "a.png").mode == "RGBA"
    for name in ("a.jpg", "a.webp"):
        assert min(Image.open(tmp_path / name).convert("RGB").getpixel((1, 1))) > 250


@pytest.mark.parametrize("receipt", [RECEIPT, "x" * 3_000_000, ""])
def test_receipts_survive_a_picture_that_everybody_can_open(tmp_path: Path, receipt: str) -> None:
    path = tmp_path / "new" / "picture.png"
    save_png(path, PICTURE, receipt)
    assert read_receipt(path) == receipt
    assert np.array_equal(np.asarray(Image.open(path)), np.asarray(PICTURE))


def test_the_same_picture_is_the_same_file(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        save_png(tmp_path / name, PICTURE, RECEIPT)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_pictures_without_a_receipt_say_so(tmp_path: Path) -> None:
    save_png(tmp_path / "plain.png", PICTURE)
    with pytest.raises(ValueError, match="carries no receipt"):
        read_receipt(tmp_path / "plain.png")


def test_what_is_no_png_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no picture at"):
        read_receipt(tmp_path / "missing.png")
    with pytest.raises(ValueError, match="no picture at"):
        read_receipt(tmp_path)
    PICTURE.save(tmp_path / "a.gif")
    (tmp_path / "text.png").write_text("text", encoding="utf-8")
    save_png(tmp_path / "cut.png", PICTURE, RECEIPT)
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:40])
    with pytest.raises(ValueError, match="a film, which carries no receipt"):
        read_receipt(tmp_path / "a.gif")
    for name in ("text.png", "cut.png"):
        with pytest.raises(ValueError, match="not a readable PNG"):
            read_receipt(tmp_path / name)


def test_hostile_pictures_are_refused(tmp_path: Path) -> None:
    """A few kilobytes that claim to be gigabytes of pixels or of text."""
    head = RECEIPT_KEY.encode() + b"\0\1\0\0\0"
    bomb = chunk(b"iTXt", head + zlib.compress(bytes(100 * 2**20), 9))
    for content in (png(side=60_000), png(bomb)):
        (tmp_path / "hostile.png").write_bytes(content)
        with pytest.raises(ValueError, match="not a readable PNG"):
            read_receipt(tmp_path / "hostile.png")


@pytest.mark.parametrize("ending", [".png", ".jpg", ".jpeg", ".webp", ".JPG"])
def test_receipts_survive_in_every_format(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"picture{ending}"
    save_image(path, PICTURE, RECEIPT)
    assert read_receipt(path) == RECEIPT
    assert is_lossless(path) == (ending == ".png")
    with Image.open(path) as picture:
        assert picture.size == PICTURE.size


def test_a_large_receipt_is_packed_into_a_jpeg_and_one_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    receipt = json.dumps({"values": [0.125 * i for i in range(20_000)]})
    save_image(tmp_path / "p.jpg", PICTURE, receipt)
    assert json.loads(read_receipt(tmp_path / "p.jpg")) == json.loads(receipt)
    noise = json.dumps(np.random.default_rng(0).normal(size=20_000).tolist())
    with pytest.raises(ValueError, match="does not fit into a JPEG: show fewer codes"):
        save_image(tmp_path / "q.jpg", PICTURE, noise)
    save_image(tmp_path / "q.webp", PICTURE, noise)
    assert read_receipt(tmp_path / "q.webp") == noise


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ends in .png, .jpg, .jpeg, .webp"):
        save_image(tmp_path / "p.tiff", PICTURE)
