"""A DCGAN whose code has two parts, noise z and a condition y, which enter together (Mirza and Osindero, 2014)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.conditions import UNNAMED, Conditions
from latentwalk.generators.dcgan import DCGAN, Block, BlockSizes, DCGANSizes
from latentwalk.latents import Latents, LatentSpace
from latentwalk.options import NEUTRAL, RenderOptions
from latentwalk.stages import Stage


@dataclass(frozen=True)
class ConditionalDCGANSizes:
    """What it is built from. blocks, tanh: as in `DCGANSizes`; the first block takes z and y. classes: numbers of y.
    conditions: what these are called.

    Raises ValueError when no noise would be left, and for names of other classes.
    """

    blocks: tuple[BlockSizes, ...]
    classes: int
    tanh: bool = True
    conditions: Conditions = UNNAMED

    def __post_init__(self) -> None:
        DCGANSizes(self.blocks, self.tanh)
        if not 0 < self.classes < self.blocks[0].inside:
            raise ValueError(
                f"expected noise beside a condition, got {self.classes} of {self.blocks[0].inside} numbers"
            )
        if len(self.conditions.names) not in (0, self.classes):
            raise ValueError(f"expected {self.classes} names of conditions, got {len(self.conditions.names)}")

    def empty(self) -> list[Block]:
        """Blocks of these sizes, whose weights are still to come."""
        return DCGANSizes(self.blocks, self.tanh).empty()


class ConditionalDCGAN(DCGAN):
    """z [d] and a class, or class vectors [classes] -> image; or "zy" [d + classes], both in one code, without labels.

    A class vector has a number for every condition: 1 where it holds, 0 where not, and any number in between or beyond.
    In "zy" a walk or a slider moves noise and condition alike. blocks, tanh: as in `DCGAN`; classes, conditions: as in
    `ConditionalDCGANSizes`. Truncation shortens z.
    """

    label_free = frozenset({"zy"})

    def __init__(
        self, blocks: Sequence[Block], classes: int, tanh: bool = True, conditions: Conditions = UNNAMED
    ) -> None:
        super().__init__(blocks, tanh)
        self.conditions = conditions
        self.sizes = ConditionalDCGANSizes(tuple(block.sizes for block in blocks), classes, tanh, self.conditions)
        self.classes, both = classes, blocks[0].weight.shape[0]
        self.noise = both - classes
        self.spaces = {"z": LatentSpace("z", (self.noise,)), "zy": LatentSpace("zy", (both,))}

    def map(self, latents: Latents, to: str, options: RenderOptions = NEUTRAL) -> Latents:
        """z and its class as one code, z times the truncation. Raises ValueError for the way back."""
        latents, psi = self.check(latents), options.truncation
        self.check_options(options)
        self.check_space(to)
        if (latents.space, to) == ("zy", "z"):
            raise ValueError("codes in 'zy' cannot go back to 'z': their condition may be one that no class has")
        z = psi * latents.values[:, : self.noise]
        if to == "zy":
            y = self.class_vectors(latents) if latents.space == "z" else latents.values[:, self.noise :]
            z = torch.cat((z, y), 1)
        return Latents(z, to, latents.labels, latents.seeds if psi == 1 else None)

    def stages(self, latents: Latents, options: RenderOptions) -> list[Stage]:
        zy = self.map(latents, "zy", options).values
        return [Stage((zy,), lambda _: self.layers(zy))]

    def entry_weights(self, space: str) -> dict[str, Float[Tensor, "out d"]]:
        """What all of a code ("zy"), or its noise ("z"), meets."""
        (name, weight), *_ = super().entry_weights(space).items()
        return {name: weight if space == "zy" else weight[:, : self.noise]}
