"""A recipe at work: a `Trainable` for the loop, and at any time a fixed generator of the averaged weights."""

import copy
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm

from latentwalk.generator import Generator
from latentwalk.image_encoder import ImageEncoder, PictureReader
from latentwalk.training.autoencoder import Autoencoder
from latentwalk.training.capture import Captured
from latentwalk.training.data import Pictures
from latentwalk.training.losses import LOSSES
from latentwalk.training.order import Order
from latentwalk.training.players import Player, lay_out, recompute_statistics
from latentwalk.training.ranks import Alone
from latentwalk.training.recipe import Recipe, Turn
from latentwalk.training.scene import Batch, Scene
from latentwalk.training.supervise import from_bytes
from latentwalk.training.whole_batch import over_all

PATIENCE = 10
"""Steps in a row whose gradients are no numbers, after which training ends."""

SEEN = 2000
"""Pictures whose codes say where an autoencoder's codes lie."""

LOOK = 50
"""Steps between two looks at whether training diverged, on devices where a look makes the processor wait."""


class Trainer:
    """Networks that learn from pictures by a recipe.

    networks: by the names that its turns have, one of them "generator", a `Player`; they learn in place. pictures: kept
    on the device as bytes. A step whose gradients are no numbers leaves all weights as they were.
    ranks: the processes that learn together (`ranks.join`); each has a part of every batch, BatchNorm sees all of it.
    Raises ValueError when pictures and networks do not fit, a turn names a loss or network that is not there, or the
    batch cannot be shared out.
    """

    def __init__(
        self,
        recipe: Recipe,
        networks: Mapping[str, nn.Module],
        pictures: Pictures,
        device: torch.device | str = "cpu",
        ranks: Alone | None = None,
    ) -> None:
        self.recipe, self.device = recipe, torch.device(device)
        self.ranks = ranks or Alone(self.device)
        _check(recipe, networks, self.ranks)
        self.networks = {
            name: lay_out(network.to(self.device).train(), torch.channels_last) for name, network in networks.items()
        }
        self.player = cast(Player, self.networks["generator"])
        self.average = copy.deepcopy(self.networks["generator"])
        self.images = pictures.images.to(self.device)
        self.labels = pictures.values.to(self.device)
        self.order = Order(len(self.images), recipe.batch)
        # The average plays alone, whenever one process wants to see it; those who learn know of the others.
        for network in self.networks.values() if self.ranks.size > 1 else ():
            over_all(network, self.ranks)
        self.optimizers = [self._optimizer(turn) for turn in recipe.turns]
        # How many steps in a row went wrong, and the most that ever did; on the device, so that nobody waits for them.
        self.wrong, self.most_wrong = torch.zeros(2, device=self.device)
        self.losses: dict[str, Tensor] = {}
        # Graphs of several processes would have to launch at the same time: untried, so these take plain steps.
        self.play = Captured(self._play) if self.device.type == "cuda" and self.ranks.size == 1 else self._play

    def step(self, step: int, /) -> dict[str, Tensor]:
        """One step of every turn that is due. Returns the last losses that were numbers.

        Raises ValueError when the gradients of ten steps in a row were none: training has diverged.
        """
        for turn, optimizer in zip(self.recipe.turns, self.optimizers, strict=True):
            optimizer.param_groups[0]["lr"].fill_(self.recipe.rate(turn, step))
        losses = self.play(self.recipe.active(step), self._draw(step))
        for name, loss in losses.items():
            self.losses[name] = torch.where(loss.isfinite(), loss, self.losses.get(name, torch.zeros_like(loss)))
        self._follow(step)
        if self.device.type == "cpu" or step % LOOK == 0:
            self._check_course(losses)
        return dict(self.losses)

    def generator(self) -> Generator:
        """The averaged network as everybody else gets one: fixed, on the CPU. Training is not disturbed."""
        with torch.random.fork_rng():
            recompute_statistics(self.average, self.recipe.batch, self.device)
        if isinstance(self.average, Autoencoder):
            self.average.look_at(from_bytes(self.images[:SEEN]))
        return cast(Player, self.average).fixed()

    def encoder(self, generator: Generator) -> ImageEncoder:
        """Of an autoencoder, as everybody else gets one: fixed, on the CPU. generator: what it made at this moment."""
        reader = cast(PictureReader, self.networks["reader"])
        return cast(Autoencoder, self.average).fixed_encoder(generator.fingerprint, reader)

    def state_dict(self) -> dict[str, Any]:
        return {
            "recipe": asdict(self.recipe),
            "networks": {name: network.state_dict() for name, network in self.networks.items()},
            "average": self.average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "wrong": torch.stack((self.wrong, self.most_wrong)),
        }

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        for name, network in self.networks.items():
            network.load_state_dict(state["networks"][name])
        self.average.load_state_dict(state["average"])
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            rate = optimizer.param_groups[0]["lr"]  # it stays where a graph reads it; the next step says how much
            optimizer.load_state_dict(kept)
            optimizer.param_groups[0]["lr"] = rate
        self.wrong.copy_(state["wrong"][0])
        self.most_wrong.copy_(state["wrong"][1])

    def _optimizer(self, turn: Turn) -> torch.optim.Adam:
        weights = [weight for name in turn.learns for weight in self.networks[name].parameters()]
        # Fused: one launch for all weights, and it leaves them alone when `found_inf` says so, without asking the CPU.
        graphs = self.device.type == "cuda"
        rate = torch.tensor(turn.rate, device=self.device)
        return torch.optim.Adam(weights, rate, turn.betas, eps=1e-8, fused=True, capturable=graphs)

    def _draw(self, step: int) -> Batch:
        """The pictures of a step, and everything random, from torch's global state on the CPU: the same numbers on
        every device. Drawn for the whole batch, of which this process takes its rows."""
        size = self.recipe.batch
        between, drawn = torch.rand(size, 1, 1, 1), self.player.draw(size)
        turned = torch.rand(size, 1, 1, 1) < 0.5 if self.recipe.flip else torch.zeros(size, 1, 1, 1, dtype=torch.bool)
        parts = (self.order.rows(step), turned, between, *drawn)
        rows, turned, between, *drawn = (self.ranks.mine(part).to(self.device) for part in parts)
        images = self.images[rows]
        if self.recipe.flip:
            images = torch.where(turned, images.flip(3), images)
        real = images.contiguous(memory_format=torch.channels_last).float() / 127.5 - 1
        return Batch(real, self.labels[rows], between, tuple(drawn))

    def _play(self, active: tuple[tuple[int, ...], ...], batch: Batch) -> dict[str, Tensor]:
        """The turns with these terms. Nothing here asks for a value, so that it can be a CUDA graph."""
        with self.ranks.drawing():
            return self._turns(active, batch)

    def _turns(self, active: tuple[tuple[int, ...], ...], batch: Batch) -> dict[str, Tensor]:
        turns = [(t, o, terms) for t, o, terms in zip(self.recipe.turns, self.optimizers, active, strict=True) if terms]
        learns = any("generator" in turn.learns for turn, _, _ in turns)
        precision = torch.bfloat16 if self.recipe.precision == "bfloat16" else torch.float32
        scene = Scene(self.networks, batch, learns, precision, self.ranks)
        losses, wrong = dict[str, Tensor](), torch.zeros_like(self.wrong)
        for turn, optimizer, terms in turns:
            scene.turn(turn.learns)
            optimizer.zero_grad()
            total = torch.zeros((), device=self.device)
            for term in (turn.terms[i] for i in terms):
                loss = LOSSES[term.loss](scene)
                losses[term.loss] = loss.detach()
                total = total + loss * (term.weight * term.every)
            total.backward()
            wrong = torch.maximum(wrong, self._learn(turn, optimizer))
        self.ranks.agree(list(losses.values()))
        self.wrong.copy_((self.wrong + 1) * wrong)
        self.most_wrong.copy_(torch.maximum(self.most_wrong, self.wrong))
        return losses

    def _learn(self, turn: Turn, optimizer: torch.optim.Adam) -> Tensor:
        """Update the weights of a turn from their gradients. Returns 1 when there were no numbers among these."""
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        self.ranks.agree(gradients)  # one that is no number becomes none everywhere: all skip the step, or nobody
        wrong = 1 - get_total_norm(gradients).isfinite().float()
        vars(optimizer)["found_inf"] = wrong
        optimizer.step()
        if turn.clip is not None:
            with torch.no_grad():
                for weight in weights:
                    weight.clamp_(-turn.clip, turn.clip)
        return wrong

    @torch.no_grad()
    def _follow(self, step: int) -> None:
        """Move the average towards the generator (Karras et al., 2018)."""
        seen = (step + 1) * self.recipe.batch
        half_life = min(self.recipe.ema * 1000, self.recipe.ramp * seen)
        keep = 0.5 ** (self.recipe.batch / half_life) if half_life else 0.0
        old, new = (tuple(network.parameters()) for network in (self.average, self.networks["generator"]))
        torch._foreach_lerp_(old, new, 1 - keep)  # pyright: ignore[reportPrivateImportUsage] - one launch for all

    def _check_course(self, losses: Mapping[str, Tensor]) -> None:
        if float(self.most_wrong) >= PATIENCE:
            names = [name for name, loss in losses.items() if not bool(loss.isfinite())] or list(losses)
            raise ValueError(
                f"{PATIENCE} steps in a row had gradients that are no numbers ({', '.join(names)}): training diverged, "
                "try a lower rate"
            )


def _check(recipe: Recipe, networks: Mapping[str, nn.Module], ranks: Alone) -> None:
    if recipe.batch % ranks.size:
        raise ValueError(
            f"{ranks.size} processes share {recipe.batch} pictures a step: expected a batch that is a multiple of "
            f"{ranks.size}, or another number of processes"
        )
    if not isinstance(networks.get("generator"), Player):
        raise ValueError("expected a network called 'generator' that draws its inputs and can be fixed")
    for turn in recipe.turns:
        for name in turn.learns:
            if name not in networks:
                raise ValueError(f"a turn teaches {name!r}: there are {', '.join(networks)}")
        for term in turn.terms:
            if term.loss not in LOSSES:
                raise ValueError(f"unknown loss {term.loss!r}: expected {', '.join(LOSSES)}")
