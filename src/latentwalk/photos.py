"""Photographs from anywhere as plain RGB pictures: upright, of limited size, and without what else the file knew."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from latentwalk.filenames import readable
from latentwalk.images import to_pictures
from latentwalk.photo_files import decode_photo, plain

Photo = str | Path | Image.Image | Tensor
"""What counts as a photograph: the path of a file, a picture, or a tensor [c, h, w] or [1, c, h, w] in [-1, 1]."""


def read_photo(photo: Photo) -> Image.Image:
    """The photograph as an RGB picture in full resolution, upright, with no metadata: no EXIF, no place, no profile.

    Orientation is respected, colours are brought to sRGB where the file has a profile, transparent parts are put on
    white, 16 bits become 8, and an animation is its first picture. A tensor holds values in [-1, 1].
    Raises ValueError of one line that names the file for anything that is no photograph, is damaged, or has more than
    `MOST_PIXELS` pixels.
    """
    if isinstance(photo, Tensor):
        return _of_tensor(photo)
    if isinstance(photo, Image.Image):
        return plain(photo, photo_name(photo))
    path, name = Path(photo), photo_name(photo)
    if not path.is_file():
        raise ValueError(f"no photograph at {name}: expected a file such as photos/me.jpg")
    return decode_photo(path, name)


def photo_name(photo: Photo) -> str:
    """What messages call a photograph."""
    if isinstance(photo, str | Path):
        return readable(photo)
    return "the tensor" if isinstance(photo, Tensor) else "the picture"


def _of_tensor(images: Tensor) -> Image.Image:
    """One picture of a tensor."""
    if images.dim() == 3:
        images = images[None]
    if images.dim() != 4 or len(images) != 1 or images.shape[1] not in (1, 3):
        raise ValueError(f"expected a tensor [3, h, w] or [1, h, w], got {list(images.shape)}")
    if not images.is_floating_point() or not torch.isfinite(images).all() or images.abs().amax() > 1.01:
        raise ValueError("expected a tensor of numbers in [-1, 1]: divide bytes by 127.5 and subtract 1")
    return plain(to_pictures(images)[0], photo_name(images))
