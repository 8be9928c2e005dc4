"""A picture of a generator put back into the photograph that it was made from, in full resolution."""

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from latentwalk.framing.warp import warp
from latentwalk.numerics.similarity import after, inverse, move

FEATHER = 0.12
"""The width of the soft edge, in widths of the picture."""


def paste(
    photo: Image.Image,
    picture: Float[Tensor, "c h w"],
    transform: Float[np.ndarray, "2 3"],
    before: Float[Tensor, "c h w"] | None = None,
    feather: float = FEATHER,
) -> Image.Image:
    """The photograph with the picture in its place, and with a soft edge around it.

    photo: RGB, see `read_photo`. picture: in [-1, 1], with 1 or 3 channels. transform: from pixels of the photograph to
    those of the picture, see `Aligned`. before: what the picture was before it was edited; then only what the edit
    changed (picture - before, enlarged) is added, and skin, hair and background stay the photograph's own.
    feather: width of the edge, inside the picture, in widths of the picture; 0 is a hard edge.
    What lies outside the frame stays as it is, bit for bit. Raises ValueError for sizes that do not match, a feather
    that is not in [0, 0.5], and a frame that lies outside the photograph.
    """
    if before is not None and before.shape != picture.shape:
        raise ValueError(f"expected pictures of one shape, got {list(before.shape)} before, {list(picture.shape)} now")
    if not 0 <= feather <= 0.5:
        raise ValueError(f"a feather is a share of the width from 0 to 0.5, got {feather}")
    box = _box(photo, picture, transform)
    part = np.asarray(photo.crop(box), dtype=np.float32)
    into = after(np.array([[1.0, 0, -box[0]], [0, 1, -box[1]]]), inverse(transform))
    size = (box[2] - box[0], box[3] - box[1])
    opaque = _soft_edge(inverse(into), size, (picture.shape[2], picture.shape[1]), feather)[:, :, None]
    if before is None:
        levels = (_enlarged(picture, into, size).clip(-1, 1) + 1) * 127.5
        part = part + opaque * (levels - part)
    else:
        part = part + opaque * _enlarged(picture.cpu() - before.cpu(), into, size) * 127.5
    whole = photo.copy()
    whole.paste(Image.fromarray(part.clip(0, 255).round().astype(np.uint8)), box[:2])
    return whole


def _box(
    photo: Image.Image, picture: Float[Tensor, "c h w"], transform: Float[np.ndarray, "2 3"]
) -> tuple[int, int, int, int]:
    """The part of the photograph that the frame touches: left, top, right, bottom."""
    height, width = picture.shape[1:]
    corners = move(inverse(transform), np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64))
    least = np.maximum(np.floor(corners.min(0)), 0).astype(int)
    most = np.minimum(np.ceil(corners.max(0)), photo.size).astype(int)
    if (least >= most).any():
        raise ValueError(f"the frame lies outside the photograph of {photo.width} x {photo.height} pixels")
    return int(least[0]), int(least[1]), int(most[0]), int(most[1])


def _enlarged(
    picture: Float[Tensor, "c h w"], into: Float[np.ndarray, "2 3"], size: tuple[int, int]
) -> Float[np.ndarray, "h2 w2 3"]:
    """A picture's numbers, of any sign, seen in a frame of this size."""
    channels = picture.detach().to("cpu", torch.float32).expand(3, -1, -1).numpy()
    return np.stack([np.asarray(warp(Image.fromarray(channel), into, size)) for channel in channels], axis=-1)


def _soft_edge(
    back: Float[np.ndarray, "2 3"], size: tuple[int, int], picture: tuple[int, int], feather: float
) -> Float[np.ndarray, "h w"]:
    """How much of the picture shows at every pixel: 0 outside its frame, rising smoothly to 1 within the feather."""
    x, y = np.arange(size[0], dtype=np.float32)[None] + 0.5, np.arange(size[1], dtype=np.float32)[:, None] + 0.5
    shown = np.ones((size[1], size[0]), dtype=np.float32)
    for row, length in zip(back.astype(np.float32), picture, strict=True):
        along = row[0] * x + row[1] * y + row[2]
        depth = np.minimum(along, length - along)  # pixels of the picture from its nearer edge
        if feather > 0:
            rise = np.clip(depth / (feather * picture[0]), 0, 1)
            shown *= rise * rise * (3 - 2 * rise)
        else:
            shown *= depth >= 0
    return shown
