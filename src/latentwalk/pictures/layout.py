"""Pictures put beside, below and around each other; strips, grids and maps are built from these few words."""

from collections.abc import Sequence, Sized

from jaxtyping import Float
from PIL import Image, ImageOps
from torch import Tensor

from latentwalk.images import to_pictures
from latentwalk.pictures.text import FAINT, PAPER, RED, Colour, caption, caption_size, label

GAP = 4
"""Pixels between neighbours."""

MARGIN = 8
"""Pixels of paper around a finished picture."""

FRAME = 3
"""Thickness in pixels of the frame around a picture that is marked; the others have paper there."""

COMFORTABLE = 160
"""Pixels that a picture is at least wide when nobody says how large it should be."""


def enlarge(images: Float[Tensor, "n c h w"], scale: int | None = None, transparent: bool = False) -> list[Image.Image]:
    """Pictures of images in [-1, 1]; every pixel becomes a square of `scale` pixels.

    scale: without it the smallest whole number that makes a face comfortable to see: 3 for 64 pixels, 1 from 160 on.
    transparent: see `to_pictures`.
    Raises ValueError for no images, or a scale below 1.
    """
    if len(images) == 0:
        raise ValueError("expected at least one image to show, got none")
    if scale is None:
        scale = -(-COMFORTABLE // images.shape[3])
    if scale < 1:
        raise ValueError(f"expected a scale of at least 1, got {scale}")
    pictures = to_pictures(images, transparent)
    size = (pictures[0].width * scale, pictures[0].height * scale)
    return [picture.resize(size, Image.Resampling.NEAREST) for picture in pictures]


def captioned(pictures: Sequence[Image.Image], captions: Sequence[str] | None) -> list[Image.Image]:
    """Every picture with its caption beneath. Raises ValueError unless there is one caption per picture."""
    if captions is None:
        return list(pictures)
    check_count("caption", captions, len(pictures))
    return [
        caption(picture, text, caption_size(picture.width)) for picture, text in zip(pictures, captions, strict=True)
    ]


def check_count(what: str, given: Sized, expected: int, of: str = "picture") -> None:
    """Raises ValueError unless there is one of `what` for everything that is shown."""
    if len(given) != expected:
        raise ValueError(f"expected one {what} per {of}, got {len(given)} for {expected}")


def beside(pictures: Sequence[Image.Image], gap: int = GAP, middle: bool = False) -> Image.Image:
    """From left to right, level at the top or, with `middle`, at half of the height."""
    height = max(picture.height for picture in pictures)
    row = Image.new("RGB", (sum(picture.width for picture in pictures) + gap * (len(pictures) - 1), height), PAPER)
    left = 0
    for picture in pictures:
        row.paste(picture, (left, (height - picture.height) // 2 if middle else 0))
        left += picture.width + gap
    return row


def stack(pictures: Sequence[Image.Image], gap: int = GAP) -> Image.Image:
    """From top to bottom, level at the left; narrower pictures are filled up with paper."""
    height = sum(picture.height for picture in pictures) + gap * (len(pictures) - 1)
    column = Image.new("RGB", (max(picture.width for picture in pictures), height), PAPER)
    top = 0
    for picture in pictures:
        column.paste(picture, (0, top))
        top += picture.height + gap
    return column


def table(cells: Sequence[Image.Image], columns: int, gap: int = GAP) -> Image.Image:
    """Cells of one width in rows of `columns`. Raises ValueError for less than one column."""
    if columns < 1:
        raise ValueError(f"expected at least 1 column, got {columns}")
    rows = [beside(cells[start : start + columns], gap) for start in range(0, len(cells), columns)]
    return stack(rows, gap)


def padded(picture: Image.Image, width: int, height: int, middle: bool = False) -> Image.Image:
    """The picture on paper of this size, or of its own where that is larger: at the left, at the top or half way up."""
    sheet = Image.new("RGB", (max(width, picture.width), max(height, picture.height)), PAPER)
    sheet.paste(picture, (0, (sheet.height - picture.height) // 2 if middle else 0))
    return sheet


def framed(picture: Image.Image, thickness: int, colour: Colour = PAPER) -> Image.Image:
    """The whole picture with a frame around it; of paper it is a margin."""
    return ImageOps.expand(picture, thickness, colour)


def marked(picture: Image.Image, text: str, mark: str) -> Image.Image:
    """The picture with its caption; with a mark, such as "not reached", it has a red frame and says so."""
    size = caption_size(picture.width)
    half = caption(framed(picture, FRAME, RED if mark else PAPER), text, size)
    return caption(half, mark, size, RED) if mark else half


def on_the_way(pictures: Sequence[Image.Image], captions: Sequence[str] | None, mark: str | None) -> list[Image.Image]:
    """The frames of one code with their captions. mark: of the last frame, "" for none; None leaves no room for it.

    Raises ValueError unless there is one caption per picture.
    """
    if mark is None:
        return captioned(pictures, captions)
    if captions is not None:
        check_count("caption", captions, len(pictures))
    texts, last = captions or [""] * len(pictures), len(pictures) - 1
    return [marked(picture, texts[i], mark if i == last else "") for i, picture in enumerate(pictures)]


def noted(picture: Image.Image, text: str) -> Image.Image:
    """A finished picture with a note beneath it, as wide as before; without text it is the picture itself."""
    if not text:
        return picture
    note = label(text, caption_size(COMFORTABLE), max(1, picture.width - 2 * MARGIN), FAINT)
    return stack([picture, framed(note, MARGIN)], 0)
