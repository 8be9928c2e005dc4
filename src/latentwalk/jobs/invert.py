"""Invert: photographs -> codes whose pictures are like them, framed as the generator draws, and tuned if asked for."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from latentwalk.delta import with_delta
from latentwalk.features.imagenet import imagenet_features
from latentwalk.framing.align import Aligned
from latentwalk.framing.align import align as align_photo
from latentwalk.framing.likeness import likeness_of
from latentwalk.framing.template import file_name
from latentwalk.generator import Generator
from latentwalk.inversion import INVERTERS
from latentwalk.inversion.noise import NoiseMaps
from latentwalk.inversion.tune import Tuning
from latentwalk.inverter import Inversion, Inverter, Perception, Term
from latentwalk.jobs.album import AlbumRecord, rounded
from latentwalk.jobs.inverted import Inverted
from latentwalk.jobs.photo_records import plain_settings, records
from latentwalk.kept import place
from latentwalk.origin import Source
from latentwalk.photos import Photo
from latentwalk.progress import Progress, silent


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
            folder=templates(generator),
            progress=progress,
        )


def templates(generator: Generator) -> Path:
    """The folder of the template of a generator."""
    return place("templates", file_name(generator)).parent


def invert(
    generator: Generator,
    images: Photo | Iterable[Photo],
    space: str | None = None,
    align: str | Framing = "auto",
    *,
    inverter: Inverter | str = "optimize",
    loss: Sequence[str | Term] = ("pixel",),
    distances: Sequence[str | Perception] = (),
    mask: Photo | None = None,
    tune: bool | Tuning | NoiseMaps = False,
    progress: Progress = silent,
) -> Inverted:
    """Codes whose pictures are like photographs.

    images: a photograph or several: paths, PIL pictures, tensors [c, h, w] in [-1, 1], or a tensor [n, c, h, w].
    space: of the codes; w by itself, or where codes are sampled if there is none.
    align: how photographs are framed: "auto", "face", "learned", "none", or a `Framing`. Faces are found where the
    generator draws some, which needs the extra `photos`.
    inverter: a name of `INVERTERS`, or any `Inverter`. loss: what is followed: "pixel" always; also "identity", so that
    a face stays that of the person, and any `Term`. distances: who measures the result, see `Inversion`: names of
    `PERCEPTIONS` or any `Perception`. mask: a picture of the photograph's size, white where it counts.
    tune: also learn the last layers anew, so that the pictures become those of the photographs (Roich et al., 2021);
    the generator itself stays fixed, and the result has one of its own. `NoiseMaps()` fits the noise maps instead.
    The receipt has how near the codes came before.
    Raises ValueError for a photograph that cannot be read or framed (`NoFace`, with what was searched, where a face is
    looked for in vain), and settings that do not fit.
    """
    photos, framing = read_photos(images), align if isinstance(align, Framing) else Framing(align)
    framing = framing if mask is None else replace(framing, mask=mask)
    frames = [framing.frame(photo, generator, progress) for photo in photos]
    how = read_inverter(inverter, generator, space, loss, progress)
    by = [read_perception(each, generator, progress) for each in distances]
    found = invert_frames(generator, frames, how, progress).measured(by)
    name = inverter if isinstance(inverter, str) else type(inverter).__name__
    receipt = AlbumRecord(
        generator=Source.of(generator),
        inverter=name,
        settings=plain_settings(how, name),
        photos=records(photos, frames, found),
    )
    inverted = Inverted(generator, found, tuple(frames), tuple(photos), receipt)
    return tuned(inverted, Tuning() if tune is True else tune, progress, by) if tune else inverted


def invert_frames(
    generator: Generator, frames: Sequence[Aligned], inverter: Inverter, progress: Progress = silent
) -> Inversion:
    """The codes of framed photographs; what lies outside a photograph, or is masked, counts for nothing."""
    targets = torch.stack([frame.crop for frame in frames]).to(generator.device)
    return inverter.invert(generator, targets, None, frame_mask(frames), progress)


def tuned(
    inverted: Inverted, tuning: Tuning | NoiseMaps, progress: Progress = silent, by: Sequence[Perception] = ()
) -> Inverted:
    """The same codes, and a generator whose last layers, or noise maps, have learned the photographs.

    by: measures the result again.
    """
    found = inverted.inversion
    delta = tuning.tune(inverted.generator, found.latents, found.targets, found.mask, progress)
    generator = with_delta(inverted.generator, delta)
    again = replace(found, images=generator.render(found.latents).float(), distances={}).measured(by)
    pairs = zip(inverted.receipt.photos, rounded(again.psnr, 2), strict=True)
    photos = [photo.model_copy(update={"tuned": value}) for photo, value in pairs]
    receipt = inverted.receipt.model_copy(update={"photos": photos})
    return replace(inverted, generator=generator, inversion=again, receipt=receipt, delta=delta)


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


def read_inverter(
    inverter: Inverter | str,
    generator: Generator,
    space: str | None = None,
    loss: Sequence[str | Term] = ("pixel",),
    progress: Progress = silent,
    encoder: str | Path | None = None,
) -> Inverter:
    """The inverter by its name or itself. loss: as in `invert`. encoder: a file for the inverter trained.

    Raises ValueError for a name that is none, and for a loss that it cannot follow.
    """
    check_loss(loss)
    if len(loss) > 1 and inverter != "optimize":
        name = inverter if isinstance(inverter, str) else type(inverter).__name__
        raise ValueError(f"a loss beside pixels goes with the inverter optimize by name, got {name}: leave it out")
    if not isinstance(inverter, str):
        if space is not None:
            raise ValueError(f"space goes with an inverter by name, got {type(inverter).__name__}: give it the space")
        return inverter
    if inverter not in INVERTERS:
        raise ValueError(f"no inverter {inverter!r}: there are {', '.join(INVERTERS)}")
    make: Any = INVERTERS[inverter]
    known = {field.name for field in fields(make)}
    settings: dict[str, Any] = {"space": space} if "space" in known else {}
    if encoder is not None:
        settings["encoder"] = str(encoder)
    if len(loss) > 1:
        settings["beside"] = tuple(
            term if isinstance(term, Term) else Term(read_perception(term, generator, progress), WEIGHTS[term])
            for term in loss
            if term != "pixel"
        )
    return make(**settings)


def check_loss(loss: Sequence[str | Term]) -> None:
    """Raises ValueError for a loss without pixels, and for names that are none."""
    unknown = [term for term in loss if isinstance(term, str) and term not in ("pixel", *WEIGHTS)]
    if isinstance(loss, str) or unknown or "pixel" not in loss:
        got = loss if isinstance(loss, str) else ", ".join(map(str, loss))
        raise ValueError(f"expected the loss pixel, or pixel and {' or '.join(WEIGHTS)}, got {got or 'none'}")


def read_perception(by: str | Perception, generator: Generator, progress: Progress = silent) -> Perception:
    """What pictures are compared by, by its name or itself. Raises ValueError for a name that is none."""
    if not isinstance(by, str):
        return by
    if by not in PERCEPTIONS:
        raise ValueError(f"nothing compares pictures by {by!r}: there are {', '.join(PERCEPTIONS)}")
    return PERCEPTIONS[by](generator, progress)


PERCEPTIONS: dict[str, Callable[[Generator, Progress], Perception]] = {
    "identity": lambda generator, progress: likeness_of(generator, templates(generator), progress=progress),
    "imagenet": lambda generator, _: imagenet_features(generator.device),
}
"""What photographs and pictures are compared by, by name."""

WEIGHTS = {"identity": 0.05}
"""Of terms of the loss beside the pixels."""


def frame_mask(frames: Sequence[Aligned]) -> Float[Tensor, "n 1 h w"] | None:
    """What of each frame is known; None where all is."""
    if all(frame.mask is None for frame in frames):
        return None
    whole = torch.ones_like(frames[0].crop[:1])
    return torch.stack([whole if frame.mask is None else frame.mask for frame in frames])
