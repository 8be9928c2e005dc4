"""What all sets of directions of one seed share: samples to learn from, and codes and drawings to be judged on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from latentwalk.direction import Direction
from latentwalk.edits import codes_for
from latentwalk.generator import Generator
from latentwalk.latents import Latents, concatenate
from latentwalk.progress import Progress
from latentwalk.samples import Samples, sample_codes
from latentwalk.scorers.classifier import Classifier
from latentwalk.scorers.resized import resized
from latentwalk.scores import Scorer
from latentwalk.training.avatar_factors import BINARY, FACTORS
from latentwalk.training.avatars import avatars
from latentwalk.training.code_reader import CodeRecipe, learn_codes
from latentwalk.training.reader import read
from latentwalk.training.supervise import to_bytes

SIDE = 64
"""Pixels of a side of what is read: the size that scorer, judge and encoder know."""

FIRST_DRAWING = 24_000
"""No generator, scorer or judge that is bundled learned from drawings from here on."""

HELD_OUT_SEED = 10**5
"""Added to a seed, it is that of the codes that judge: no code is in both."""

AT_ONCE, CHUNK = 16, 64
"""Pictures that are scored at once, and codes that are drawn."""

AGREE = 0.75
"""Mean correlation of scorer and judge below which pictures are no avatars: two networks that learned apart from each
other see the same where there is something to see. On avatars64 it is .95, on faces64 .52."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """What methods of one seed learn from and are measured on.

    samples: codes where codes are sampled, scored by the scorer. codes: others, in the space that the encoder knows.
    factors: [n, 12], what the judge reads in their pictures. drawn: [m], codes that the encoder reads in drawings, and
    truth: [m, 12], their exact factors; None without drawings.
    """

    samples: Samples
    codes: Latents
    factors: Float[np.ndarray, "n f"]
    drawn: Latents | None = None
    truth: Float[np.ndarray, "m f"] | None = None


def prepare(
    generator: Generator,
    scorer: Scorer,
    judge: Classifier,
    samples: int,
    codes: int,
    drawings: int,
    seed: int,
    space: str,
    progress: Progress,
) -> Lesson:
    """Draw and read everything of a seed. space: that of the encoder.

    Raises ValueError for a generator that draws no avatars, and when drawings are wanted and cannot be drawn.
    """
    learned, pictures, scores = look(generator, scorer, samples, seed, "scoring samples", progress)
    check_avatars(pictures, scores, judge)
    held_out, _, logits = look(generator, judge, codes, HELD_OUT_SEED + seed, "judging codes", progress)
    given = Samples(learned, scores, FACTORS)
    measured = codes_in(generator, held_out, space), read_factors(logits)
    if not drawings:
        return Lesson(given, *measured)
    targets = codes_in(generator, learned, space)
    flat = targets.values.flatten(1).float()
    encoder = learn_codes(pictures, flat, CodeRecipe(seed=seed), progress, generator.device)
    known = avatars(drawings, SIDE, FIRST_DRAWING, progress=progress)
    said = encoder.read(known.images).view(drawings, *targets.values.shape[1:]).to(targets.values)
    labels = None if targets.labels is None else targets.labels[torch.arange(drawings) % len(targets)]
    drawn = generator.check(Latents(said, space, labels))
    return Lesson(given, *measured, drawn, known.only(FACTORS).values.double().numpy())


@torch.no_grad()
def look(
    generator: Generator, scorer: Scorer, count: int, seed: int, what: str, progress: Progress
) -> tuple[Latents, UInt8[Tensor, "n 3 s s"], Float[Tensor, "n f"]]:
    """Fresh codes, their pictures as bytes, and what a scorer says of them, factor by factor."""
    labels = torch.arange(generator.classes) if generator.classes else None
    columns = [scorer.attributes.index(name) for name in FACTORS]
    latents: list[Latents] = []
    pictures, scores, done = [], [], 0
    for part in sample_codes(generator, count, seed, None, labels, CHUNK):
        images = resized(generator.render(part), SIDE).float()
        scores += [scorer(some)[:, columns] for some in images.split(AT_ONCE)]
        pictures.append(to_bytes(images).cpu())
        latents.append(part)
        done += len(part)
        progress(what, done, count)
    return concatenate(latents), torch.cat(pictures), torch.cat(scores).cpu()


@torch.no_grad()
def check_avatars(pictures: UInt8[Tensor, "n 3 s s"], scores: Float[Tensor, "n f"], judge: Classifier) -> None:
    """Raises ValueError for pictures of which scorer and judge do not say the same."""
    some = pictures[:256]
    columns = [judge.attributes.index(name) for name in FACTORS]
    other = read(judge, some)[:, columns].double()
    one = scores[: len(some)].double()
    one, other = one - one.mean(0), other - other.mean(0)
    lengths = (one.norm(dim=0) * other.norm(dim=0)).clamp(min=1e-12)
    agreement = float(((one * other).sum(0) / lengths).mean())
    if agreement < AGREE:
        raise ValueError(
            f"the benchmark needs exact factors, which avatars have, and these pictures do not look like avatars (two "
            f"readers agree to {agreement:.2f}, expected {AGREE} or more): take avatars64, or a generator that "
            "`latentwalk train ... avatars` made"
        )


def read_factors(logits: Float[Tensor, "n f"]) -> Float[np.ndarray, "n f"]:
    """Factors as drawings have them: 1 or 0 for what is there or not, else the degree."""
    read = logits.double().sigmoid()
    binary = torch.tensor([name in BINARY for name in FACTORS])
    return torch.where(binary, (read > 0.5).double(), read).numpy()


def coordinates(generator: Generator, directions: Sequence[Direction], codes: Latents) -> Float[np.ndarray, "n k"]:
    """Where each code is along each direction, in its units: the distance from its boundary."""
    along = [direction.distance(codes_for(generator, codes, direction)) for direction in directions]
    return torch.stack(along, 1).cpu().double().numpy()


def codes_in(generator: Generator, latents: Latents, space: str) -> Latents:
    """The codes in another space, without gradients."""
    with torch.no_grad():
        return latents if latents.space == space else generator.map(latents, space)
