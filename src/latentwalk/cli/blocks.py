"""Pictures in a terminal: two pixels in every character, in 24-bit colour."""

from PIL import Image
from rich.text import Text

UPPER_HALF = "\u2580"


def blocks(picture: Image.Image, columns: int, lines: int) -> Text:
    """The picture in at most so many columns and lines; it is made smaller where it does not fit, never larger.

    The upper pixel of a character is its foreground, the lower one its background.
    """
    scale = min(1.0, columns / picture.width, 2 * lines / picture.height)
    width, height = max(1, round(picture.width * scale)), max(2, 2 * round(picture.height * scale / 2))
    small = picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    text = Text(no_wrap=True, end="")
    for y in range(0, height, 2):
        for x in range(width):
            text.append(UPPER_HALF, f"{_hex(small, x, y)} on {_hex(small, x, y + 1)}")
        text.append("\n")
    return text


def _hex(picture: Image.Image, x: int, y: int) -> str:
    red, green, blue = picture.getpixel((x, y))  # pyright: ignore[reportGeneralTypeIssues] - it is RGB
    return f"#{red:02x}{green:02x}{blue:02x}"
