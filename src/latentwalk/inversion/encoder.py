"""A better guess in milliseconds: a small network looks at a picture and at that of the guess so far, and corrects it.

The first guess is the ridge's. A network that sees the picture alone hardly betters it after so short a lesson; one
that also sees what the guess makes of it does, and may look again (Alaluf, Patashnik and Cohen-Or, 2021, "ReStyle",
whose network is far larger). It learns from the generator's own samples, by the error of the code and then by that of
the picture as well, once per generator and space, and is kept in the cache.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

from latentwalk.generator import Generator
from latentwalk.inversion.guess import classes_of, guessed_in, invert_by_guess, shrunk
from latentwalk.inversion.problem import affordable, at_once
from latentwalk.inversion.ridge import Ridge
from latentwalk.inversion.spaces import chosen_space, to_space
from latentwalk.inverter import ENOUGH, Inversion, mean_square
from latentwalk.kept import close, kept, kept_as
from latentwalk.latents import Latents, concatenate
from latentwalk.numerics.linear import FEWEST
from latentwalk.progress import Progress, silent
from latentwalk.samples import class_numbers, sample_codes

SEED = 76
"""Of the samples that are learned from (see `fresh_seeds`), of the first weights, and of the order of the lesson."""

PAIRS = (3000, 300)
"""How many are learned from: of small pictures, and of large ones at least."""

SIDE, WIDTH, SMALLEST = 32, 32, 4
"""Pixels of the longer side of what the network sees; channels of its first layer; pixels of its last map at least."""

BATCH, RATE, DECAY, BETAS, WARM = 32, 2e-3, 0.02, (0.9, 0.99), 0.1
"""Of AdamW. WARM: the share of steps in which the rate rises, before it falls along half a cosine."""


class Corrector(nn.Module):
    """Pictures, how they differ from those of a guess, and classes -> what is to be added to the guess.

    picture: channels, height and width of what it sees. code: numbers of a code.
    spread, apart: how far guesses are off, number by number, and their pictures, which are the units of what goes out
    and comes in: where the guess is exact nothing is added to it. proof: the first picture that was learned from.
    """

    spread: Tensor
    apart: Tensor
    proof: Tensor

    def __init__(self, picture: torch.Size, code: int, classes: int) -> None:
        super().__init__()
        channels, height, width = picture
        layers: list[nn.Module] = []
        inside, outside = 2 * channels, WIDTH
        while min(height, width) >= 2 * SMALLEST:
            layers += [nn.Conv2d(inside, outside, 4, 2, 1), nn.SiLU()]
            inside, outside, height, width = outside, 2 * outside, height // 2, width // 2
        self.look = nn.Sequential(*layers, nn.Flatten(), nn.LayerNorm(inside * height * width))
        self.say = nn.Linear(inside * height * width + classes, code)
        nn.init.zeros_(self.say.weight)  # it begins as the guess itself
        nn.init.zeros_(self.say.bias)
        self.register_buffer("spread", torch.ones(code))
        self.register_buffer("apart", torch.ones(()))
        self.register_buffer("proof", torch.zeros(picture))

    def forward(
        self, wanted: Float[Tensor, "n c h w"], made: Float[Tensor, "n c h w"], classes: Float[Tensor, "n k"]
    ) -> Float[Tensor, "n d"]:
        seen = self.look(torch.cat([wanted, (wanted - made) / self.apart], 1))
        return self.spread * self.say(torch.cat([seen, classes], 1))


@dataclass(frozen=True)
class Encoder:
    """Settings of the network.

    space: where codes are wanted; w by itself, or where codes are sampled if there is none.
    pairs: samples that it learns from; 3000 by itself, fewer for pictures of more than 128 pixels a side.
    by_codes, by_pictures: how often it learns from each, by the code alone and by code and picture.
    rounds: how often a guess is corrected. ridge: the first guess.
    enough: mean squared difference at which a picture counts as reached.
    """

    space: str | None = None
    pairs: int | None = None
    by_codes: int = 3
    by_pictures: int = 1
    rounds: int = 2
    ridge: Ridge = field(default_factory=Ridge)
    enough: float = ENOUGH

    def __post_init__(self) -> None:
        if (self.pairs is not None and self.pairs < FEWEST) or min(self.by_codes, self.by_pictures, self.rounds) < 1:
            raise ValueError(f"expected {FEWEST} pairs or more, and lessons and rounds of 1 or more, got {self}")

    def invert(
        self,
        generator: Generator,
        images: Float[Tensor, "n c h w"],
        start: Latents | None = None,
        mask: Shaped[Tensor, "..."] | None = None,
        progress: Progress = silent,
    ) -> Inversion:
        """The guess alone. start: only its labels are used. Else as `Inverter.invert` says."""
        return invert_by_guess(self, generator, images, start, mask, progress)

    def looks(self, masked: bool) -> int:
        """How often a picture is made for one guess, that of the answer included."""
        return self.ridge.looks(masked) + self.rounds

    def guess(
        self,
        generator: Generator,
        images: Float[Tensor, "n c h w"],
        labels: Shaped[Tensor, "n ..."] | None = None,
        mask: Float[Tensor, "n 1 h w"] | None = None,
        progress: Progress = silent,
    ) -> Latents:
        """Codes of pictures, float32, never farther from them than the ridge's. labels: as in `Ridge.guess`.

        What is unknown of a picture is taken from that of the guess. Raises ValueError.
        """
        space = chosen_space(generator, self.space)
        first, network = self._first(generator), self.learn(generator, progress)
        codes = first.guess(generator, images, labels, mask, progress)
        made = generator.render(codes).float()
        for _ in range(self.rounds):
            wanted = images if mask is None else torch.lerp(made, torch.where(mask > 0, images, 0), mask)
            with torch.no_grad():
                better = corrected(network, generator, codes, shrunk(wanted, SIDE), shrunk(made, SIDE))
            again = generator.render(better).float()
            # A photograph is like nothing that was learned from: what does not help it is left.
            nearer = mean_square(again - images, mask) < mean_square(made - images, mask)
            rows = torch.nonzero(nearer)[:, 0]
            made = made.index_copy(0, rows, again[rows])
            codes = codes.with_values(codes.values.index_copy(0, rows, better.values[rows]))
        return to_space(generator, codes, space)

    def learn(self, generator: Generator, progress: Progress = silent) -> Corrector:
        """The network, out of the cache if it has learned before."""
        first = self._first(generator)
        base = str(first.space)
        pairs = affordable(generator, *PAIRS) if self.pairs is None else self.pairs
        rows = (self.by_codes, self.by_pictures, self.rounds, first.pairs or 0, first.side)
        sample = next(iter(sample_codes(generator, 1, SEED, labels=class_numbers(generator))))
        proof = shrunk(generator.render(sample).float(), SIDE)[0]
        classes = classes_of(generator, to_space(generator, sample, base)).shape[1]
        with torch.random.fork_rng(devices=[]):  # the caller's random state stays as it is
            torch.manual_seed(SEED)
            network = Corrector(proof.shape, math.prod(generator.spaces[base].shape), classes)
        network.to(generator.device)

        def fits(old: Mapping[str, Tensor]) -> bool:  # another network might have the same weights
            shapes = {name: value.shape for name, value in network.state_dict().items()}
            return {name: value.shape for name, value in old.items()} == shapes and close(
                old["proof"], proof.cpu(), 0, 1e-2
            )

        def make() -> dict[str, Tensor]:
            self._teach(network, generator, first, pairs, progress)
            return {name: value.cpu().contiguous() for name, value in network.state_dict().items()}

        network.load_state_dict(kept("encoder", kept_as(generator, base, pairs, *rows), make, fits))
        return network.requires_grad_(False)

    def _first(self, generator: Generator) -> Ridge:
        """The first guess, in the space where codes are guessed."""
        return replace(self.ridge, space=guessed_in(generator, chosen_space(generator, self.space)))

    def _teach(self, network: Corrector, generator: Generator, first: Ridge, pairs: int, progress: Progress) -> None:
        """Learn in place from samples: all of them are drawn and guessed first."""
        lesson = _Lesson.drawn(generator, first, pairs, progress)
        network.spread.copy_((lesson.codes.values - lesson.guesses.values).flatten(1).square().mean(0).sqrt())
        network.apart.copy_((lesson.wanted - lesson.made).square().mean().sqrt().clamp(min=1e-6))
        network.proof.copy_(lesson.wanted[0])
        optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, betas=BETAS, weight_decay=DECAY)
        chance, turns = torch.Generator().manual_seed(SEED), self.by_codes + self.by_pictures
        order = torch.cat([torch.randperm(pairs, generator=chance) for _ in range(turns)])
        batches = order.to(lesson.wanted.device).split(BATCH)
        steps = len(batches)
        for step, rows in enumerate(batches):
            rounds = 0 if step * BATCH < self.by_codes * pairs else self.rounds
            rate = min(step / (WARM * steps), (1 + math.cos(math.pi * (step / steps - WARM) / (1 - WARM))) / 2)
            optimizer.param_groups[0]["lr"] = RATE * rate
            optimizer.zero_grad()
            for some in rows.split(at_once(generator)):
                lesson.learn(network, generator, some, rounds, len(some) / len(rows))
            optimizer.step()
            progress("teaching the encoder", step + 1, steps)


@dataclass(frozen=True, eq=False)
class _Lesson:
    """Samples with their small pictures, and what the first guess makes of these."""

    codes: Latents
    guesses: Latents
    wanted: Float[Tensor, "n c h w"]
    made: Float[Tensor, "n c h w"]

    @staticmethod
    def drawn(generator: Generator, first: Ridge, pairs: int, progress: Progress) -> "_Lesson":
        codes, guesses, wanted, made, done = [], [], [], [], 0
        for part in sample_codes(generator, pairs, SEED, labels=class_numbers(generator), batch=64):
            images = generator.render(part).float()
            codes.append(to_space(generator, part, str(first.space)))
            guesses.append(first.guess(generator, images, part.labels))
            wanted.append(shrunk(images, SIDE))
            made.append(shrunk(generator.render(guesses[-1]).float(), SIDE))
            done += len(part)
            progress("drawing what the encoder learns from", done, pairs)
        return _Lesson(concatenate(codes), concatenate(guesses), torch.cat(wanted), torch.cat(made))

    @torch.enable_grad()
    def learn(
        self, network: Corrector, generator: Generator, rows: Int[Tensor, "k"], rounds: int, share: float
    ) -> None:
        """Add the gradients of some samples. rounds: how often by code and picture, 0: once by the code alone.

        Both errors are in units of the first guess's; a round begins where the one before it came to.
        """
        codes, made, wanted = self.guesses[rows], self.made[rows], self.wanted[rows]
        true, spread = self.codes.values[rows], network.spread.clamp(min=1e-6)
        for _ in range(max(1, rounds)):
            better = corrected(network, generator, codes, wanted, made)
            loss = ((better.values - true).flatten(1) / spread).square().mean()
            if rounds:
                drawn = better.with_values(better.values.to(generator.dtype))
                images = shrunk(generator.synthesize(drawn).float(), SIDE)
                loss = loss + ((images - wanted) / network.apart).square().mean()
                made = images.detach()
            (share * loss).backward()
            codes = better.with_values(better.values.detach())


def corrected(
    network: Corrector,
    generator: Generator,
    codes: Latents,
    wanted: Float[Tensor, "n c h w"],
    made: Float[Tensor, "n c h w"],
) -> Latents:
    """Codes of small pictures `wanted`, from those whose pictures are `made`."""
    return codes.with_values(codes.values + network(wanted, made, classes_of(generator, codes)).view_as(codes.values))
