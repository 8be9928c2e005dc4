"""The published ways to train that are known by name: a recipe each, and the networks it trains."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.training.casts import (
    Networks,
    auxiliary_networks,
    bare_networks,
    coding_networks,
    concatenated_networks,
    conditioned_networks,
    controlled_networks,
    informed_networks,
    judged_coding_networks,
    plain_networks,
    projection_networks,
    style_networks,
)
from latentwalk.training.critics import GROUP
from latentwalk.training.players import LabelledPlayer
from latentwalk.training.recipe import Recipe, Term, Turn


@dataclass(frozen=True)
class Known:
    """recipe: as published, or as it was found to work here. build: its networks, for pictures of a side in pixels, of
    so many colours, with such labels. labelled: whether it learns from labels. encodes: whether it trains an encoder
    of pictures too. group: pictures that its critic looks at together."""

    recipe: Recipe
    build: Callable[[Recipe, int, int, Tensor], Networks]
    about: str
    labelled: bool = False
    encodes: bool = False
    group: int = 1


def check(known: Known, recipe: Recipe, side: int, processes: int = 1) -> None:
    """Raises ValueError when no pictures could be right: before the time is spent that reading them takes."""
    if side < 8 or side & (side - 1):
        raise ValueError(f"expected pictures whose side is 8, 16, 32, 64 ... pixels, got {side}")
    together = known.group * processes
    if recipe.batch % together:
        shared = f" in each of {processes} processes" if processes > 1 else ""
        whole = f"groups of {known.group} pictures" if known.group > 1 else "whole pictures"
        raise ValueError(
            f"a step needs {whole}{shared}: expected a batch of {together}, {2 * together}, ..., got {recipe.batch}"
        )


def networks(
    known: Known,
    recipe: Recipe,
    side: int,
    colors: int = 3,
    seed: int = 0,
    labels: Float[Tensor, "n l"] | None = None,
    names: Sequence[str] = (),
) -> Networks:
    """Fresh networks for square pictures. The caller's random state is left as it was.

    labels: of all pictures, for recipes that learn from them: a generator is asked for those that there are. names:
    what their columns are called, for what is exported.
    Raises ValueError for a side that is no power of two from 8 on, and labels that are missing.
    """
    labels = torch.zeros(0, 0) if labels is None else labels
    if known.labelled and labels.shape[1] == 0:
        raise ValueError(f"{known.about} learns from labels, and the pictures have none: name attributes or classes")
    check(known, recipe, side)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = known.build(recipe, side, colors, labels)
    if isinstance(made["generator"], LabelledPlayer):
        made["generator"].names = tuple(names)
    return made


def _turns(critic: tuple[Term, ...], generator: tuple[Term, ...], rate: float, betas: tuple[float, float]):
    return Turn(("critic",), critic, rate, betas), Turn(("generator",), generator, rate, betas)


def _style(*critic: Term) -> Recipe:
    """Of a small StyleGAN2. critic: terms beside those that all have."""
    terms = (Term("critic_logistic"), *critic, Term("r1", weight=0.1, every=16))
    turns = _turns(terms, (Term("generator_logistic"),), rate=0.003, betas=(0.0, 0.99))
    return Recipe(turns, batch=32, kimg=600, z=64, ema=10, mixing=0.5)


def _labelled(critic: tuple[Term, ...], generator: tuple[Term, ...], *others: Turn, falls: float = 0.0) -> Recipe:
    """The recipe of a generator that learns from labels. others: turns between those of critic and generator.

    The average is long: at each moment the generator satisfies whims of a reader that learns from real pictures alone,
    and the mean of many moments keeps what all of them share. falls: of the rates of critic and generator; not before
    such a reader, for a generator that settles does what its last whims ask for.
    """
    first, last = (replace(turn, falls=falls) for turn in _turns(critic, generator, rate=0.0004, betas=(0.5, 0.99)))
    return Recipe((first, *others, last), batch=32, kimg=400, z=64, ema=10, ramp=0.25)


def _coding(build: Callable[..., Networks], about: str, terms: tuple[Term, ...], *others: Turn) -> Known:
    """An autoencoder of labels. terms: of the generator, beside those that all have. others: turns before its own.

    A code that knows the label makes the decoder deaf to the one that it is given. So an adversary keeps labels out of
    codes (Lample et al., 2017), and a reader sees whether a changed picture has the label that was asked for.
    """
    usual = (Term("reconstruction", weight=2), Term("divergence"), Term("generator_hides", weight=10))
    asked = Term("generator_asked", weight=10)
    turns = (
        Turn(("reader",), (Term("reader_labels"),), 0.001, (0.9, 0.99)),
        Turn(("adversary",), (Term("adversary_labels"),), 0.001, (0.9, 0.99)),
        *others,
        Turn(("generator",), (*usual, *terms, asked), 0.001, (0.9, 0.99)),
    )
    return Known(Recipe(turns, batch=32, kimg=400, z=64, ema=2), build, about, labelled=True, encodes=True)


RECIPES: dict[str, Known] = {
    "stylegan2": Known(
        _style(),
        style_networks,
        "a small StyleGAN2 with z, w, w+ and s",
        group=GROUP,
    ),
    "stylegan2-conditions": Known(
        _style(Term("critic_mismatch")),
        conditioned_networks,
        "a small StyleGAN2 in whose w every condition is a straight direction",
        labelled=True,
        group=GROUP,
    ),
    "dcgan": Known(
        Recipe(
            turns=_turns((Term("critic_logistic"),), (Term("generator_logistic"),), rate=0.0002, betas=(0.5, 0.99)),
            batch=64,
            kimg=1200,
            z=100,
            ema=5,
        ),
        plain_networks,
        "transposed convolutions and BatchNorm",
    ),
    # Arjovsky et al., 2017, algorithm 1, with Adam for RMSprop: without momentum they differ in early steps alone.
    "wgan": Known(
        Recipe(
            turns=(
                Turn(("critic",), (Term("critic_wasserstein"),), 0.00005, (0.0, 0.99), clip=0.01),
                Turn(("generator",), (Term("generator_wasserstein"),), 0.00005, (0.0, 0.99), every=5),
            ),
            batch=64,
            kimg=6000,
            z=100,
            ema=5,
        ),
        plain_networks,
        "a Wasserstein critic with clipped weights",
    ),
    # Gulrajani et al., 2017, algorithm 1.
    "wgan-gp": Known(
        Recipe(
            turns=(
                Turn(
                    ("critic",), (Term("critic_wasserstein"), Term("gradient_penalty", weight=10)), 0.0001, (0.0, 0.9)
                ),
                Turn(("generator",), (Term("generator_wasserstein"),), 0.0001, (0.0, 0.9), every=5),
            ),
            batch=64,
            kimg=6000,
            z=100,
            ema=5,
        ),
        bare_networks,
        "a Wasserstein critic with a penalty on its gradient",
    ),
    # The paired loss with both penalties (Huang et al., 2024, equations 4 and 5).
    "relativistic": Known(
        Recipe(
            turns=_turns(
                (Term("critic_relativistic"), Term("r1", weight=1.0), Term("r2", weight=1.0)),
                (Term("generator_relativistic"),),
                rate=0.0002,
                betas=(0.0, 0.99),
            ),
            batch=64,
            kimg=1200,
            z=100,
            ema=5,
        ),
        bare_networks,
        "a critic of pairs with a penalty on its gradient at both",
    ),
    "cgan": Known(
        _labelled((Term("critic_logistic"), Term("critic_mismatch")), (Term("generator_logistic"),)),
        concatenated_networks,
        "a DCGAN of labels whose critic sees picture and label side by side",
        labelled=True,
    ),
    "cgan-projection": Known(
        _labelled(
            (Term("critic_logistic"), Term("critic_mismatch", weight=3)), (Term("generator_logistic"),), falls=0.5
        ),
        projection_networks,
        "a DCGAN of labels whose critic projects the picture onto the label",
        labelled=True,
    ),
    "acgan": Known(
        _labelled(
            (Term("critic_logistic"), Term("critic_labels", weight=3)),
            (Term("generator_logistic"), Term("generator_labels", weight=3)),
        ),
        auxiliary_networks,
        "a DCGAN of labels whose critic reads the label too",
        labelled=True,
    ),
    "controlgan": Known(
        _labelled(
            (Term("critic_logistic"),),
            (Term("generator_logistic"), Term("generator_controlled", weight=3)),
            Turn(("classifier",), (Term("classifier_labels"),), 0.0004, (0.5, 0.99)),
        ),
        controlled_networks,
        "a DCGAN of labels that a classifier of its own reads",
        labelled=True,
    ),
    "infogan": Known(
        _labelled(
            (Term("critic_logistic"),),
            (Term("generator_logistic"), Term("generator_codes")),
            Turn(("reader",), (Term("reader_codes"),), 0.001, (0.5, 0.99)),
        ),
        informed_networks,
        "a DCGAN that finds ten classes and two numbers by itself",
    ),
    # Sohn et al., 2015, with pixels of a standard deviation of 0.7.
    "cvae": _coding(
        coding_networks,
        "a variational autoencoder of labels: a decoder, and beside it an encoder for photographs",
        (),
    ),
    # Bao et al., 2017, algorithm 1, and the critic's own verdict too: of means alone, batches of 32 say little. Add
    # Term("generator_pairs", 0.02) for the pairwise part of its equation 7.
    "cvae-gan": _coding(
        judged_coding_networks,
        "a variational autoencoder of labels with a critic",
        (
            Term("generator_logistic", weight=4),
            Term("generator_means", weight=0.1),
            Term("generator_class_means", weight=0.02),
        ),
        Turn(("critic",), (Term("critic_logistic"),), 0.0002, (0.5, 0.99)),
    ),
}
