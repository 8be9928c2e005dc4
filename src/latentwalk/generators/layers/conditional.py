"""What generators have in common whose code has two parts, noise z and a condition y, which enter together."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from latentwalk.conditions import Conditions
from latentwalk.generator import Generator
from latentwalk.latents import Latents, LatentSpace
from latentwalk.options import NEUTRAL, RenderOptions
from latentwalk.stages import Stage


class Conditional(Generator):
    """z [d] and a class, or class vectors [classes] -> image; or "zy" [d + classes], both in one code, without labels.

    A class vector has a number for every condition: 1 where it holds, 0 where not, and any number in between or beyond.
    In "zy" a walk or a slider moves noise and condition alike. Truncation shortens z. A family gives `layers`, which
    take z and y side by side, and the weight that they meet first.
    """

    label_free = frozenset({"zy"})
    layers: nn.Sequential
    noise: int

    def take(self, noise: int, classes: int, conditions: Conditions) -> None:
        """Set the spaces of so many numbers of z and of y, and what those of y are called.

        Raises ValueError when there are names, but not one for each.
        """
        if len(conditions.names) not in (0, classes):
            raise ValueError(f"expected {classes} names of conditions, got {len(conditions.names)}")
        self.noise, self.classes, self.conditions = noise, classes, conditions
        self.spaces = {"z": LatentSpace("z", (noise,)), "zy": LatentSpace("zy", (noise + classes,))}

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

    def part(self, weight: Float[Tensor, "out both"], space: str) -> Float[Tensor, "out d"]:
        """The columns of a weight that all of a code ("zy"), or its noise ("z"), meets."""
        self.check_space(space)
        return weight if space == "zy" else weight[:, : self.noise]
