"""One step as the losses see it: real pictures, those of the generator, and what critics and readers say of them."""

from collections.abc import Mapping
from typing import NamedTuple, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.training.label_critics import LabelCritic
from latentwalk.training.players import ConditionalPlayer
from latentwalk.training.ranks import Alone


class Batch(NamedTuple):
    """What is random in a step. real: pictures in [-1, 1]. labels: what is known of them. between: numbers in [0, 1],
    one for every picture. drawn: inputs of the generator: codes first, then the labels that it is to paint."""

    real: Float[Tensor, "n c h w"]
    labels: Float[Tensor, "n l"]
    between: Float[Tensor, "n 1 1 1"]
    drawn: tuple[Tensor, ...]


class Scene:
    """A batch and the networks. Everything is computed once: pictures for all turns, judgements for one turn.

    learns: who does in this turn. Nobody else's weights ask for gradients. ranks: the batch is what this process has of
    a whole one, whose other pictures are with other processes.
    """

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        batch: Batch,
        generator_learns: bool,
        dtype: torch.dtype,
        ranks: Alone | None = None,
    ) -> None:
        self.networks, self.batch, self.dtype = networks, batch, dtype
        self.ranks = ranks or Alone(batch.real.device)
        self.learns: tuple[str, ...] = ()
        self._said: dict[tuple[str, str], Tensor] = {}
        networks["generator"].requires_grad_(True)  # it runs as one that learns: nothing of it is worked out before
        with torch.set_grad_enabled(generator_learns), self._precision():
            # Once for all turns: the critic learns from the pictures alone, the generator later from what made them.
            self._fake = networks["generator"](*batch.drawn).float()

    def turn(self, learns: tuple[str, ...]) -> None:
        """Begin a turn: exactly these networks learn, and what was judged before is forgotten."""
        self.learns, self._said = learns, {}
        for name, network in self.networks.items():
            network.requires_grad_(name in learns)

    @property
    def real(self) -> Float[Tensor, "n c h w"]:
        return self.batch.real

    @property
    def fake(self) -> Float[Tensor, "n c h w"]:
        """Pictures of the generator; a gradient reaches it in its own turn only."""
        return self._fake if "generator" in self.learns else self._fake.detach()

    @property
    def wanted(self) -> Float[Tensor, "n l"]:
        """The labels that the generator was asked for."""
        return self.batch.drawn[1]

    @property
    def exclusive(self) -> bool:
        """Whether every label is one class, rather than some conditions."""
        return cast(ConditionalPlayer, self.networks["generator"]).exclusive

    @property
    def mismatched(self) -> Float[Tensor, "n l"]:
        """Wrong labels of the real pictures: one condition of each turned round, a different one from row to row, so
        that the critic has to look for all of them; of classes, another picture's."""
        if self.exclusive:
            return self.wanted
        labels = self.batch.labels
        turned = self.ranks.places(len(labels)) % labels.shape[1]
        return torch.where(F.one_hot(turned, labels.shape[1]) > 0, 1 - labels, labels)

    def scores(self, which: str) -> Float[Tensor, "n"]:
        """What the critic says of pictures: of "real" or "fake" ones with their own labels, or of "mismatched" ones,
        which are real with wrong labels."""
        return self.says("critic", which)[:, 0]

    def says(self, who: str, which: str) -> Float[Tensor, "n outputs"]:
        """All that a critic or reader says of these pictures."""
        if (who, which) not in self._said:
            images = self.fake if which == "fake" else self.real
            labels = {"real": self.batch.labels, "fake": self.batch.drawn[-1]}.get(which)
            labels = self.mismatched if labels is None else labels
            self._said[who, which] = self.ask(who, images, labels)
        return self._said[who, which]

    def ask(self, who: str, images: Float[Tensor, "n c h w"], labels: Tensor) -> Float[Tensor, "n outputs"]:
        """What a critic or reader says of any pictures; labels: for those who take them."""
        network = self.networks[who]
        with self._precision():
            said = network(images, labels) if isinstance(network, LabelCritic) else network(images)
        return said.float()

    def mean(self, x: Float[Tensor, "n ..."]) -> Float[Tensor, "..."]:
        """Over the pictures of the whole batch. A loss that is a plain mean needs it not; one that goes on to reckon
        with a mean, or remembers it, does."""
        return self.ranks.average(x.mean(0))

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.real.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16)
