"""Pivotal tuning: the last layers learn a photograph whose code is held (Roich et al., 2021, "PTI")."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.delta import Delta, loosened
from latentwalk.generator import Generator
from latentwalk.inverter import mean_square
from latentwalk.latents import Latents
from latentwalk.progress import Progress, silent


@dataclass(frozen=True)
class Tuning:
    """Settings of tuning.

    layers: how many of the last layers learn. Two give a photograph its own look and leave what directions do;
    with all of them the picture is as near, and edits no longer work.
    steps: of Adam. rate: of it, as a share of the mean size of the weights of each tensor.
    """

    layers: int = 2
    steps: int = 100
    rate: float = 0.05

    def tune(
        self,
        generator: Generator,
        pivots: Latents,
        targets: Float[Tensor, "n c h w"],
        mask: Float[Tensor, "n 1 h w"] | None = None,
        progress: Progress = silent,
    ) -> Delta:
        """The change of the last layers with which the pivots give the targets.

        targets: in [-1, 1]. mask: how much each pixel counts, in [0, 1]. The generator itself stays as it is.
        """
        names = last_parameters(generator, self.layers)
        learning = loosened(generator, names)
        # The size of a step is relative to that of the weights, so that one rate does for every family.
        parameters = [learning.get_parameter(name) for name in names]
        groups = [{"params": [p], "lr": self.rate * max(float(p.detach().abs().mean()), 1e-3)} for p in parameters]
        optimizer = torch.optim.Adam(groups)
        pivots, targets = pivots.to(generator.device, generator.dtype), targets.to(generator.device, generator.dtype)
        for step in range(self.steps):
            # Half a cosine: long steps to find the look, short ones to settle.
            for group, first in zip(optimizer.param_groups, groups, strict=True):
                group["lr"] = first["lr"] * (0.5 + 0.5 * torch.cos(torch.tensor(torch.pi * step / self.steps)).item())
            optimizer.zero_grad()
            with torch.enable_grad():
                mean_square(learning.synthesize(pivots) - targets, mask).mean().backward()
            optimizer.step()
            progress("tuning", step + 1, self.steps)
        changes = {
            name: (new.detach() - generator.get_parameter(name).detach()).cpu()
            for name, new in zip(names, parameters, strict=True)
        }
        return Delta(generator.fingerprint, changes, pivots.to("cpu", torch.float32))


def last_parameters(generator: Generator, layers: int) -> list[str]:
    """Names of the parameters of the last layers that have any."""
    held: list[list[str]] = []
    for layer in generator.layer_names:
        module = generator.get_submodule(layer)
        names = [f"{layer}.{name}" for name, _ in module.named_parameters()]
        if names:
            held.append(names)
    return [name for names in held[-layers:] for name in names]
