"""How a generator frames what it draws, learned from its own samples: for cars and cells as for faces.

Samples are framed rightly, and their shifted, turned and scaled copies wrongly. What tells them apart, in histograms of
gradients, is a linear discriminant (Hariharan, Malik and Ramanan, 2012). What undoes a wrong frame is a cascade of
regressions: each moves the frame by what the histograms say, and the next has learned from smaller errors (Dollár,
Welinder and Perona, 2010).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from torch import Tensor
from torch.nn import functional as F

from latentwalk.framing.gradients import histograms
from latentwalk.framing.windows import EDGE, LOOK, Motions, motions_of, random_motions, window_size, windows
from latentwalk.generator import Generator
from latentwalk.kept import close, kept
from latentwalk.numerics.linear import Linear, learn_linear
from latentwalk.options import NEUTRAL
from latentwalk.progress import Progress, silent
from latentwalk.samples import sample_codes

SAMPLES, SEED, UNSEEN = 1000, 78, 50
"""Samples that are learned from; their seed, see `samples.fresh_seeds`; and those that show how well it was learned."""

STEPS, STARTS = 5, 2
"""Regressions of the cascade, and wrong frames of each sample that they learn from."""

START_GROWTH, START_ANGLE, START_SHIFT = 0.4, 25.0, 0.25
"""How wrong frames are at most where the cascade starts: growth and shift as shares of the frame, and degrees."""

SHRINK = 0.6
"""What of it each step leaves to the next."""

RIDGES = (1e-2, 1e-1, 1.0, 10.0)
"""Histograms are many for so few samples: see `learn_linear`."""

NEAR = (1.06, 4.0, 0.03)
"""Growth, angle and shift that are still rightly framed: a search looks no closer."""

FAR = (1.8, 40.0, 0.6)
"""How wrong the wrong frames are at most that the discriminant learns from."""

APART = 9.5
"""Pixels at the edge, of `LOOK`, from which on they are wrong."""

BLURRED = 10.0
"""Pixels of `LOOK` by which frames of unseen samples are wrong, at the median, from which on nothing was learned."""


class Learned(NamedTuple):
    """What was learned of the samples of a generator.

    steps, offsets: the cascade, from histograms to the `Motions.numbers` of the right frame within the present one.
    normal, level: the discriminant, log odds of a right frame against a wrong one. error: pixels of `LOOK` by which the
    corners of frames of unseen samples are wrong after the cascade, at the median. proof: histograms of the first one.
    """

    steps: Float[Tensor, "s p 4"]
    offsets: Float[Tensor, "s 4"]
    normal: Float[Tensor, "p"]
    level: Float[Tensor, "1"]
    error: Float[Tensor, "1"]
    proof: Float[Tensor, "p"]

    @property
    def framed(self) -> bool:
        """Whether samples show at all where their frame is; textures do not."""
        return float(self.error) < BLURRED

    def score(self, seen: Float[Tensor, "n p"]) -> Float[Tensor, "n"]:
        """Log odds that histograms are those of a right frame."""
        return seen @ self.normal + self.level

    def follow(self, pictures: Float[Tensor, "n c h w"], motions: Motions, size: tuple[int, int]) -> Motions:
        """Where the cascade brings the windows of pictures."""
        for step, offset in zip(self.steps, self.offsets, strict=True):
            motions = motions.after(motions_of(look(pictures, motions, size) @ step + offset))
        return motions


def learn_frame(generator: Generator, samples: int = SAMPLES, progress: Progress = silent) -> Learned:
    """How a generator frames, out of the cache if it was learned before. Computed on the CPU."""
    size = window_size((generator.image_shape[2], generator.image_shape[1]))

    def fits(old: Mapping[str, Tensor]) -> bool:  # another network might have the same weights
        proof = look(draw(generator, 1), straight(1), size)[0]
        return set(old) == set(Learned._fields) and close(old["proof"], proof, 0, 0.05)

    name = f"{generator.fingerprint}-{samples}-{LOOK}" if generator.fingerprint else ""
    make = lambda: _learn(draw(generator, samples + UNSEEN, progress), size, progress)._asdict()  # noqa: E731
    return Learned(**kept("frames", name, make, fits))


def draw(generator: Generator, count: int, progress: Progress = silent) -> Float[Tensor, "n c y x"]:
    """Samples as they are looked at; of every class in turn."""
    _, height, width = generator.image_shape
    scale = LOOK / max(height, width)
    size = (max(1, round(scale * height)), max(1, round(scale * width)))
    labels = torch.arange(generator.classes) if generator.classes else None
    seen: list[Tensor] = []
    for codes in sample_codes(generator, count, SEED, labels=labels):
        for part in generator.batches(codes):
            images = generator.render(part, NEUTRAL).float().cpu()
            seen.append(F.interpolate(images, size, mode="bilinear", antialias=True))
            progress("learning the frame of samples", sum(map(len, seen)), count)
    return torch.cat(seen)


def look(pictures: Float[Tensor, "n c h w"], motions: Motions, size: tuple[int, int]) -> Float[Tensor, "n p"]:
    """The histograms of windows, flat; picture after picture, so that memory is bounded."""
    parts = [
        histograms(windows(some, Motions(turn, shift), size)).flatten(1)
        for some, turn, shift in zip(
            pictures.split(250), motions.turn.split(250), motions.shift.split(250), strict=True
        )
    ]
    return torch.cat(parts)


def straight(count: int) -> Motions:
    """Windows where their pictures are."""
    return motions_of(torch.zeros(count, 4))


def _learn(pictures: Float[Tensor, "n c y x"], size: tuple[int, int], progress: Progress) -> Learned:
    """pictures: of which the last `UNSEEN` are not learned from."""
    random = torch.Generator().manual_seed(SEED)
    known, unseen = pictures[:-UNSEEN], pictures[-UNSEEN:]
    # the cascade: every step learns from frames that are less wrong; starts of one sample are neighbours
    many = known.repeat_interleave(STARTS, 0)
    steps: list[Linear] = []
    for done in range(STEPS):
        progress("learning to frame", done, STEPS)
        share = SHRINK**done
        frames = random_motions(len(many), 1 + share * START_GROWTH, share * START_ANGLE, share * START_SHIFT, random)
        steps.append(learn_linear(look(many, frames, size), frames.back().numbers().float(), RIDGES))
    # the discriminant: nearly right against surely wrong
    right = look(known.repeat(2, 1, 1, 1), random_motions(2 * len(known), *NEAR, random), size)
    frames = random_motions(4 * len(known), *FAR, random)
    rows = (frames.numbers().abs().amax(1) > APART).nonzero()[:, 0]
    wrong = look(known.repeat(4, 1, 1, 1)[rows], frames.pick(rows), size)
    normal, level = discriminant(right.double().numpy(), wrong.double().numpy())
    proof = look(pictures[:1], straight(1), size)[0]
    weights, offsets = (torch.stack(parts).float() for parts in zip(*((s.weight, s.bias) for s in steps), strict=True))
    learned = Learned(weights, offsets, normal, level, torch.zeros(1), proof)
    # how well it works on samples that nothing was learned from
    start = random_motions(len(unseen), 1 + START_GROWTH, START_ANGLE, START_SHIFT, random)
    error = corners_apart(learned.follow(unseen, start, size), straight(len(unseen))).median()
    return learned._replace(error=error[None].float())


def discriminant(
    right: Float[np.ndarray, "n p"], wrong: Float[np.ndarray, "m p"]
) -> tuple[Float[Tensor, "p"], Float[Tensor, "1"]]:
    """The linear discriminant of two groups, at equal odds; the covariance is shrunk as Ledoit and Wolf (2004) do."""
    lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=[0.5, 0.5])
    lda.fit(np.concatenate([wrong, right]), np.repeat([0, 1], [len(wrong), len(right)]))
    return torch.from_numpy(lda.coef_[0]).float(), torch.from_numpy(lda.intercept_).float()


def corners_apart(one: Motions, other: Motions) -> Float[Tensor, "n"]:
    """By how many pixels of `LOOK` the farthest corner of a square window differs between two frames."""
    corners = EDGE * torch.tensor([-1 - 1j, 1 - 1j, 1 + 1j, -1 + 1j], dtype=torch.complex128)
    moved = (one.turn - other.turn)[:, None] * corners + (one.shift - other.shift)[:, None]
    return moved.abs().amax(1)
