"""Walks that move: frames, GIF and MP4."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import imageio_ffmpeg
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from latentwalk.files import atomic
from latentwalk.pictures.grid import pleasant_columns
from latentwalk.pictures.layout import MARGIN, check_count, enlarge, framed, on_the_way, padded, table
from latentwalk.pictures.palette import indexed

REST = 0.6
"""Seconds that a film stays at the start and at the end, so that the eye can compare them."""


def frames(
    paths: Sequence[Float[Tensor, "_ c h w"]],
    captions: Sequence[Sequence[str]] | None = None,
    columns: int | None = None,
    scale: int | None = None,
    marks: Sequence[str] | None = None,
) -> list[Image.Image]:
    """Pictures of one size in which several codes walk at once; who has arrived waits for the others.

    paths: per code its images in [-1, 1] from start to end. captions: per code one text per image.
    columns: codes per row; without it, a shape that leaves few cells empty. scale: enlarge each image by this
    factor; without it, until it can be seen well. marks: per code what its end is marked with, such as
    "not reached", or "". Returns as many pictures as the longest path has images.
    Raises ValueError for no paths, an empty path, or captions or marks that do not match.
    """
    if len(paths) == 0:
        raise ValueError("expected at least one path of images, got none")
    if captions is not None:
        check_count("list of captions", captions, len(paths), of="path")
    if marks is not None:
        check_count("mark", marks, len(paths), of="path")
    walks = [
        on_the_way(
            enlarge(images, scale),
            None if captions is None else captions[i],
            None if marks is None else marks[i],
        )
        for i, images in enumerate(paths)
    ]
    # Captions may take more lines in some frames than in others: every cell gets the height of the highest.
    height = max(picture.height for walk in walks for picture in walk)
    cells = [[padded(picture, picture.width, height) for picture in walk] for walk in walks]
    across = pleasant_columns(len(cells)) if columns is None else columns
    return [
        framed(table([walk[min(step, len(walk) - 1)] for walk in cells], across), MARGIN)
        for step in range(max(len(walk) for walk in cells))
    ]


def showing(count: int, rest: int, bounce: bool) -> list[int]:
    """The order in which frames 0 ... count - 1 are shown: the first and the last stay for `rest` more.

    bounce: then backwards to the second, so that a loop runs without a jump.
    """
    there = [0] * rest + list(range(count)) + [count - 1] * rest
    return there + list(range(count - 2, 0, -1)) if bounce else there


def gif(path: str | Path, frames: Sequence[Image.Image], fps: int = 12, bounce: bool = True) -> None:
    """Write an endless GIF, atomically. It rests a moment at both ends.

    fps: frames per second, 1 to 50; the format counts time in hundredths of a second. Equal neighbours are stored once
    and shown longer. bounce: also play backwards.
    Raises ValueError for no frames, frames of different sizes, or another fps.
    """
    check_frames(frames)
    if not 1 <= fps <= 50:
        raise ValueError(f"a GIF shows 1 to 50 frames per second, got {fps}")
    stored = indexed([frame.convert("RGB") for frame in frames])
    first, *others = [stored[i] for i in showing(len(stored), round(REST * fps), bounce)]
    with atomic(path) as temporary:
        first.save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=others,
            duration=round(100 / fps) * 10,
            loop=0,
            disposal=1,
        )


def mp4(path: str | Path, frames: Sequence[Image.Image], fps: int = 24, bounce: bool = True) -> None:
    """Write an H.264 film that plays everywhere, atomically. It rests a moment at both ends.

    Odd sizes, which the format does not know, grow by a row or a column of paper.
    fps: frames per second, 1 to 120. bounce: also play backwards.
    Raises ValueError for no frames, frames of different sizes, another fps, or when ffmpeg fails.
    """
    width, height = check_frames(frames)
    if not 1 <= fps <= 120:
        raise ValueError(f"a film shows 1 to 120 frames per second, got {fps}")
    size = (width + width % 2, height + height % 2)
    stored = [padded(frame.convert("RGB"), *size).tobytes() for frame in frames]
    shown = [stored[i] for i in showing(len(stored), round(REST * fps), bounce)]
    with atomic(path) as temporary:
        try:
            _encode(temporary, shown, size, fps)
            written = imageio_ffmpeg.count_frames_and_secs(str(temporary))[0]
        except (OSError, RuntimeError) as error:
            raise ValueError(f"ffmpeg could not write {path}: {error}") from error
        # ffmpeg keeps silent when it fails late, for example on a full disk.
        if written != len(shown):
            raise ValueError(f"ffmpeg could not write {path}: expected {len(shown)} frames, got {written}")


def _encode(path: Path, shown: Sequence[bytes], size: tuple[int, int], fps: int) -> None:
    """Send RGB frames of this size to ffmpeg, which writes them to the path."""
    film = imageio_ffmpeg.write_frames(
        str(path),
        size,
        fps=fps,
        codec="libx264",
        quality=8,
        macro_block_size=1,
        output_params=["-f", "mp4", "-movflags", "+faststart"],
    )
    with closing(film):
        film.send(None)
        for frame in shown:
            film.send(frame)


def check_frames(frames: Sequence[Image.Image]) -> tuple[int, int]:
    """The (width, height) of all frames. Raises ValueError for no frames or frames of different sizes."""
    if len(frames) == 0:
        raise ValueError("expected at least one frame, got none")
    sizes = sorted({frame.size for frame in frames})
    if len(sizes) > 1:
        raise ValueError(f"expected frames of one size, got {', '.join(f'{w} x {h}' for w, h in sizes)}")
    return sizes[0]
