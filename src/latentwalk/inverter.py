"""Which code makes a given picture: what is asked, who answers, and what comes of it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int, Shaped
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from latentwalk.generator import Generator
from latentwalk.images import save_image, to_pictures
from latentwalk.latents import Latents, concatenate
from latentwalk.notebook import MOST_PICTURES, Shown, card, counted, figures, pairs
from latentwalk.progress import Progress, silent

ENOUGH = 2e-4
"""Mean squared difference at which inverters by themselves call a picture reached: 43 dB, which nobody sees."""

TOGETHER = 32
"""Pictures that a network sees at once when distances are measured."""


@dataclass(frozen=True, eq=False)
class Inversion(Shown):
    """Codes of given pictures, and how near they came.

    latents: the codes [n, ...]. images: their pictures. targets: the pictures that were given. mask: how much every
    pixel counted, in [0, 1], None where all did. reached: whether the mean squared difference came down to what the
    inverter calls enough. losses: that difference after every evaluation [steps, n], the start's first; NaN once an
    image was done. evaluations: how often each picture was made, most of them with the gradient of its code.
    seconds: of the whole batch. distances: how far the pictures are from the targets [n], by the names of the networks
    that took part or were asked.
    """

    latents: Latents
    images: Float[Tensor, "n c h w"]
    targets: Float[Tensor, "n c h w"]
    mask: Float[Tensor, "n 1 h w"] | None
    reached: Bool[Tensor, "n"]
    losses: Float[Tensor, "steps n"]
    evaluations: Int[Tensor, "n"]
    seconds: float = 0.0
    distances: Mapping[str, Float[Tensor, "n"]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.latents)

    def __getitem__(self, index: int | slice) -> "Inversion":
        """Those of some pictures; a single index gives a batch of one. `seconds` stay those of the whole batch."""
        if isinstance(index, int):
            index = slice(index, index + 1 or None)
        mask = None if self.mask is None else self.mask[index]
        pictures = (self.images[index], self.targets[index], mask)
        rows = (self.reached[index], self.losses[:, index], self.evaluations[index])
        distances = {name: values[index] for name, values in self.distances.items()}
        return Inversion(self.latents[index], *pictures, *rows, self.seconds, distances)

    def __repr__(self) -> str:
        near = ", ".join(f"{psnr:.1f}" for psnr in self.psnr.tolist()[:MOST_PICTURES])
        return f"Inversion: {counted(len(self), 'picture')}, codes of {self.latents.space}, as near as {near} dB"

    def _repr_html_(self) -> str:
        """Each given picture beside that of its code, and how near it came."""
        some = self[: MOST_PICTURES // 2]
        words = [f"{psnr:.1f} dB" for psnr in some.psnr.tolist()]
        facts = {
            "codes of": self.latents.space,
            "near enough": f"{int(self.reached.sum())} of {len(self)}",
            "pictures made": f"{int(self.evaluations.sum()):,}",
            "seconds": f"{self.seconds:.1f}",
        }
        shown = list(zip(pairs(some.targets, some.images), words, strict=True))
        return card(f"{counted(len(self), 'picture')} inverted: given, found", facts, figures(shown, len(self)))

    def picture(self) -> Image.Image:
        """The first given pictures, each beside that of its code, pixel by pixel."""
        some = self[:MOST_PICTURES]
        return to_pictures(torch.cat([some.targets, some.images], 3).transpose(0, 1).flatten(1, 2)[None])[0]

    def save(self, path: str | Path) -> None:
        """Write the picture (.png, .jpg, .webp); codes are saved by `latents.save`. Raises ValueError for others."""
        save_image(path, self.picture())

    @property
    def mse(self) -> Float[Tensor, "n"]:
        """Mean squared difference between picture and target, where the mask counts; pixels go from -1 to 1."""
        return mean_square(self.images - self.targets, self.mask)

    @property
    def psnr(self) -> Float[Tensor, "n"]:
        """Peak signal-to-noise ratio in dB where the mask counts: 10 log10(4 / mse)."""
        return 10 * torch.log10(4 / self.mse)

    @property
    def norms(self) -> Float[Tensor, "n"]:
        """Lengths of the codes; of w+ the root mean square over layers, so that it compares with w.

        Normal codes of d numbers have sqrt(d).
        """
        values = self.latents.values.float()
        layers = values.shape[1] if self.latents.space == "w+" else 1
        return values.flatten(1).norm(dim=1) / math.sqrt(layers)

    @torch.no_grad()
    def measured(self, by: "Iterable[Perception]") -> "Inversion":
        """The same with the distances that these see, anew; where the mask is 0 they see 0 in both pictures."""
        seen = {
            each.name: torch.cat([_apart(each, self[i : i + TOGETHER]) for i in range(0, len(self), TOGETHER)])
            for each in by
        }
        return replace(self, distances={**self.distances, **seen})

    @staticmethod
    def concatenate(parts: "Sequence[Inversion]") -> "Inversion":
        """One inversion of all pictures from those of consecutive batches; their seconds add.

        Distances are those that all batches have.
        """
        if len(parts) == 1:
            return parts[0]
        masks = [part.mask for part in parts if part.mask is not None]
        if masks and len(masks) < len(parts):
            masks = [torch.ones_like(p.targets[:, :1]) if p.mask is None else p.mask for p in parts]
        steps = max(len(part.losses) for part in parts)
        names = [name for name in parts[0].distances if all(name in part.distances for part in parts)]
        return Inversion(
            latents=concatenate([part.latents for part in parts]),
            images=torch.cat([part.images for part in parts]),
            targets=torch.cat([part.targets for part in parts]),
            mask=torch.cat(masks) if masks else None,
            reached=torch.cat([part.reached for part in parts]),
            losses=torch.cat([_padded(part.losses, steps) for part in parts], 1),
            evaluations=torch.cat([part.evaluations for part in parts]),
            seconds=sum(part.seconds for part in parts),
            distances={name: torch.cat([part.distances[name] for part in parts]) for name in names},
        )


@runtime_checkable
class Inverter(Protocol):
    """A way of inverting; see inversion/ for ours. Any class with this method is one.

    Every picture is inverted on its own: its code must not depend on who else is in the batch. Settings in the
    constructor (a dataclass is best) go into the receipt.
    """

    def invert(
        self,
        generator: Generator,
        images: Float[Tensor, "n c h w"],
        start: Latents | None = None,
        mask: Shaped[Tensor, "..."] | None = None,
        progress: Progress = silent,
    ) -> Inversion:
        """Codes whose pictures are like the given ones.

        images: in [-1, 1], of the generator's size. start: codes to begin with, one per picture; their labels are the
        classes of the pictures. mask: what of the pictures is known, [h, w] or [n, 1, h, w]: true or 1 where a pixel
        counts, false or 0 where it has no influence. progress: hears of what takes long.
        Raises ValueError for pictures and masks of another size or with values that are none, for no pictures, and for
        a space that the generator has not.
        """
        ...


@runtime_checkable
class Perception(Protocol):
    """What pictures are compared by beside their pixels; what features/ has fits.

    name: for people. maps: of pictures [n, c, h, w] in [-1, 1], a list of tensors [n, ...] that gradients flow through.
    distance: how far pictures are apart, from their maps, one by one.
    """

    @property
    def name(self) -> str: ...

    def maps(self, images: Float[Tensor, "n c h w"]) -> list[Tensor]: ...

    def distance(self, first: list[Tensor], second: list[Tensor]) -> Float[Tensor, "n"]: ...


class Term(NamedTuple):
    """A part of a loss beside the pixels: weight * how far apart pictures are as somebody sees them."""

    seen: Perception
    weight: float


def mean_square(
    difference: Float[Tensor, "n c h w"], mask: Float[Tensor, "n 1 h w"] | None = None
) -> Float[Tensor, "n"]:
    """The mean of the squares of each picture, weighted by the mask."""
    squares = difference.float().square().mean(1, keepdim=True)
    if mask is None:
        return squares.mean((1, 2, 3))
    return (mask * squares).sum((1, 2, 3)) / mask.sum((1, 2, 3))


def read_mask(mask: Tensor | None, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 1 h w"] | None:
    """A mask for every picture. Raises ValueError for one of another size, of other values, or that leaves nothing."""
    if mask is None:
        return None
    n, _, h, w = images.shape
    if tuple(mask.shape) not in ((h, w), (1, 1, h, w), (n, 1, h, w)):
        raise ValueError(f"a mask of these pictures is [{h}, {w}] or [{n}, 1, {h}, {w}], got {list(mask.shape)}")
    mask = mask.detach().to(images.device, torch.float32).expand(n, 1, h, w)
    if not bool(((mask >= 0) & (mask <= 1)).all()):
        raise ValueError("a mask has values from 0 (no influence) to 1 (counts): got others")
    if not bool(mask.flatten(1).any(1).all()):
        raise ValueError("a mask leaves nothing of a picture: expected values above 0 where pixels count")
    return mask


def check_images(generator: Generator, images: Tensor) -> Tensor:
    """The pictures on the generator's device, float32. Raises ValueError for any that it could not have made."""
    channels, height, width = generator.image_shape
    if not isinstance(images, Tensor) or images.ndim != 4 or not images.is_floating_point():
        got = f"{images.dtype} {list(images.shape)}" if isinstance(images, Tensor) else type(images).__name__
        raise ValueError(f"expected pictures [n, {channels}, {height}, {width}] with values in [-1, 1], got {got}")
    if tuple(images.shape[1:]) != generator.image_shape:
        raise ValueError(
            f"this generator makes pictures [{channels}, {height}, {width}], got {list(images.shape[1:])}: "
            "align or resize them first"
        )
    if not len(images):
        raise ValueError("expected at least one picture, got none")
    if not bool(images.isfinite().all()):
        raise ValueError("a picture holds NaN or infinite values: expected values in [-1, 1]")
    return images.detach().to(generator.device, torch.float32)


def _apart(by: Perception, found: Inversion) -> Float[Tensor, "n"]:
    """Distances of pictures from their targets."""
    pair = (found.images, found.targets)
    if found.mask is not None:
        pair = tuple(torch.where(found.mask > 0, pictures, 0) for pictures in pair)
    first, second = (by.maps(pictures.float()) for pictures in pair)
    return by.distance(first, second).float()


def _padded(losses: Float[Tensor, "steps n"], steps: int) -> Float[Tensor, "most n"]:
    return F.pad(losses, (0, 0, 0, steps - len(losses)), value=math.nan)
