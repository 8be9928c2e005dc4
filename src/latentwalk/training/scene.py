"""One step as the losses see it: real pictures, those of the generator, and what critics and readers say of them."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.image_encoder import PictureReader
from latentwalk.training.autoencoder import Autoencoder, Encoded
from latentwalk.training.critics import PlainCritic
from latentwalk.training.label_critics import LabelCritic
from latentwalk.training.players import LabelledPlayer
from latentwalk.training.ranks import Alone


class Batch(NamedTuple):
    """What is random in a step. real: pictures in [-1, 1]. labels: what is known of them. between: numbers in [0, 1],
    one for every picture. drawn: inputs of the generator: codes first, then the labels that it is to paint."""

    real: Float[Tensor, "n c h w"]
    labels: Float[Tensor, "n l"]
    between: Float[Tensor, "n 1 1 1"]
    drawn: tuple[Tensor, ...]


class Scene:
    """A batch and the networks. Everything is computed once, when it is first asked for: pictures and codes for all
    turns, judgements for one turn.

    generator_learns: whether it does in any turn of the step. learns: who does in this turn. Nobody else's weights ask
    for gradients. ranks: the batch is what this process has of a whole one, whose other pictures are with others.
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
        self.generator_learns, self.ranks = generator_learns, ranks or Alone(batch.real.device)
        self.learns: tuple[str, ...] = ()
        self._made: dict[str, tuple[Tensor, ...]] = {}
        self._seen: dict[tuple[str, str], Tensor] = {}
        self._said: dict[tuple[str, str], Tensor] = {}

    def turn(self, learns: tuple[str, ...]) -> None:
        """Begin a turn: exactly these networks learn, and what was judged before is forgotten."""
        self.learns, self._said, self._seen = learns, {}, {}
        for name, network in self.networks.items():
            network.requires_grad_(name in learns)

    @property
    def real(self) -> Float[Tensor, "n c h w"]:
        return self.batch.real

    @property
    def fake(self) -> Float[Tensor, "n c h w"]:
        """Pictures of the generator; a gradient reaches it in its own turn only."""
        return self.pictures("fake")

    def pictures(self, which: str) -> Float[Tensor, "n c h w"]:
        """Those called "real", or "mismatched" where their labels are wrong; "fake" ones, which the generator painted
        as it was asked; and of an autoencoder real ones painted "again".

        A gradient reaches the generator in its own turn only.
        """
        if which in ("real", "mismatched"):
            return self.real
        (images,) = self._from_generator(which, lambda: (self._painted(which),))
        return images

    @property
    def asked(self) -> tuple[Tensor, ...]:
        """What the generator is asked to paint: what was drawn. An autoencoder is for changing pictures: it is asked
        for real ones with their mismatched labels; for samples too, half and half, if a critic sees to those."""
        drawn = self.batch.drawn
        if not isinstance(self.networks["generator"], Autoencoder):
            return drawn
        return torch.where(self._changed, self.codes, drawn[0]), self.wanted

    @property
    def encoded(self) -> Encoded:
        """What an autoencoder says of the real pictures; a gradient reaches it in its own turn only."""
        player = cast(Autoencoder, self.networks["generator"])
        return Encoded(*self._from_generator("encoded", lambda: player.encode(self.real)))

    @property
    def codes(self) -> Float[Tensor, "n z"]:
        """Codes of the real pictures, drawn from what the encoder says (Kingma and Welling, 2014, section 2.4)."""
        mean, log_variance = self.encoded
        return mean + (log_variance / 2).exp() * self.batch.drawn[0]

    @property
    def wanted(self) -> Float[Tensor, "n l"]:
        """The labels that the generator was asked for."""
        return self.labels_of("fake")

    def labels_of(self, which: str) -> Tensor:
        """The labels of pictures, see `pictures`: those that they have, or were asked to have."""
        if which != "fake":
            return self.mismatched if which == "mismatched" else self.batch.labels
        drawn = self.batch.drawn[-1]
        if not isinstance(self.networks["generator"], Autoencoder):
            return drawn
        return torch.where(self._changed, self.mismatched, drawn)

    @property
    def exclusive(self) -> bool:
        """Whether every label is one class, rather than some conditions."""
        return cast(LabelledPlayer, self.networks["generator"]).exclusive

    @property
    def mismatched(self) -> Float[Tensor, "n l"]:
        """Wrong labels of the real pictures: one condition of each turned round, a different one from row to row, so
        that the critic has to look for all of them; of classes, another picture's."""
        if self.exclusive:
            return self.batch.drawn[1]
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
            seen = self._seen.get((who, which))
            self._said[who, which] = (
                self.ask(who, self.pictures(which), self.labels_of(which)) if seen is None else self._answer(who, seen)
            )
        return self._said[who, which]

    def features(self, who: str, which: str) -> Float[Tensor, "n f h w"]:
        """What a critic that takes no labels sees in these pictures before it says something."""
        if (who, which) not in self._seen:
            with self._precision():
                self._seen[who, which] = (
                    cast(PlainCritic | PictureReader, self.networks[who]).features(self.pictures(which)).float()
                )
        return self._seen[who, which]

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

    def ask_codes(self) -> Float[Tensor, "n l"]:
        """What the adversary reads in the codes of the real pictures."""
        with self._precision():
            return self.networks["adversary"](self.codes).float()

    @property
    def _changed(self) -> Bool[Tensor, "n 1"]:
        """Which pictures an autoencoder paints from a real one when it is asked."""
        count = len(self.real) // 2 if "critic" in self.networks else len(self.real)
        return (torch.arange(len(self.real), device=self.real.device) < count)[:, None]

    def _answer(self, who: str, seen: Float[Tensor, "n f h w"]) -> Float[Tensor, "n outputs"]:
        with self._precision():
            return cast(PlainCritic | PictureReader, self.networks[who]).score(seen).flatten(1).float()

    def _painted(self, which: str) -> Float[Tensor, "n c h w"]:
        asked = self.asked if which == "fake" else (self.codes, self.labels_of(which))
        return self.networks["generator"](*asked).float()

    def _from_generator(self, what: str, make: Callable[[], tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
        """What the generator makes, once for all turns: others learn from what is there, it later from what made it."""
        if what not in self._made:
            generator, turn = self.networks["generator"], self.learns
            generator.requires_grad_(True)  # it runs as one that learns: nothing of it is worked out before
            self.learns = ("generator",)
            with torch.set_grad_enabled(self.generator_learns), self._precision():
                self._made[what] = make()
            self.learns = turn
            generator.requires_grad_("generator" in turn)
        made = self._made[what]
        return made if "generator" in self.learns else tuple(part.detach() for part in made)

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.real.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16)
