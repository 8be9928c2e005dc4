"""A walk seen in the whole photograph: each picture of the walk put back into its place."""

import numpy as np
from PIL import Image

from latentwalk.framing.paste import paste
from latentwalk.jobs.album import Album
from latentwalk.jobs.edit import Edited
from latentwalk.jobs.figures import FILM_FRAMES, resample
from latentwalk.numerics.similarity import after, inverse

SIDE = 480
"""Pixels of the longer side of the photograph, at most."""


def photo_frames(album: Album, index: int, edited: Edited, change: bool, count: int = FILM_FRAMES) -> list[Image.Image]:
    """A photograph as its walk goes on, at even speed, from the inverted picture to the edited one.

    index: of the photograph. edited: its edit alone, with its path. change: only what the walk changed is added, so the
    first is the photograph itself. Raises ValueError when the photograph is not there any more.
    """
    photo, transform = album.photo(index), np.array(album.record.photos[index].frame)
    scale = min(1.0, SIDE / max(photo.size))
    if scale < 1:
        size = (max(1, round(scale * photo.width)), max(1, round(scale * photo.height)))
        shrink = np.array([[size[0] / photo.width, 0, 0], [0, size[1] / photo.height, 0]])
        photo, transform = photo.resize(size, Image.Resampling.LANCZOS), after(transform, inverse(shrink))
    codes = edited.start[[0] * count].with_values(resample(edited.path(0).values, count))
    images = edited.generator.render(codes).float()
    return [paste(photo, image, transform, images[0] if change else None) for image in images]
