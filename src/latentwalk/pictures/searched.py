"""Pictures that were searched for something in vain, with what came near it."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from latentwalk.pictures.layout import MARGIN, framed, noted
from latentwalk.pictures.text import PAPER, RED, caption_size, label

Box = tuple[float, float, float, float]
"""Left, top, width and height in pixels."""


def searched(picture: Image.Image, boxes: Sequence[Box], scores: Sequence[float], note: str) -> Image.Image:
    """A picture with boxes, each with its score, and a line beneath."""
    drawn = picture.convert("RGB")
    draw = ImageDraw.Draw(drawn)
    for (left, top, width, height), score in zip(boxes, scores, strict=True):
        corners = (left, top, left + width, top + height)
        draw.rectangle(corners, outline=PAPER, width=4)
        draw.rectangle(corners, outline=RED, width=2)
        text = label(f"{score:.2f}", caption_size(picture.width), colour=RED)
        x = min(max(0, round(left)), max(0, picture.width - text.width))
        drawn.paste(text, (x, max(0, round(top) - text.height)))
    return noted(framed(drawn, MARGIN), note)
