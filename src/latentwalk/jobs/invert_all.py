"""Invert any number of photographs into a folder: batch by batch, what is done is kept, what is bad is left out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch

from latentwalk.delta import with_delta
from latentwalk.framing.align import Aligned
from latentwalk.framing.face import NoFace
from latentwalk.generator import Generator
from latentwalk.inversion.noise import NoiseMaps
from latentwalk.inversion.tune import Tuning
from latentwalk.inverter import Inverter, mean_square
from latentwalk.jobs.album import Album, PhotoRecord, rounded
from latentwalk.jobs.invert import Framing, frame_mask, invert_frames
from latentwalk.jobs.photo_records import records
from latentwalk.latents import Latents
from latentwalk.progress import Progress, silent

BATCH = 32
"""Photographs that are inverted at once, and kept at once."""


class Batch(NamedTuple):
    """What came of some photographs.

    photos: those that were inverted. latents: their codes, on the CPU; None for none. skipped: why others were not, by
    path. faceless: those of them that were searched for a face in vain.
    """

    photos: list[PhotoRecord]
    latents: Latents | None
    skipped: dict[str, str]
    faceless: list[NoFace]


def invert_batch(
    photos: Sequence[str],
    generator: Generator,
    inverter: Inverter,
    framing: Framing,
    progress: Progress = silent,
    framed: Callable[[int], None] = lambda _done: None,
    find: Callable[[str], str] = lambda photo: photo,
) -> Batch:
    """Frame photographs, and invert those that can be at once.

    framed: hears how many were looked at. find: where a photograph lies, if not where its name says.
    """
    names: list[str] = []
    frames: list[Aligned] = []
    skipped: dict[str, str] = {}
    faceless: list[NoFace] = []
    for done, photo in enumerate(photos):
        framed(done)
        place = find(photo)
        try:
            frames.append(framing.frame(place, generator, progress))
            names.append(photo)
        except ValueError as error:
            skipped[photo] = str(error).replace(place, photo)
            if isinstance(error, NoFace):
                faceless.append(error)
    if not frames:
        return Batch([], None, skipped, faceless)
    found = invert_frames(generator, frames, inverter, progress)
    return Batch(records(names, frames, found), found.latents.to("cpu"), skipped, faceless)


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
    open_ones = album.without(photos)

    def framed(done: int) -> None:
        progress("framing photographs", start + done, len(open_ones))

    for start in range(0, len(open_ones), BATCH):
        some = open_ones[start : start + BATCH]
        batch = invert_batch(some, generator, inverter, framing, progress, framed)
        album = album.with_photos(batch.photos, batch.latents, batch.skipped)
        if faceless is not None:
            faceless += batch.faceless
        progress("inverting photographs", start + len(some), len(open_ones))
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
