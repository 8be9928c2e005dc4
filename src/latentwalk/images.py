"""Between tensors and pictures: images float32 [n, c, h, w] in [-1, 1], PNG files with text inside."""

from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image, PngImagePlugin
from torch import Tensor

from latentwalk.files import atomic

RECEIPT_KEY = "latentwalk"
"""Name of the PNG text chunk (iTXt, UTF-8 JSON) that carries a receipt."""


def to_bytes(images: Float[Tensor, "n c h w"]) -> np.ndarray:
    """uint8 [n, h, w, 3] from images in [-1, 1] (-1 is 0, 1 is 255, others are cut); one channel becomes three."""
    array = ((images.detach().float().cpu().clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    return np.repeat(array, 3, axis=3) if array.shape[3] == 1 else array


def to_pictures(images: Float[Tensor, "n c h w"]) -> list[Image.Image]:
    """One RGB picture per image."""
    return [Image.fromarray(array) for array in to_bytes(images)]


def save_png(path: str | Path, picture: Image.Image, receipt: str | None = None) -> None:
    """Write a PNG atomically, with a receipt (JSON text) inside its metadata when given."""
    info = PngImagePlugin.PngInfo()
    if receipt is not None:
        small = len(receipt.encode()) < PngImagePlugin.MAX_TEXT_CHUNK  # more than that, Pillow does not unpack
        info.add_itxt(RECEIPT_KEY, receipt, zip=small)
    with atomic(path) as temporary:
        picture.save(temporary, format="PNG", pnginfo=info)


def read_receipt(path: str | Path) -> str:
    """The receipt (JSON text) inside a PNG, unchecked. Raises ValueError when there is none."""
    if not Path(path).is_file():
        raise ValueError(f"no picture at {path}: expected a PNG that `latentwalk` wrote")
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            text = getattr(picture, "text", {}).get(RECEIPT_KEY)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} is not a readable PNG: expected a picture that `latentwalk` wrote") from error
    if text is None:
        raise ValueError(f"{path} carries no receipt: expected a PNG that `latentwalk` wrote")
    return str(text)
