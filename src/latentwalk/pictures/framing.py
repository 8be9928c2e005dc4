"""How a photograph was framed: the frame in it, and what the generator is asked to draw, with the points of both."""

from collections.abc import Sequence

from jaxtyping import Float
from PIL import Image, ImageDraw
from torch import Tensor

from latentwalk.images import to_pictures
from latentwalk.pictures.layout import GAP, MARGIN, beside, captioned, framed, noted
from latentwalk.pictures.text import PAPER, RED, Colour

SIDE = 320
"""Pixels that the crop is high, and the photograph at most."""

TARGET: Colour = (0, 180, 216)
"""Rings, where faces of the generator have their landmarks."""

Points = Sequence[Sequence[float]]


def framing(
    photo: Image.Image,
    crop: Float[Tensor, "c h w"],
    corners: Points,
    landmarks: Points = (),
    targets: Points = (),
    found: Points = (),
    mask: Float[Tensor, "1 h w"] | None = None,
    note: str = "",
) -> Image.Image:
    """The photograph with the frame drawn in it, beside the crop.

    crop: in [-1, 1]. corners: of the frame, and landmarks, in pixels of the photograph. targets: the generator's own
    landmarks (rings), and those found (dots), in pixels of the crop. mask: 0 where the crop lies outside the
    photograph; shown pale. note: a line beneath.
    """
    left = photo_with_frame(photo, corners, landmarks)
    right = _crop(crop, targets, found, mask)
    texts = ["photograph, and the frame", "crop; rings: the generator's own" if targets else "crop"]
    return noted(framed(beside(captioned([left, right], texts), 3 * GAP), MARGIN), note)


def story(
    photo: Image.Image,
    corners: Points,
    landmarks: Points,
    steps: Sequence[tuple[Float[Tensor, "c h w"], str]],
    result: Image.Image | None = None,
) -> Image.Image:
    """What became of a photograph, from left to right: where it was framed, each step with its words, the result.

    corners, landmarks: in pixels of the photograph. steps: pictures in [-1, 1]. result: the photograph at the end.
    """
    cells, words = [photo_with_frame(photo, corners, landmarks)], ["photograph, and the frame"]
    for image, text in steps:
        scale = SIDE / image.shape[1]
        size = (round(scale * image.shape[2]), SIDE)
        how = Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.LANCZOS
        cells.append(to_pictures(image[None])[0].resize(size, how))
        words.append(text)
    if result is not None:
        scale = SIDE / max(result.size)
        size = (max(1, round(scale * result.width)), max(1, round(scale * result.height)))
        cells.append(result.resize(size, Image.Resampling.LANCZOS))
        words.append("put back")
    return framed(beside(captioned(cells, words), 2 * GAP), MARGIN)


def photo_with_frame(photo: Image.Image, corners: Points, landmarks: Points) -> Image.Image:
    """The photograph, made smaller, on as much paper as the frame reaches beyond it."""
    across, down = [x for x, _ in corners], [y for _, y in corners]
    left, top = min(0.0, *across), min(0.0, *down)
    width, height = max(photo.width, *across) - left, max(photo.height, *down) - top
    scale = SIDE / max(width, height)
    sheet = Image.new("RGB", (max(1, round(scale * width)), max(1, round(scale * height))), PAPER)
    small = photo.resize(
        (max(1, round(scale * photo.width)), max(1, round(scale * photo.height))), Image.Resampling.LANCZOS
    )
    sheet.paste(small, (round(-scale * left), round(-scale * top)))
    draw = ImageDraw.Draw(sheet)
    at = [((x - left) * scale, (y - top) * scale) for x, y in corners]
    draw.line([*at, at[0]], PAPER, 4)
    draw.line([*at, at[0]], RED, 2)
    for x, y in landmarks:
        _dot(draw, (x - left) * scale, (y - top) * scale, 1.5)
    return sheet


def _crop(
    crop: Float[Tensor, "c h w"], targets: Points, found: Points, mask: Float[Tensor, "1 h w"] | None
) -> Image.Image:
    """The crop, enlarged, with rings and dots."""
    picture = to_pictures(crop[None])[0]
    scale = SIDE / picture.height
    size = (round(scale * picture.width), SIDE)
    if mask is not None:
        where = to_pictures(mask[None] * 2 - 1)[0].convert("L")
        pale = Image.blend(picture, Image.new("RGB", picture.size, PAPER), 0.6)
        picture = Image.composite(picture, pale, where)
    picture = picture.resize(size, Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(picture)
    for x, y in targets:
        for radius, colour in ((8, PAPER), (7, TARGET), (6, TARGET), (5, PAPER)):
            draw.ellipse(
                (x * scale - radius, y * scale - radius, x * scale + radius, y * scale + radius), outline=colour
            )
    for x, y in found:
        _dot(draw, x * scale, y * scale, 2.5)
    return picture


def _dot(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    for size, colour in ((radius + 1, PAPER), (radius, RED)):
        draw.ellipse((x - size, y - size, x + size, y + size), fill=colour)
