"""Frames as bytes: the length of a header, the header as JSON, and the picture as a browser reads it."""

import io
import json
from collections.abc import Mapping
from typing import Any

from jaxtyping import Float
from PIL import Image
from torch import Tensor

from latentwalk.images import to_pictures
from latentwalk.studio.session import Frame

QUALITY = 92
"""Of JPEG: small enough to be sent at once, good enough that nobody sees it while dragging."""

DRAGGED = 512
"""Pixels of the longer side while somebody drags; what is let go of is drawn in full."""


def packed(header: Mapping[str, Any], picture: bytes) -> bytes:
    """Four bytes of length, big end first, then the header, then the picture (or another file)."""
    text = json.dumps(header, allow_nan=False, separators=(",", ":")).encode()
    return len(text).to_bytes(4, "big") + text + picture


def jpeg(image: Float[Tensor, "c h w"], side: int | None = None) -> bytes:
    """The picture, at most `side` pixels on the longer side."""
    picture = to_pictures(image[None])[0].convert("RGB")
    if side is not None and max(picture.size) > side:
        picture.thumbnail((side, side), Image.Resampling.BILINEAR)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, subsampling=0)
    return out.getvalue()


def told(frame: Frame) -> dict[str, Any]:
    """What is said of a picture."""
    return {
        "before": frame.before,
        "after": frame.after,
        "identity": round(frame.identity, 4),
        "distance": round(frame.distance, 3),
        "usual": round(frame.usual, 3),
    }
