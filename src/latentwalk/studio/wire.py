"""Frames as bytes: the length of a header, the header as JSON, and the picture as a browser reads it."""

import io
import json
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from latentwalk.images import to_pictures
from latentwalk.studio.frame import Frame

QUALITY = 92
"""Of JPEG: small enough to be sent at once, good enough that nobody sees it while dragging."""

DRAGGED = 512
"""Pixels of the longer side while somebody drags; what is let go of is drawn in full."""

SMALL = 64
"""Pixels of the longer side of pictures that stand beside a slider."""


def packed(header: Mapping[str, Any], picture: bytes) -> bytes:
    """Four bytes of length, big end first, then the header, then the picture (or another file)."""
    text = json.dumps(header, allow_nan=False, separators=(",", ":")).encode()
    return len(text).to_bytes(4, "big") + text + picture


def jpeg(image: Float[Tensor, "c h w"], side: int | None = None) -> bytes:
    """The picture, at most `side` pixels on the longer side."""
    return jpeg_of(to_pictures(image[None])[0], side)


def jpeg_of(picture: Image.Image, side: int | None = None) -> bytes:
    """The same of an RGB picture."""
    if side is not None and max(picture.size) > side:
        picture = picture.copy()
        picture.thumbnail((side, side), Image.Resampling.BILINEAR)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, subsampling=0)
    return out.getvalue()


def png_of(picture: Image.Image) -> bytes:
    """An RGB picture bit for bit, and nothing else."""
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def small(images: Float[Tensor, "n c h w"], side: int) -> Float[Tensor, "n c h2 w2"]:
    """At most so many pixels on the longer side."""
    height, width = images.shape[2:]
    most = max(height, width)
    if most <= side:
        return images
    size = (max(1, height * side // most), max(1, width * side // most))
    return F.interpolate(images, size, mode="bilinear", antialias=True)


def beside(images: Float[Tensor, "n c h w"], side: int = SMALL) -> bytes:
    """Small pictures beside each other, as one JPEG."""
    return jpeg(torch.cat(list(small(images, side)), dim=2))


def told(frame: Frame) -> dict[str, Any]:
    """What is said of a picture."""
    return {
        "before": frame.before,
        "after": frame.after,
        "identity": round(frame.identity, 4),
        "distance": round(frame.distance, 3),
        "usual": round(frame.usual, 3),
        **({"note": frame.note} if frame.note else {}),
    }
