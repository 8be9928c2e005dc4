"""Invert: photographs -> codes whose pictures are like them, framed as the generator draws, and tuned if asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Bool, Float
from PIL import Image
from torch import Tensor

from latentwalk.delta import Delta, with_delta
from latentwalk.framing.align import Aligned
from latentwalk.framing.align import align as align_photo
from latentwalk.framing.paste import paste
from latentwalk.framing.template import file_name
from latentwalk.generator import Generator
from latentwalk.inversion import INVERTERS
from latentwalk.inversion.tune import Tuning
from latentwalk.inverter import Inversion, Inverter
from latentwalk.kept import place
from latentwalk.latents import Latents
from latentwalk.photos import Photo, read_photo
from latentwalk.progress import Progress, silent


@dataclass(frozen=True, eq=False)
class Inverted:
    """Photographs and their codes.

    generator: the one that renders the codes: tuned, where that was asked for. inversion: codes, pictures and what they
    cost. frames: how each photograph was framed. photos: the photographs. delta: what tuning changed.
    A single index or a slice gives some of the photographs.
    """

    generator: Generator
    inversion: Inversion
    frames: tuple[Aligned, ...]
    photos: tuple[Photo, ...]
    delta: Delta | None = None

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int | slice) -> "Inverted":
        part = index if isinstance(index, slice) else slice(index, index + 1 or None)
        return replace(self, inversion=self.inversion[part], frames=self.frames[part], photos=self.photos[part])

    @property
    def latents(self) -> Latents:
        """The codes [n, ...]."""
        return self.inversion.latents

    @property
    def images(self) -> Float[Tensor, "n c h w"]:
        """The pictures of the codes, in [-1, 1]."""
        return self.inversion.images

    @property
    def targets(self) -> Float[Tensor, "n c h w"]:
        """The photographs as they were framed, in [-1, 1]."""
        return self.inversion.targets

    @property
    def reached(self) -> Bool[Tensor, "n"]:
        """Whether each picture is as near as the inverter calls enough; a photograph hardly ever is."""
        return self.inversion.reached

    @property
    def psnr(self) -> Float[Tensor, "n"]:
        """How near each picture is to its photograph, in dB, where the photograph is."""
        return self.inversion.psnr

    def put_back(self, images: Float[Tensor, "n c h w"], change: bool = False) -> list[Image.Image]:
        """The photographs in full resolution, with these pictures in the place of the frames.

        change: add only what differs between the pictures and those of the codes, so that all else is the photograph's.
        """
        before = self.images if change else [None] * len(self)
        return [
            paste(read_photo(photo), image, frame.transform, old)
            for photo, frame, image, old in zip(self.photos, self.frames, images, before, strict=True)
        ]


@dataclass(frozen=True)
class Framing:
    """How photographs are framed, see `framing.align.align`."""

    how: str = "auto"
    landmarks: Sequence[Sequence[float]] | None = None
    crop: Sequence[float] | None = None
    face: int | None = None
    mask: Photo | None = None

    def frame(self, photo: Photo, generator: Generator, progress: Progress = silent) -> Aligned:
        """Raises ValueError for a photograph that cannot be read or framed."""
        return align_photo(
            photo,
            generator,
            self.how,
            landmarks=self.landmarks,
            crop=self.crop,
            face=self.face,
            mask=self.mask,
            folder=place("templates", file_name(generator)).parent,
            progress=progress,
        )


def invert(
    generator: Generator,
    images: Photo | Iterable[Photo],
    space: str | None = None,
    align: str | Framing = "auto",
    *,
    inverter: Inverter | str = "optimize",
    mask: Photo | None = None,
    tune: bool | Tuning = False,
    progress: Progress = silent,
) -> Inverted:
    """Codes whose pictures are like photographs.

    images: a photograph or several: paths, PIL pictures, tensors [c, h, w] in [-1, 1], or a tensor [n, c, h, w].
    space: of the codes; w by itself, or where codes are sampled if there is none.
    align: how photographs are framed: "auto", "face", "none", or a `Framing`. Faces are found where the generator draws
    some, which needs the extra `photos`.
    inverter: a name of `INVERTERS`, or any `Inverter`. mask: a picture of the photograph's size, white where it counts.
    tune: also learn the last layers anew, so that the pictures become those of the photographs (Roich et al., 2021);
    the generator itself stays fixed, and the result has one of its own.
    Raises ValueError for a photograph that cannot be read or framed, and settings that do not fit.
    """
    photos, framing = read_photos(images), align if isinstance(align, Framing) else Framing(align)
    framing = framing if mask is None else replace(framing, mask=mask)
    frames = [framing.frame(photo, generator, progress) for photo in photos]
    found = invert_frames(generator, frames, read_inverter(inverter, generator, space), progress)
    inverted = Inverted(generator, found, tuple(frames), tuple(photos))
    return tuned(inverted, tune if isinstance(tune, Tuning) else Tuning(), progress) if tune else inverted


def invert_frames(
    generator: Generator, frames: Sequence[Aligned], inverter: Inverter, progress: Progress = silent
) -> Inversion:
    """The codes of framed photographs; what lies outside a photograph, or is masked, counts for nothing."""
    targets = torch.stack([frame.crop for frame in frames]).to(generator.device)
    return inverter.invert(generator, targets, None, frame_mask(frames), progress)


def tuned(inverted: Inverted, tuning: Tuning, progress: Progress = silent) -> Inverted:
    """The same codes, and a generator whose last layers have learned the photographs."""
    found = inverted.inversion
    delta = tuning.tune(inverted.generator, found.latents, found.targets, found.mask, progress)
    generator = with_delta(inverted.generator, delta)
    again = replace(found, images=generator.render(found.latents).float())
    return replace(inverted, generator=generator, inversion=again, delta=delta)


def read_photos(images: Photo | Iterable[Photo]) -> list[Photo]:
    """One photograph or several as a list. Raises ValueError for none."""
    if isinstance(images, str | Path | Image.Image):
        return [images]
    if isinstance(images, Tensor):
        return [images] if images.ndim == 3 else list(images)
    photos = list(images)
    if not photos:
        raise ValueError("expected at least one photograph, got none")
    return photos


def read_inverter(inverter: Inverter | str, generator: Generator, space: str | None = None) -> Inverter:
    """The inverter by its name or itself. Raises ValueError for a name that is none."""
    if not isinstance(inverter, str):
        if space is not None:
            raise ValueError(f"space goes with an inverter by name, got {type(inverter).__name__}: give it the space")
        return inverter
    if inverter not in INVERTERS:
        raise ValueError(f"no inverter {inverter!r}: there are {', '.join(INVERTERS)}")
    make: Any = INVERTERS[inverter]
    known = {field.name for field in fields(make)}
    return make(**({"space": space} if "space" in known else {}))


def frame_mask(frames: Sequence[Aligned]) -> Float[Tensor, "n 1 h w"] | None:
    """What of each frame is known; None where all is."""
    if all(frame.mask is None for frame in frames):
        return None
    whole = torch.ones_like(frames[0].crop[:1])
    return torch.stack([whole if frame.mask is None else frame.mask for frame in frames])
