"""What came of inverting photographs: their codes, how each was framed, and the way back into the photograph."""

from dataclasses import dataclass, replace
from pathlib import Path

from jaxtyping import Bool, Float
from PIL import Image
from torch import Tensor

from latentwalk.delta import Delta
from latentwalk.framing.align import Aligned
from latentwalk.framing.paste import paste
from latentwalk.generator import Generator
from latentwalk.images import save_image
from latentwalk.inverter import Inversion
from latentwalk.jobs.album import AlbumRecord
from latentwalk.latents import Latents
from latentwalk.notebook import MOST_PICTURES, Shown, card, counted, figures, lines, pairs
from latentwalk.photos import Photo, photo_name, read_photo
from latentwalk.pictures.framing import photo_with_frame, story
from latentwalk.pictures.layout import stack

STEPS = ("photograph", "framed", "found")
"""What is shown of a photograph."""


@dataclass(frozen=True, eq=False)
class Inverted(Shown):
    """Photographs and their codes.

    generator: the one that renders the codes: tuned, where that was asked for. inversion: codes, pictures and what they
    cost. frames: how each photograph was framed. photos: the photographs. delta: what tuning changed.
    receipt: how it was done and what came of every photograph, as a folder of `latentwalk invert` has it.
    A single index or a slice gives some of the photographs.
    """

    generator: Generator
    inversion: Inversion
    frames: tuple[Aligned, ...]
    photos: tuple[Photo, ...]
    receipt: AlbumRecord
    delta: Delta | None = None

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int | slice) -> "Inverted":
        part = index if isinstance(index, slice) else slice(index, index + 1 or None)
        receipt = self.receipt.model_copy(update={"photos": self.receipt.photos[part]})
        return replace(
            self, inversion=self.inversion[part], frames=self.frames[part], photos=self.photos[part], receipt=receipt
        )

    def _repr_html_(self) -> str:
        """The first photographs: the frame in each, what was asked for, the picture of its code, and how near it is."""
        some = self[: MOST_PICTURES // len(STEPS)]
        cells = [(some._steps(i), lines("\n".join(some._said(i)))) for i in range(len(some))]
        made, tuned = self.receipt, self.delta is not None
        facts = {"by": made.inverter, "codes of": self.latents.space, "tuned": "yes" if tuned else "no"}
        facts["seconds"] = f"{self.inversion.seconds:.1f}"
        return card(f"{counted(len(self), 'photograph')}: {', '.join(STEPS)}", facts, figures(cells, len(self)))

    def __repr__(self) -> str:
        near = ", ".join(f"{psnr:.1f}" for psnr in self.psnr.tolist()[:MOST_PICTURES])
        return f"Inverted: {counted(len(self), 'photograph')}, codes of {self.latents.space}, as near as {near} dB"

    def picture(self) -> Image.Image:
        """The first photographs, a row each, with their steps in words."""
        rows = []
        for i in range(min(len(self), MOST_PICTURES // len(STEPS))):
            near = f"{STEPS[2]}, {float(self.psnr[i]):.1f} dB"
            rows.append(story(*self._place(i), [(self.targets[i], STEPS[1]), (self.images[i], near)]))
        return stack(rows)

    def save(self, path: str | Path) -> None:
        """Write the picture (.png, .jpg, .webp); codes are saved by `latents.save`. Raises ValueError for others."""
        save_image(path, self.picture())

    def _steps(self, index: int) -> list[Image.Image]:
        """The pictures of one photograph, see `STEPS`."""
        one = self[index]
        return [photo_with_frame(*self._place(index)), *pairs(one.targets, one.images)[0]]

    def _place(self, index: int) -> tuple[Image.Image, list[list[float]], list[list[float]]]:
        """One photograph, the corners of its frame, and the landmarks in it."""
        frame = self.frames[index]
        marks = [] if frame.landmarks is None else frame.landmarks.tolist()
        return read_photo(self.photos[index]), frame.corners.tolist(), marks

    def _said(self, index: int) -> list[str]:
        """Name, how near, and what a person should know of the framing."""
        before = self.receipt.photos[index].psnr
        near = f"{before:.1f} dB" + (f", tuned {float(self.psnr[index]):.1f} dB" if self.delta is not None else "")
        return [part for part in (photo_name(self.photos[index]), near, self.frames[index].note) if part]

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

    @property
    def distances(self) -> dict[str, Float[Tensor, "n"]]:
        """How far the pictures are from their photographs, by the names of the networks that were asked."""
        return dict(self.inversion.distances)

    @property
    def identity(self) -> list[float | None]:
        """Cosines of the faces of photographs and pictures of the codes, before tuning, by SFace.

        None where no face is, or no network to tell. It judges nothing where codes were optimised for it
        (`receipt.likeness_optimised`).
        """
        return [photo.identity for photo in self.receipt.photos]

    def put_back(self, images: Float[Tensor, "n c h w"], change: bool = False) -> list[Image.Image]:
        """The photographs in full resolution, with these pictures in the place of the frames.

        change: add only what differs between the pictures and those of the codes, so that all else is the photograph's.
        """
        before = self.images if change else [None] * len(self)
        return [
            paste(read_photo(photo), image, frame.transform, old)
            for photo, frame, image, old in zip(self.photos, self.frames, images, before, strict=True)
        ]
