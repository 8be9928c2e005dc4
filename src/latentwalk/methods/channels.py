"""Single channels of style space that carry an attribute (StyleSpace, Wu, Lischinski and Shechtman, 2021, section 4).

A channel of s scales one feature map of one layer. Those that matter for an attribute are unusual in pictures that
have it: over the exemplars (the codes that score highest) the mean of delta = (s - mean) / deviation is far from 0
compared with its spread, theta = |mean(delta)| / deviation(delta). tRGB channels only mix colours and are left out, as
in the paper. theta alone is large by chance, too, when there are few exemplars, so it is reported beside the
correlation of the channel with the score over all codes, which counts every code; either ranks.
"""

from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Float

from latentwalk.direction import Directions
from latentwalk.generator import Generator
from latentwalk.methods.offsets import check_scores, columns, correlate, figures_of, flatten, pointing, rough_offset
from latentwalk.origin import Origin, Source
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples

RANKS = ("theta", "correlation")
"""What channels are ranked by."""

FEWEST_EXEMPLARS = 4
"""Exemplars needed for a spread."""

STILL = 1e-6
"""Deviation of a channel, relative to the largest, that is no variation."""


@dataclass(frozen=True)
class Channels:
    """Settings of a choice of style channels.

    top: channels per attribute. share: of the scored codes, those that score highest are the exemplars, in (0, 0.5].
    rank: "theta" as in the paper, or "correlation". colors: tRGB channels, too.
    """

    top: int = 3
    share: float = 0.02
    rank: str = "theta"
    colors: bool = False

    def __post_init__(self) -> None:
        if self.top < 1:
            raise ValueError(f"the channels to keep per attribute are 1 or more, got {self.top}")
        if not 0 < self.share <= 0.5:
            raise ValueError(f"the share of exemplars is above 0 and at most 0.5, got {self.share}")
        if self.rank not in RANKS:
            raise ValueError(f"no rank {self.rank!r}: there are {', '.join(RANKS)}")

    def fit(self, generator: Generator, samples: Samples, progress: Progress = silent) -> Directions:
        """The `top` channels of each attribute, best first, as directions of s named "smiling: b16.conv0 #137".

        The unit is the standard deviation of the channel, + is more of the attribute. `origin.figures` has for every
        direction the `Figures` of all scored codes, its "theta" and its "channel", counted through s.
        Raises ValueError for a generator without s, for codes of another space, and for fewer than 4 exemplars.
        """
        if "s" not in generator.spaces:
            raise ValueError(
                f"channels are those of the space 's', this generator has {', '.join(generator.spaces)}: "
                "take another method, such as regression"
            )
        if samples.latents.space != "s":
            raise ValueError(
                f"channels are found in 's', got samples in {samples.latents.space!r}: "
                "map their codes first, map_codes(generator, codes, 's')"
            )
        codes = flatten(generator, samples.latents)
        named = names(generator)
        offered = np.array([self.colors or ".torgb" not in f".{name}" for name in named])
        items, figures = [], {}
        for attribute, scores in columns(samples):
            known = ~np.isnan(scores)
            check_scores(attribute, scores[known])
            seen = codes[known].astype(np.float64)
            theta = normalised_difference(seen, self._exemplars(attribute, scores[known]))
            correlation = np.array([correlate(channel, scores[known]) for channel in seen.T])
            merit = np.where(offered, theta if self.rank == "theta" else abs(correlation), -1)
            for channel in np.argsort(-merit, kind="stable")[: min(self.top, int((merit > 0).sum()))]:
                vector = np.zeros(codes.shape[1])
                vector[channel] = 1 if correlation[channel] >= 0 else -1
                along = seen @ vector
                offset = rough_offset(attribute, along, scores[known] > 0)
                name = f"{attribute}: {named[channel]}"
                items.append(pointing(name, vector, offset, codes, "s"))
                measured = {"theta": float(theta[channel]), "channel": int(channel)}
                figures[name] = {**figures_of(along, offset, scores[known])._asdict(), **measured}
        origin = Origin(
            method="channels",
            parameters=asdict(self),
            generator=Source.of(generator),
            figures=figures,
        )
        return Directions(tuple(items), origin)

    def _exemplars(self, attribute: str, scores: Float[np.ndarray, "n"]) -> np.ndarray:
        """Which codes score highest; equal scores are not torn apart."""
        chosen = scores >= np.quantile(scores, 1 - self.share)
        if chosen.sum() < FEWEST_EXEMPLARS:
            raise ValueError(
                f"the highest {self.share:.0%} of {len(scores)} scores of {attribute!r} are {int(chosen.sum())} "
                f"exemplars, {FEWEST_EXEMPLARS} are needed: score more samples, or take a larger share"
            )
        return chosen


def normalised_difference(codes: Float[np.ndarray, "n d"], exemplars: np.ndarray) -> Float[np.ndarray, "d"]:
    """theta of every channel, 0 for channels that do not vary."""
    spread = codes.std(0)
    varies = spread > STILL * max(spread.max(), 1e-12)
    delta = (codes[exemplars] - codes.mean(0)) / np.where(varies, spread, 1)
    return np.where(varies, abs(delta.mean(0)) / np.maximum(delta.std(0), 1e-12), 0)


def names(generator: Generator) -> list[str]:
    """Every channel of s by its layer and its number there: s is the output of the maps from w, layer by layer."""
    found = []
    for layer, weight in generator.entry_weights("w").items():
        short = layer.removeprefix("synthesis.").removesuffix(".affine")
        found += [f"{short} #{number}" for number in range(len(weight))]
    return found
