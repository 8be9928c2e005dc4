"""Between tensors and pictures: images float32 [n, c, h, w] in [-1, 1], picture files with text inside."""

import base64
import io
import json
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import ExifTags, Image, PngImagePlugin
from torch import Tensor

from latentwalk.files import atomic

RECEIPT_KEY = "latentwalk"
"""Name of the PNG text chunk (iTXt, UTF-8 JSON) that carries a receipt."""


FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
"""Endings of the pictures that are written and read. JPEG and WebP lose a little."""

QUALITY = 92
"""Of JPEG and WebP, out of 100: nobody sees the loss."""

INSIDE = 86
"""Of JPEG inside a page, where many stand together."""

ASCII = b"ASCII\0\0\0"
"""What EXIF wants before a comment. Receipts that are not ASCII are UTF-8 all the same, as many programs write it."""

ZIPPED = b"zlib:b85:"
"""Before a receipt that had to be packed into a JPEG, which has room for 64 kB."""

LARGEST_EXIF = 65_000
LARGEST_TEXT = 2**26
"""Bytes of a receipt in a JPEG as they are stored, and when they are unpacked."""


GROUND = (255, 255, 255)
"""What lies behind transparent parts where a picture cannot keep them."""


def to_bytes(images: Float[Tensor, "n c h w"]) -> np.ndarray:
    """uint8 [n, h, w, 3] from images in [-1, 1] (-1 is 0, 1 is 255, others are cut).

    One channel becomes three, four are RGBA over a ground; of any other number, which has no colours of its own, the
    channels stand side by side in grey: [n, h, c * w, 3].
    """
    if images.shape[1] == 4:
        return np.stack([np.asarray(grounded(picture)) for picture in to_pictures(images, transparent=True)])
    array = _quantised(images)
    if array.shape[3] != 3:
        n, height, width, channels = array.shape
        array = np.repeat(array.transpose(0, 1, 3, 2).reshape(n, height, channels * width, 1), 3, axis=3)
    return array


def to_pictures(images: Float[Tensor, "n c h w"], transparent: bool = False) -> list[Image.Image]:
    """One picture per image: RGB as in `to_bytes`. transparent: RGBA where an image has four channels."""
    keeps = transparent and images.shape[1] == 4
    return [Image.fromarray(array) for array in (_quantised(images) if keeps else to_bytes(images))]


def grounded(picture: Image.Image) -> Image.Image:
    """The picture as RGB, its transparent parts over a ground."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    ground = Image.new("RGBA", picture.size, GROUND)
    return Image.alpha_composite(ground, picture).convert("RGB")


def _quantised(images: Float[Tensor, "n c h w"]) -> np.ndarray:
    """uint8 [n, h, w, c]."""
    return ((images.detach().float().cpu().clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()


def save_image(path: str | Path, picture: Image.Image, receipt: str | None = None) -> None:
    """Write a picture atomically in the format that its name ends in, with a receipt (JSON text) inside when given.

    Raises ValueError for a name that ends in none of `FORMATS`.
    """
    ending = Path(path).suffix.lower()
    if ending not in FORMATS:
        raise ValueError(f"cannot write {path}: expected a name that ends in {', '.join(FORMATS)}")
    if ending == ".png":
        save_png(path, picture, receipt)
        return
    text = b"" if receipt is None else receipt.encode()
    if ending in (".jpg", ".jpeg") and len(text) > LARGEST_EXIF:
        small = json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False).encode()
        text = ZIPPED + base64.b85encode(zlib.compress(small, 9))
    if ending in (".jpg", ".jpeg") and len(text) > LARGEST_EXIF:
        raise ValueError(f"the receipt of {path} does not fit into a JPEG: show fewer codes, or write .png or .webp")
    exif = Image.Exif()
    if receipt is not None:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = ASCII + text
    with atomic(path) as temporary:
        grounded(picture).save(temporary, format=FORMATS[ending], quality=QUALITY, exif=exif)


def save_png(path: str | Path, picture: Image.Image, receipt: str | None = None) -> None:
    """Write a PNG atomically, with a receipt (JSON text) inside its metadata when given."""
    with atomic(path) as temporary:
        temporary.write_bytes(png(picture, receipt))


def png(picture: Image.Image, receipt: str | None = None) -> bytes:
    """A PNG of the pixels and the receipt (JSON text), if there is one: nothing else that came with the picture."""
    info = PngImagePlugin.PngInfo()
    if receipt is not None:
        small = len(receipt.encode()) < PngImagePlugin.MAX_TEXT_CHUNK  # more than that, Pillow does not unpack
        info.add_itxt(RECEIPT_KEY, receipt, zip=small)
    out = io.BytesIO()
    picture.save(out, format="PNG", pnginfo=info)
    return out.getvalue()


def data_uri(picture: Image.Image, kind: str = "JPEG") -> str:
    """The picture as text that a page can hold. kind: "JPEG", or "PNG" to keep every pixel."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, optimize=True, **({"quality": INSIDE} if kind == "JPEG" else {}))
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def read_receipt(path: str | Path) -> str:
    """The receipt (JSON text) inside a picture, unchecked. Raises ValueError when there is none."""
    if not Path(path).is_file():
        raise ValueError(f"no picture at {path}: expected one that `latentwalk` wrote")
    if Path(path).suffix.lower() in (".gif", ".mp4"):
        raise ValueError(f"{path} is a film, which carries no receipt: replay a picture of the same edit")
    try:
        with Image.open(path, formats=sorted(set(FORMATS.values()))) as picture:
            text = getattr(picture, "text", {}).get(RECEIPT_KEY) if picture.format == "PNG" else _read_comment(picture)
    except (OSError, SyntaxError, ValueError, zlib.error, Image.DecompressionBombError) as error:
        raise ValueError(
            f"{path} is not a readable PNG, JPEG or WebP: expected a picture that `latentwalk` wrote"
        ) from error
    if text is None:
        raise ValueError(f"{path} carries no receipt: expected a picture that `latentwalk` wrote")
    return str(text)


def is_lossless(path: str | Path) -> bool:
    """Whether the file keeps every pixel as it was: a PNG does."""
    with Image.open(path) as picture:
        return picture.format == "PNG"


def _read_comment(picture: Image.Image) -> str | None:
    """The text in the EXIF data, unpacked when it had to be packed; never more than `LARGEST_TEXT`."""
    comment = picture.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
    if not isinstance(comment, bytes) or not comment.startswith(ASCII):
        return None
    text = comment.removeprefix(ASCII)
    if text.startswith(ZIPPED):
        text = zlib.decompressobj().decompress(base64.b85decode(text.removeprefix(ZIPPED)), LARGEST_TEXT)
    return text.decode()
