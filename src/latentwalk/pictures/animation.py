"""Walks that move: frames, GIF and MP4."""

from collections.abc import Sequence
from pathlib import Path

import imageio.v2 as imageio
import numpy as np
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from latentwalk.files import atomic
from latentwalk.pictures.layout import MARGIN, captioned, check_count, enlarge, framed, padded, table

PALETTE_PIXELS = 1 << 20
"""About as many pixels as choose the colours of a GIF."""


def frames(
    paths: Sequence[Float[Tensor, "_ c h w"]],
    captions: Sequence[Sequence[str]] | None = None,
    scale: int = 2,
    columns: int | None = None,
) -> list[Image.Image]:
    """Pictures of one size in which several codes walk side by side; who has arrived waits at the end.

    paths: per code its images in [-1, 1] from start to end. captions: per code one text per image.
    columns: codes per row, all of them when None. Returns as many pictures as the longest path has images.
    Raises ValueError for no paths, an empty path, or captions that do not match.
    """
    if len(paths) == 0:
        raise ValueError("expected at least one path of images, got none")
    if captions is not None:
        check_count("list of captions", captions, len(paths), of="path")
    walks = [
        captioned(enlarge(images, scale), None if captions is None else captions[i]) for i, images in enumerate(paths)
    ]
    # Captions may take more lines in some frames than in others: every cell gets the height of the highest.
    height = max(picture.height for walk in walks for picture in walk)
    cells = [[padded(picture, picture.width, height) for picture in walk] for walk in walks]
    return [
        framed(table([walk[min(step, len(walk) - 1)] for walk in cells], columns or len(cells)), MARGIN)
        for step in range(max(len(walk) for walk in cells))
    ]


def there_and_back(frames: Sequence[Image.Image]) -> list[Image.Image]:
    """The frames forwards and then backwards, neither end twice, so that a loop runs without a jump."""
    return [*frames, *frames[-2:0:-1]]


def gif(path: str | Path, frames: Sequence[Image.Image], fps: int = 12, bounce: bool = True) -> None:
    """Write an endless GIF, atomically. One palette for all frames and no dithering, so that still parts stay still.

    fps: frames per second, 1 to 50; the format counts time in hundredths of a second. Equal neighbours are stored once
    and shown longer. bounce: also play backwards.
    Raises ValueError for no frames, frames of different sizes, or another fps.
    """
    check_frames(frames)
    if not 1 <= fps <= 50:
        raise ValueError(f"a GIF shows 1 to 50 frames per second, got {fps}")
    palette = common_palette(frames)
    shown = [
        frame.convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in (there_and_back(frames) if bounce else frames)
    ]
    with atomic(path) as temporary:
        shown[0].save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=shown[1:],
            duration=round(100 / fps) * 10,
            loop=0,
            disposal=1,
        )


def mp4(path: str | Path, frames: Sequence[Image.Image], fps: int = 24, bounce: bool = True) -> None:
    """Write an H.264 film that plays everywhere, atomically. Odd sizes grow by a row or column of paper.

    fps: frames per second, at least 1. bounce: also play backwards.
    Raises ValueError for no frames, frames of different sizes, or another fps.
    """
    width, height = check_frames(frames)
    if fps < 1:
        raise ValueError(f"a film shows at least 1 frame per second, got {fps}")
    even = [padded(frame.convert("RGB"), width + width % 2, height + height % 2) for frame in frames]
    with (
        atomic(path) as temporary,
        imageio.get_writer(
            temporary,
            format="FFMPEG",  # pyright: ignore[reportArgumentType]
            fps=fps,
            codec="libx264",
            quality=8,
            macro_block_size=1,
            output_params=["-movflags", "+faststart"],
        ) as writer,
    ):
        for frame in there_and_back(even) if bounce else even:
            writer.append_data(np.asarray(frame))


def check_frames(frames: Sequence[Image.Image]) -> tuple[int, int]:
    """The (width, height) of all frames. Raises ValueError for no frames or frames of different sizes."""
    if len(frames) == 0:
        raise ValueError("expected at least one frame, got none")
    sizes = sorted({frame.size for frame in frames})
    if len(sizes) > 1:
        raise ValueError(f"expected frames of one size, got {', '.join(f'{w} x {h}' for w, h in sizes)}")
    return sizes[0]


def common_palette(frames: Sequence[Image.Image]) -> Image.Image:
    """A picture that carries 256 colours chosen for all frames together."""
    width, height = check_frames(frames)
    keep = max(1.0, (len(frames) * width * height / PALETTE_PIXELS) ** 0.5)
    small = (max(1, round(width / keep)), max(1, round(height / keep)))
    sheet = Image.new("RGB", (small[0], small[1] * len(frames)))
    for i, frame in enumerate(frames):
        sheet.paste(frame.convert("RGB").resize(small, Image.Resampling.NEAREST), (0, i * small[1]))
    return sheet.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
