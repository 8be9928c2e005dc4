"""How usual a picture is among those that its generator draws by itself: whether an edit has left them.

What the generator draws shows in its own hidden layers before it shows in any other network. So the mean activation of
every channel is read where the picture is still coarse, and how far out these numbers lie is compared with samples
(the distance of Mahalanobis), as is how far out the code lies. The largest of these distances counts, and samples that
had no part in learning say how many of them go as far.

On faces64, of 79 failures that were picked by eye (walls, masks without a face, pictures torn apart) beyond the 99th
percentile of samples, and the AUC against these: the larger of two layers and the code .96 (.998), the code alone .82
(.97), the nearest three samples in the features of the judge .82 (.99) and of the scorer that was walked along .46
(.94), the realism score of Kynkaanniemi et al. (2019, equation 3) in the judge's .80 (.99) and the scorer's .32 (.94),
pixels of 16 x 16 .56 (.93). The codes of tests/realism are these failures, and good edits.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.crowd import Crowd
from latentwalk.generator import Generator
from latentwalk.hooks import read_layers
from latentwalk.kept import close, kept, kept_as
from latentwalk.latents import Latents
from latentwalk.progress import Progress, silent
from latentwalk.samples import class_numbers, sample_codes

LEARNED, MEASURED, SEED = 2000, 1000, 86
"""Samples that the shape is learned from; others that say how far out samples are. Their seed."""

COARSE, SIZES = 8, 2
"""Pixels of a side from which on a layer shows parts of things, and how many sizes are read from there on."""

STRANGE = 0.01
"""A picture looks like no sample when fewer samples than this share are as far out."""


@dataclass(frozen=True, eq=False)
class Realism:
    """Where samples of a generator lie. code: their codes. layers: their activations, by layer. samples [m]: how far
    out samples are that were not learned from, ascending."""

    generator: Generator
    code: Crowd
    layers: Mapping[str, Crowd]
    samples: Float[Tensor, "m"]

    @staticmethod
    def of(generator: Generator, space: str, progress: Progress = silent) -> "Realism":
        """For codes of a space, with pictures as the generator's options make them. Kept in the cache."""
        code, names = Crowd.of(generator, space), read_from(generator, space)
        first = _first(generator, space)
        proof = torch.cat([first.values.flatten(1).float().cpu(), *read(generator, first, names).values()], 1)
        fields = ("mean", "whitener", "usual", "spread")

        def fits(old: Mapping[str, Tensor]) -> bool:  # another network might have the same weights
            wanted = {"samples", "proof", *(f"{name}/{field}" for name in names for field in fields)}
            return set(old) == wanted and close(old["proof"], proof, 0.05, 1e-2)

        def make() -> dict[str, Tensor]:
            crowds, samples = _learn(generator, space, names, code, progress)
            flat = {
                f"{name}/{field}": torch.as_tensor(getattr(crowd, field), dtype=torch.float32)
                for name, crowd in crowds.items()
                for field in fields
            }
            return {**flat, "samples": samples, "proof": proof}

        found = kept("realism", kept_as(generator, space, LEARNED, MEASURED), make, fits)
        crowds = {name: _crowd(*(found[f"{name}/{field}"] for field in fields)) for name in names}
        return Realism(generator, code, crowds, found["samples"])

    def beyond(self, latents: Latents) -> Float[Tensor, "n"]:
        """How far out codes and their pictures are, in standard deviations beyond the mean sample, on the CPU."""
        parts = [self._beyond(part) for part in self.generator.batches(self.generator.check(latents))]
        return torch.cat(parts) if parts else torch.empty(0)

    def _beyond(self, latents: Latents) -> Float[Tensor, "n"]:
        seen = read(self.generator, latents, list(self.layers))
        far = [crowd.beyond(seen[name]) for name, crowd in self.layers.items()]
        return torch.stack([self.code.beyond(latents.values), *far]).amax(0)

    def usual(self, latents: Latents) -> Float[Tensor, "n"]:
        """The share of samples that are as far out or farther: 1 is like the most usual, 0 like none of them."""
        nearer = torch.searchsorted(self.samples, self.beyond(latents))
        return 1 - nearer / len(self.samples)

    def limit(self, usual: float) -> float:
        """How far out a code may be to be as usual as that."""
        return float(self.samples.double().quantile(1 - usual))


def read_from(generator: Generator, space: str) -> list[str]:
    """The last layer of each of the coarsest sizes, from `COARSE` pixels on; none for a generator without such."""
    with torch.no_grad(), read_layers(generator, generator.layer_names, stop=False) as found:
        generator.synthesize(_first(generator, space))
    last = {found[name].shape[2]: name for name in generator.layer_names if name in found and found[name].ndim == 4}
    return [last[side] for side in sorted(side for side in last if side >= COARSE)[:SIZES]]


@torch.no_grad()
def read(generator: Generator, latents: Latents, names: list[str]) -> dict[str, Float[Tensor, "n c"]]:
    """The mean activation of every channel, by layer; the pass ends after the last of them."""
    found: Mapping[str, Tensor] = {}
    if names:
        with read_layers(generator, names) as found:
            generator.synthesize(latents)
    return {name: found[name].float().mean((2, 3)).cpu() for name in names}


def _learn(
    generator: Generator, space: str, names: list[str], code: Crowd, progress: Progress
) -> tuple[dict[str, Crowd], Float[Tensor, "m"]]:
    """Crowds of the layers, and how far out other samples are."""
    codes, seen = [], {name: list[Tensor]() for name in names}
    labels, total = class_numbers(generator), LEARNED + MEASURED
    for part in sample_codes(generator, total, SEED, space, labels, batch=64):
        codes.append(code.beyond(part.values))
        for name, rows in read(generator, part, names).items():
            seen[name].append(rows)
        progress("looking at what the generator draws", sum(map(len, codes)), total)
    rows = {name: torch.cat(parts) for name, parts in seen.items()}
    crowds = {name: Crowd.learned(each[:LEARNED], each[LEARNED:]) for name, each in rows.items()}
    far = [crowd.beyond(rows[name][LEARNED:]) for name, crowd in crowds.items()]
    return crowds, torch.stack([torch.cat(codes)[LEARNED:], *far]).amax(0).sort().values


def _crowd(mean: Tensor, whitener: Tensor, usual: Tensor, spread: Tensor) -> Crowd:
    return Crowd(mean, whitener, float(usual), float(spread))


def _first(generator: Generator, space: str) -> Latents:
    """One sample."""
    return next(sample_codes(generator, 1, SEED, space, class_numbers(generator)))
