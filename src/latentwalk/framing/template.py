"""Where a generator draws faces: the mean landmarks of its own samples, which photographs are brought to."""

import json
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageOps
from pydantic import Field, ValidationError

from latentwalk.files import write_text
from latentwalk.framing.landmarks import YUNET_SHA256, Detector
from latentwalk.generator import Generator
from latentwalk.images import to_pictures
from latentwalk.numerics.similarity import fit_similarity, move
from latentwalk.options import NEUTRAL
from latentwalk.origin import Record
from latentwalk.progress import Progress, silent

SAMPLES = 100
"""Samples that are looked at, seeds 0 to 99."""

LOOK = 256
"""Pixels of the longer side at which samples, and photographs in the frame of samples, are looked at."""

FACES = 0.5
"""The share of samples with a face from which on a generator is one of faces."""

FAR = 2.5
"""Samples that are this many times farther from the median face than half of them are count for nothing."""

MIRRORED = [1, 0, 2, 4, 3]
"""Landmarks of a mirror image in the order of `LANDMARKS`."""


class Template(Record):
    """Five landmarks in pixels of a generator's picture, and how they were found.

    points: x, y of `LANDMARKS`; empty when `found` of `looked` samples with a face are too few.
    generator: its fingerprint. detector: the checksum of its weights.
    """

    generator: str
    detector: str = YUNET_SHA256
    look: int = LOOK
    looked: int = Field(ge=1)
    found: int = Field(ge=0)
    points: list[tuple[float, float]]

    @property
    def array(self) -> Float[np.ndarray, "n 2"]:
        return np.array(self.points, dtype=np.float64).reshape(-1, 2)


def face_template(
    generator: Generator,
    folder: Path | None = None,
    detector: Detector | None = None,
    seeds: range = range(SAMPLES),
    progress: Progress = silent,
) -> Template:
    """The template of a generator; for one that draws no faces, a template without points.

    folder: where it is kept by the generator's fingerprint, and found again. seeds: of the samples that are looked at,
    with neutral options; conditional generators show their classes in turn.
    Raises ValueError when it has to be made and the extra `photos` is not installed.
    """
    path = folder / file_name(generator) if folder and generator.fingerprint else None
    kept = _kept(path, generator.fingerprint, len(seeds)) if path else None
    if kept is not None:
        return kept
    detector = Detector() if detector is None else detector
    found = [points for points in _landmarks(generator, detector, seeds, progress) if points is not None]
    enough = len(found) >= max(2, FACES * len(seeds))
    template = Template(
        generator=generator.fingerprint,
        looked=len(seeds),
        found=len(found),
        points=[(float(x), float(y)) for x, y in average(np.stack(found))] if enough else [],
    )
    if path:
        write_text(path, template.model_dump_json(indent=2) + "\n")
    return template


def file_name(generator: Generator) -> str:
    """What a template is called in its folder."""
    return f"landmarks-{generator.fingerprint}.json"


def _kept(path: Path, fingerprint: str, looked: int) -> Template | None:
    """The template of a file, if it is one of this generator, made as it would be made now."""
    try:
        template = Template.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError, ValidationError):
        return None
    fresh = Template(generator=fingerprint, looked=looked, found=template.found, points=template.points)
    whole = len(template.points) in (0, 5) and bool(np.isfinite(template.array).all())
    return template if whole and template == fresh else None


def _landmarks(
    generator: Generator, detector: Detector, seeds: range, progress: Progress
) -> "list[Float[np.ndarray, '5 2'] | None]":
    """Per sample its landmarks in the generator's pixels, or None."""
    labels = torch.arange(len(seeds)) % generator.classes if generator.classes else None
    codes = generator.sample(seeds, labels)
    found: list[Float[np.ndarray, "5 2"] | None] = []
    for part in generator.batches(codes, None):
        for picture in to_pictures(generator.render(part, NEUTRAL)):
            points = look_closely(detector, picture.resize(look_size(picture.size), Image.Resampling.LANCZOS))
            found.append(None if points is None else points / look_scale(picture.size))
        progress("looking for faces in samples", len(found), len(seeds))
    return found


def look_scale(size: tuple[int, int]) -> float:
    """How many times larger a generator's picture is when it is looked at."""
    return LOOK / max(size)


def look_size(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height at which a generator's picture is looked at."""
    return round(size[0] * look_scale(size)), round(size[1] * look_scale(size))


def look_closely(detector: Detector, picture: Image.Image) -> Float[np.ndarray, "5 2"] | None:
    """Landmarks of the largest face, seen as it is and mirrored: what the detector does to one side, it does to both.

    None unless it is found both times.
    """
    both = [max(detector.look(seen), key=lambda face: face.size, default=None) for seen in (picture, _mirror(picture))]
    if both[0] is None or both[1] is None:
        return None
    back = np.column_stack([picture.width - both[1].points[:, 0], both[1].points[:, 1]])[MIRRORED]
    return (both[0].points + back) / 2


def _mirror(picture: Image.Image) -> Image.Image:
    return ImageOps.mirror(picture)


def average(faces: Float[np.ndarray, "n 5 2"]) -> Float[np.ndarray, "5 2"]:
    """The mean face that looks straight ahead.

    Faces far from the median are left out. Then the mean is made symmetric about its own axis: as many faces look
    left as right, and the tip of the nose, which moves most when a head turns, would need thousands of them to tell.
    """
    away = np.linalg.norm(faces - np.median(faces, axis=0), axis=2).mean(1)
    mean = faces[away <= FAR * np.median(away)].mean(0)
    image = np.column_stack([-mean[:, 0], mean[:, 1]])[MIRRORED]
    return (mean + move(fit_similarity(image, mean), image)) / 2
