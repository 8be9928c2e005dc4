"""Noise maps that go with photographs, found after their codes and apart from them (Abdal, Qin and Wonka, 2020).

Noise maps can paint any picture over any code, so what they add says nothing of the code: it is found first and stays,
and how near its picture is without them is the main figure. ("Image2StyleGAN++", section 3, in the same order.)
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.delta import Delta, loosened, tensors_of
from latentwalk.generator import Generator
from latentwalk.inversion.tune import check_count
from latentwalk.inverter import mean_square
from latentwalk.latents import Latents
from latentwalk.progress import Progress, silent

MAP = "noise_map"
"""What layers call theirs."""


@dataclass(frozen=True)
class NoiseMaps:
    """Settings of fitting noise maps, in place of `Tuning`. steps, rate: of Adam; maps are of normal numbers."""

    steps: int = 100
    rate: float = 0.2

    def __post_init__(self) -> None:
        if self.steps < 1 or self.rate <= 0:
            raise ValueError(f"expected at least one step and a rate above 0, got {self}")

    def tune(
        self,
        generator: Generator,
        pivots: Latents,
        targets: Float[Tensor, "n c h w"],
        mask: Float[Tensor, "n 1 h w"] | None = None,
        progress: Progress = silent,
    ) -> Delta:
        """The change of the stored noise maps with which the pivots come nearest to the targets.

        targets: in [-1, 1]. mask: how much each pixel counts, in [0, 1]. Several photographs share their maps: they
        are those of the generator that the delta makes. The generator itself stays as it is.
        Raises ValueError for a generator without noise maps, or whose options use others than its own.
        """
        check_count(len(pivots))
        names = noise_maps(generator)
        learning = loosened(generator, names)
        maps = [tensors_of(learning)[name] for name in names]
        optimizer = torch.optim.Adam(maps, self.rate)
        pivots, targets = pivots.to(generator.device, generator.dtype), targets.to(generator.device, generator.dtype)
        mask = None if mask is None else mask.to(generator.device)
        best, kept = float("inf"), [each.detach().clone() for each in maps]
        for step in range(self.steps + 1):  # the last only looks at what the one before it gave
            with torch.enable_grad():
                error = mean_square(learning.synthesize(pivots) - targets, mask).mean()
                gradients = torch.autograd.grad(error, maps)
            if float(error.detach()) < best:
                best, kept = float(error.detach()), [each.detach().clone() for each in maps]
            for each, gradient in zip(maps, gradients, strict=True):
                each.grad = gradient
            optimizer.step()
            progress("fitting noise maps", step, self.steps)
        before = tensors_of(generator)
        changes = {name: (new - before[name].detach()).cpu() for name, new in zip(names, kept, strict=True)}
        return Delta(generator.fingerprint, changes, pivots.to("cpu", torch.float32))


def noise_maps(generator: Generator) -> list[str]:
    """Names of the stored noise maps. Raises ValueError where there are none, or pictures are made with others."""
    names = [name for name in tensors_of(generator) if name.rpartition(".")[2] == MAP]
    if not names:
        raise ValueError(f"this {type(generator).__name__} has no noise maps: leave them out")
    if generator.options.noise != "const":
        raise ValueError(
            f"noise maps are fitted where the stored ones are added, got the noise {generator.options.noise!r}: "
            "expected 'const'"
        )
    return names
