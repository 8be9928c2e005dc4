"""Invert any number of photographs into a folder: batch by batch, what is done is kept, what is bad is left out."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from latentwalk.delta import with_delta
from latentwalk.framing.align import Aligned
from latentwalk.framing.face import NoFace
from latentwalk.generator import Generator
from latentwalk.inversion.noise import NoiseMaps
from latentwalk.inversion.tune import Tuning
from latentwalk.inverter import Inverter, mean_square
from latentwalk.jobs.album import Album, rounded
from latentwalk.jobs.invert import Framing, frame_mask, invert_frames
from latentwalk.jobs.photo_records import records
from latentwalk.progress import Progress, silent

BATCH = 32
"""Photographs that are inverted at once, and kept at once."""


def invert_all(
    album: Album,
    generator: Generator,
    photos: Sequence[str],
    inverter: Inverter,
    framing: Framing,
    progress: Progress = silent,
    faceless: list[NoFace] | None = None,
) -> Iterator[Album]:
    """The album with these photographs too, after every batch of them.

    Photographs that are in it already are not inverted again; those that cannot be read or framed are skipped, and the
    album says why; `faceless` collects what was searched for a face in vain. Raises ValueError for what is wrong with
    all of them.
    """
    known = {photo.photo for photo in album.record.photos}
    open_ones = [photo for photo in dict.fromkeys(photos) if photo not in known]
    for start in range(0, len(open_ones), BATCH):
        names: list[str] = []
        frames: list[Aligned] = []
        skipped: dict[str, str] = {}
        for photo in open_ones[start : start + BATCH]:
            progress("framing photographs", start + len(names) + len(skipped), len(open_ones))
            try:
                frames.append(framing.frame(photo, generator, progress))
                names.append(photo)
            except ValueError as error:
                skipped[photo] = str(error)
                if isinstance(error, NoFace) and faceless is not None:
                    faceless.append(error)
        if not frames:
            album = album.with_photos([], None, skipped)
        else:
            found = invert_frames(generator, frames, inverter, progress)
            album = album.with_photos(records(names, frames, found), found.latents.to("cpu"), skipped)
        progress("inverting photographs", start + len(names) + len(skipped), len(open_ones))
        yield album


def tune_album(album: Album, generator: Generator, tuning: Tuning | NoiseMaps, progress: Progress = silent) -> Album:
    """The album with a delta: the last layers, or noise maps, have learned all its photographs.

    generator: the fixed one. Raises ValueError when a photograph is not there any more.
    """
    assert album.latents is not None
    frames = [album.framed(i, generator) for i in range(len(album))]
    targets = torch.stack([frame.crop for frame in frames]).to(generator.device)
    mask = frame_mask(frames)
    delta = tuning.tune(generator, album.latents, targets, mask, progress)
    images = with_delta(generator, delta).render(album.latents.to(generator.device)).float()
    near = 10 * torch.log10(4 / mean_square(images - targets, None if mask is None else mask.to(images)))
    photos = [
        photo.model_copy(update={"tuned": value})
        for photo, value in zip(album.record.photos, rounded(near, 2), strict=True)
    ]
    return replace(album, record=album.record.model_copy(update={"photos": photos}), delta=delta)
