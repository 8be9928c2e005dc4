"""One step as the losses see it: real pictures, those of the generator, and what the critic says of them."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Batch(NamedTuple):
    """What is random in a step. real: pictures in [-1, 1]. drawn: inputs of the generator. between: numbers in [0, 1],
    one for every picture."""

    real: Float[Tensor, "n c h w"]
    between: Float[Tensor, "n 1 1 1"]
    drawn: tuple[Tensor, ...]


class Scene:
    """A batch and the networks. Everything is computed once: pictures for all turns, judgements for one turn.

    learns: who does in this turn. Nobody else's weights ask for gradients.
    """

    def __init__(self, networks: Mapping[str, nn.Module], batch: Batch, generator_learns: bool, dtype: torch.dtype):
        self.networks, self.batch, self.dtype = networks, batch, dtype
        self.learns: tuple[str, ...] = ()
        self._scores: dict[str, Tensor] = {}
        networks["generator"].requires_grad_(True)  # it runs as one that learns: nothing of it is worked out before
        with torch.set_grad_enabled(generator_learns), self._precision():
            # Once for all turns: the critic learns from the pictures alone, the generator later from what made them.
            self._fake = networks["generator"](*batch.drawn).float()

    def turn(self, learns: tuple[str, ...]) -> None:
        """Begin a turn: exactly these networks learn, and what was judged before is forgotten."""
        self.learns, self._scores = learns, {}
        for name, network in self.networks.items():
            network.requires_grad_(name in learns)

    @property
    def real(self) -> Float[Tensor, "n c h w"]:
        return self.batch.real

    @property
    def fake(self) -> Float[Tensor, "n c h w"]:
        """Pictures of the generator; a gradient reaches it in its own turn only."""
        return self._fake if "generator" in self.learns else self._fake.detach()

    def scores(self, which: str) -> Float[Tensor, "n"]:
        """What the critic says of the pictures, "real" or "fake"."""
        if which not in self._scores:
            self._scores[which] = self.judge(self.real if which == "real" else self.fake)
        return self._scores[which]

    def judge(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n"]:
        """What the critic says of any pictures."""
        with self._precision():
            scores = self.networks["critic"](images)
        return scores.float()

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.real.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16)
