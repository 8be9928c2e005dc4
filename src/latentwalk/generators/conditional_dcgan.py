"""A DCGAN whose code has two parts, noise z and a condition y, which enter together (Mirza and Osindero, 2014)."""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from latentwalk.conditions import UNNAMED, Conditions
from latentwalk.generators.dcgan import DCGAN, Block, BlockSizes, DCGANSizes
from latentwalk.generators.layers.conditional import Conditional


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

    def empty(self) -> list[Block]:
        """Blocks of these sizes, whose weights are still to come."""
        return DCGANSizes(self.blocks, self.tanh).empty()


class ConditionalDCGAN(Conditional, DCGAN):
    """A DCGAN of z and y, see `Conditional`. blocks, tanh: as in `DCGAN`; the first block takes both. classes,
    conditions: as in `ConditionalDCGANSizes`."""

    def __init__(
        self, blocks: Sequence[Block], classes: int, tanh: bool = True, conditions: Conditions = UNNAMED
    ) -> None:
        super().__init__(blocks, tanh)
        self.sizes = ConditionalDCGANSizes(tuple(block.sizes for block in blocks), classes, tanh, conditions)
        self.take(blocks[0].weight.shape[0] - classes, classes, conditions)

    def entry_weights(self, space: str) -> dict[str, Float[Tensor, "out d"]]:
        (name, weight), *_ = DCGAN.entry_weights(self, space).items()
        return {name: self.part(weight, space)}
