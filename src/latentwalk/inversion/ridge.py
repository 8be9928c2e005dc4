"""A first guess in milliseconds: ridge regression of the code on a small copy of the picture.

It is learned once per generator and space, from pictures of its own samples, and kept in the cache. A picture that is
known in part is completed by the picture of the guess, and guessed again, as expectation maximisation does (Dempster,
Laird and Rubin, 1977).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.inversion.guess import classes_of, guessed_in, invert_by_guess, shrunk
from latentwalk.inversion.problem import affordable
from latentwalk.inversion.spaces import chosen_space, to_space
from latentwalk.inverter import ENOUGH, Inversion
from latentwalk.kept import close, kept, kept_as
from latentwalk.latents import Latents
from latentwalk.numerics.linear import FEWEST, learn_linear
from latentwalk.progress import Progress, silent
from latentwalk.samples import class_numbers, sample_codes

SEED = 77
"""Of the samples that are learned from; see `fresh_seeds`."""

PAIRS = (5000, 500)
"""How many are learned from: of small pictures, and of large ones at least."""


class Learned(NamedTuple):
    """What was learned of a generator.

    weight, bias: from pixels (and class) to the code. picture: the mean of the small pictures [p]. proof: the first
    picture that was learned from, small.
    """

    weight: Float[Tensor, "inputs d"]
    bias: Float[Tensor, "d"]
    picture: Float[Tensor, "p"]
    proof: Float[Tensor, "p"]


@dataclass(frozen=True)
class Ridge:
    """Settings of the guess.

    space: where codes are wanted; w by itself, or where codes are sampled if there is none.
    pairs: samples that it is learned from; 5000 by itself, fewer for pictures of more than 128 pixels a side.
    side: pixels of the longer side of their small copies.
    fills: how often the unknown part of a picture is completed.
    enough: mean squared difference at which a picture counts as reached.
    """

    space: str | None = None
    pairs: int | None = None
    side: int = 32
    fills: int = 3
    enough: float = ENOUGH

    def __post_init__(self) -> None:
        if (self.pairs is not None and self.pairs < FEWEST) or self.side < 1 or self.fills < 0:
            raise ValueError(f"expected {FEWEST} pairs or more, a side of 1 or more and no negative fills, got {self}")

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
        return 1 + self.fills if masked else 1

    def guess(
        self,
        generator: Generator,
        images: Float[Tensor, "n c h w"],
        labels: Shaped[Tensor, "n ..."] | None = None,
        mask: Float[Tensor, "n 1 h w"] | None = None,
        progress: Progress = silent,
    ) -> Latents:
        """Codes of pictures, float32. labels: classes of the pictures, where codes need them. Raises ValueError."""
        space = chosen_space(generator, self.space)
        learned = self.learn(generator, progress)
        base = guessed_in(generator, space)
        known = small(images, self.side, mask)
        if mask is None:
            return to_space(generator, self._codes(generator, learned, base, known, labels), space)
        # what is not known is the mean picture first, and then that of the guess before
        codes = self._codes(
            generator, learned, base, filled(known, learned.picture.expand_as(known), mask, self.side), labels
        )
        for _ in range(self.fills):
            made = small(generator.render(codes).float(), self.side)
            codes = self._codes(generator, learned, base, filled(known, made, mask, self.side), labels)
        return to_space(generator, codes, space)

    def learn(self, generator: Generator, progress: Progress = silent) -> Learned:
        """What a guess needs to know, out of the cache if it was learned before."""
        base = guessed_in(generator, chosen_space(generator, self.space))
        pairs = affordable(generator, *PAIRS) if self.pairs is None else self.pairs
        name = kept_as(generator, base, pairs, self.side)

        def fits(old: Mapping[str, Tensor]) -> bool:  # another network might have the same weights
            first = next(iter(sample_codes(generator, 1, SEED, labels=class_numbers(generator))))
            proof = small(generator.render(first).float(), self.side)[0].cpu()
            return set(old) == set(Learned._fields) and close(old["proof"], proof, 0, 1e-2)

        learned = kept("ridge", name, lambda: self._learn(generator, base, pairs, progress)._asdict(), fits)
        return Learned(**{field: learned[field].to(generator.device) for field in Learned._fields})

    def _learn(self, generator: Generator, base: str, pairs: int, progress: Progress) -> Learned:
        codes, pictures, given, done = [], [], [], 0
        labels = class_numbers(generator)
        for part in sample_codes(generator, pairs, SEED, labels=labels, batch=64):
            pictures.append(small(generator.render(part).float(), self.side).cpu())
            mapped = to_space(generator, part, base)
            codes.append(mapped.values.flatten(1).float().cpu())
            given.append(classes_of(generator, mapped).cpu())
            done += len(part)
            progress("learning to guess codes", done, pairs)
        inputs, outputs = torch.cat(pictures), torch.cat(codes)
        learned = learn_linear(torch.cat([inputs, torch.cat(given)], 1), outputs)
        return Learned(learned.weight.float(), learned.bias.float(), inputs.mean(0), inputs[0])

    def _codes(
        self, generator: Generator, learned: Learned, base: str, seen: Float[Tensor, "n p"], labels: Tensor | None
    ) -> Latents:
        """Codes of small pictures in the space where they are guessed."""
        needed = None if base in generator.label_free else labels
        blank = Latents(seen.new_zeros(len(seen), *generator.spaces[base].shape), base, needed)
        inputs = torch.cat([seen, classes_of(generator, blank)], 1)
        return blank.with_values((inputs @ learned.weight + learned.bias).view_as(blank.values))


def small(
    images: Float[Tensor, "n c h w"], side: int, mask: Float[Tensor, "n 1 h w"] | None = None
) -> Float[Tensor, "n p"]:
    """Copies of at most so many pixels a side, flat; each pixel is the mean of what is known of it, or 0."""
    if mask is None:
        return shrunk(images, side).flatten(1)
    weight = shrunk(mask, side)
    return (shrunk(torch.where(mask > 0, images, 0) * mask, side) / weight.clamp(min=1e-6)).flatten(1)


def filled(
    known: Float[Tensor, "n p"], other: Float[Tensor, "n p"], mask: Float[Tensor, "n 1 h w"], side: int
) -> Float[Tensor, "n p"]:
    """What is known of small pictures, and others where nothing is."""
    weight = shrunk(mask, side).flatten(1)
    return torch.lerp(other, known, weight.repeat(1, known.shape[1] // weight.shape[1]))
