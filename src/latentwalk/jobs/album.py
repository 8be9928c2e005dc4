"""Inverted photographs as a folder keeps them: the codes, how each photograph was framed, and what tuning learned."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from pydantic import Field, JsonValue, ValidationError
from torch import Tensor

from latentwalk.code_files import IN_FOLDER
from latentwalk.delta import Delta, with_delta
from latentwalk.filenames import readable
from latentwalk.files import write_text
from latentwalk.framing.align import Aligned, through
from latentwalk.framing.identity import Identity
from latentwalk.framing.paste import paste
from latentwalk.generator import Generator
from latentwalk.jobs.load import find_source
from latentwalk.latents import Latents, concatenate
from latentwalk.origin import Record, Source
from latentwalk.photos import read_photo
from latentwalk.version import VERSION

RECORD, DELTA = "photos.json", "delta.safetensors"
"""Names in the folder, beside the codes."""


class PhotoRecord(Record):
    """What was done with one photograph.

    photo: its path. transform: two rows [3] from its pixels to those of the crop. landmarks: the five of its face, in
    its pixels; template: where the generator has them, in pixels of the crop. face: which of `faces` it is, 0 for none.
    note: what a person should know of the framing. psnr: of the picture of the code, in dB, where the photograph is.
    norm: of the code. evaluations: how often its picture was made. reached: whether it came as near as was asked.
    identity: cosine of face embeddings of crop and picture, None where none was measured.
    tuned: the same PSNR with the tuned generator. distances: of crop and picture, by the networks that were asked.
    """

    photo: str
    transform: list[list[float]]
    landmarks: list[list[float]] | None = None
    template: list[list[float]] | None = None
    face: int = 0
    faces: int = 0
    note: str = ""
    psnr: float
    norm: float
    evaluations: int
    reached: bool
    identity: float | None = None
    tuned: float | None = None
    distances: dict[str, float] = Field(default_factory=dict)

    @property
    def points(self) -> Float[np.ndarray, "5 2"]:
        """The landmarks. Raises ValueError without a face."""
        if self.landmarks is None:
            raise ValueError(f"{self.photo} was framed without a face")
        return np.array(self.landmarks, dtype=np.float64)

    @property
    def frame(self) -> Float[np.ndarray, "2 3"]:
        return np.array(self.transform, dtype=np.float64)


class AlbumRecord(Record):
    """How photographs were inverted. inverter: its name. settings: of it and of the framing. skipped: why, by path."""

    latentwalk: str = VERSION
    generator: Source
    inverter: str
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    photos: list[PhotoRecord] = Field(default_factory=list)
    skipped: dict[str, str] = Field(default_factory=dict)

    @property
    def likeness_optimised(self) -> bool:
        """Whether codes were optimised for the identity that is measured, which then judges nothing."""
        loss = self.settings.get("loss")
        return isinstance(loss, list) and any(str(term).startswith(Identity.name) for term in loss)


@dataclass(frozen=True, eq=False)
class Album:
    """Photographs with their codes, in one order. delta: of a tuned generator. folder: where it was read from."""

    record: AlbumRecord
    latents: Latents | None = None
    delta: Delta | None = None
    folder: Path = field(default_factory=Path)

    def __len__(self) -> int:
        return len(self.record.photos)

    def without(self, photos: Iterable[str]) -> list[str]:
        """Those of these photographs that are not in it, each once."""
        known = {photo.photo for photo in self.record.photos}
        return [photo for photo in dict.fromkeys(photos) if readable(photo) not in known]

    def with_photos(self, photos: Sequence[PhotoRecord], latents: Latents | None, skipped: dict[str, str]) -> "Album":
        """The album with more photographs at its end. A delta that was tuned on fewer is gone."""
        done = {photo.photo for photo in photos}  # one that was bad may have been mended
        left = {name: why for name, why in {**self.record.skipped, **skipped}.items() if name not in done}
        record = self.record.model_copy(update={"photos": [*self.record.photos, *photos], "skipped": left})
        parts = [part for part in (self.latents, latents) if part is not None]
        return replace(
            self, record=record, latents=concatenate(parts) if parts else None, delta=None if photos else self.delta
        )

    def save(self, folder: Path) -> None:
        """Write the folder; each file whole or not at all, the record last."""
        if self.latents is not None:
            self.latents.to("cpu").save(folder / IN_FOLDER)
        if self.delta is not None:
            self.delta.save(folder / DELTA)
        else:
            (folder / DELTA).unlink(missing_ok=True)
        write_text(folder / RECORD, self.record.model_dump_json(indent=2, exclude_none=True) + "\n")

    @staticmethod
    def read(folder: Path) -> "Album":
        """Raises ValueError for a folder that is none, or is damaged."""
        try:
            record = AlbumRecord.model_validate_json((folder / RECORD).read_bytes())
        except OSError as error:
            raise ValueError(
                f"{folder} holds no inverted photographs: expected a folder of latentwalk invert"
            ) from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ValueError(
                f"{folder / RECORD} is damaged or newer than this version: {where}: {first['msg']}"
            ) from error
        latents = Latents.load(folder / IN_FOLDER) if record.photos else None
        if latents is not None and len(latents) < len(record.photos):
            raise ValueError(f"{folder} is damaged: {len(latents)} codes for {len(record.photos)} photographs")
        latents = None if latents is None else latents[: len(record.photos)]  # a stop may have left more codes
        delta = Delta.load(folder / DELTA) if (folder / DELTA).exists() else None
        return Album(record, latents, delta, folder)

    def codes(self, generator: Generator) -> Latents:
        """The codes, where the generator is. Raises ValueError when there are none."""
        if self.latents is None:
            raise ValueError(f"{self.folder} holds no photograph that could be inverted")
        return self.latents.to(generator.device, generator.dtype)

    def generator(self, generator: Generator) -> Generator:
        """The generator that these codes belong to: tuned, where it was. Raises ValueError for another one."""
        made = self.record.generator
        if made.fingerprint != generator.fingerprint:
            raise ValueError(
                f"the photographs were inverted with the generator {made.source} ({made.fingerprint}), this one is "
                f"{generator.fingerprint}: invert them again"
            )
        if self.delta is None:
            return generator
        tuned = with_delta(generator, self.delta)
        tuned.delta = str(self.folder / DELTA)
        return tuned

    def photo(self, index: int) -> Image.Image:
        """A photograph in full resolution. Raises ValueError when it is not there any more."""
        return read_photo(find_source(self.record.photos[index].photo, self.folder))

    def framed(self, index: int, generator: Generator) -> Aligned:
        """A photograph in the frame as before, with its mask. Raises ValueError when it is not there any more."""
        mask = self.record.settings.get("mask")
        drawn = None if mask is None else find_source(str(mask), self.folder)
        return through(self.photo(index), generator, self.record.photos[index].frame, drawn)

    def put_back(
        self, index: int, picture: Float[Tensor, "c h w"], before: Float[Tensor, "c h w"] | None = None
    ) -> Image.Image:
        """A photograph with a picture in its place; with `before` only what differs between the two, see `paste`."""
        return paste(self.photo(index), picture, self.record.photos[index].frame, before)


def is_album(path: Path | None) -> bool:
    """Whether it is a folder of inverted photographs."""
    return path is not None and (path / RECORD).is_file()


def numbers(points: "np.ndarray | None") -> list[list[float]] | None:
    """Points as plain data, to a hundredth of a pixel."""
    return None if points is None else np.round(points, 2).tolist()


def rounded(values: Tensor, digits: int = 4) -> list[float]:
    return [round(float(value), digits) for value in torch.as_tensor(values).tolist()]
