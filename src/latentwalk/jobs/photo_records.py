"""What is written down of inverted photographs: how each was framed, how near its code came, and by which settings."""

from collections.abc import Sequence
from typing import Any

from latentwalk.framing.align import Aligned
from latentwalk.framing.identity import Identity
from latentwalk.inverter import Inversion, Inverter
from latentwalk.jobs.album import PhotoRecord, numbers, rounded
from latentwalk.photos import Photo, photo_name


def records(names: Sequence[Photo], frames: Sequence[Aligned], found: Inversion) -> list[PhotoRecord]:
    """What was done with each photograph."""
    cosines = identities(frames, found)
    figures = zip(rounded(found.psnr, 2), rounded(found.norms, 3), strict=True)
    return [
        PhotoRecord(
            photo=photo_name(name),
            transform=[[float(value) for value in row] for row in frame.transform],
            landmarks=numbers(frame.landmarks),
            template=numbers(frame.template),
            face=frame.face,
            faces=frame.faces,
            note=frame.note,
            psnr=psnr,
            norm=norm,
            evaluations=int(found.evaluations[i]),
            reached=bool(found.reached[i]),
            identity=cosines[i],
            distances={name: round(float(values[i]), 4) for name, values in found.distances.items()},
        )
        for i, (name, frame, (psnr, norm)) in enumerate(zip(names, frames, figures, strict=True))
    ]


def identities(frames: Sequence[Aligned], found: Inversion) -> list[float | None]:
    """Cosines of the faces of photographs and pictures; None where no face is, or no network to tell them apart."""
    if not any(frame.landmarks is not None for frame in frames):
        return [None] * len(frames)
    try:
        network = Identity()
    except ValueError:  # landmarks were given, and the extra `photos` is not installed
        return [None] * len(frames)
    cosines = network.compare(found.targets, found.images).tolist()
    return [None if value != value else round(value, 3) for value in cosines]


def plain_settings(inverter: Inverter, name: str) -> dict[str, Any]:
    """The settings of an inverter as plain data; `loss` where it follows more than pixels."""
    plain = {k: v for k, v in vars(inverter).items() if isinstance(v, int | float | str) or v is None}
    beside = [f"{term.seen.name} * {term.weight:g}" for term in getattr(inverter, "beside", ())]
    return {"inverter": name, **plain, **({"loss": ["pixel", *beside]} if beside else {})}
