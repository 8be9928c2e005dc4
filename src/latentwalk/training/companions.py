"""Whoever trains a scorer trains two more beside it, which share as little with it as the same labels allow.

The second walks together with the scorer: what fools one network seldom fools another. The judge takes no part in any
walk, so that somebody can say what came of it.
"""

from dataclasses import replace

from latentwalk.generator import Generator
from latentwalk.training.augment import Augmentation
from latentwalk.training.probes import CODE, readable
from latentwalk.training.scorer import ScorerRecipe

COMPANIONS = ("second", "judge")

STRONG = Augmentation(shift=0.08, scale=0.12, angle=10.0, light=0.1, tint=0.05, noise=0.16)
"""Changes that the second sees: more than others do."""


def companion_recipe(recipe: ScorerRecipe, kind: str, generator: Generator) -> ScorerRecipe:
    """How the second or the judge of a scorer is trained: another architecture, other samples and weights (the seed),
    and pseudo-labels by probes on other layers; the second sees its samples changed more.

    Raises ValueError for another kind.
    """
    hidden = readable(generator)[1:]
    if kind == "second":
        layers = (CODE, *hidden[1::2])
        return replace(
            recipe,
            architecture="smooth",
            width=24,
            rate=3e-3,
            layers=layers,
            seed=recipe.seed + 2,
            augmentation=STRONG,
        )
    if kind == "judge":
        layers = hidden[::2] or (CODE,)
        return replace(recipe, architecture="plain", width=32, rate=2e-3, layers=layers, seed=recipe.seed + 1)
    raise ValueError(f"no companion {kind!r}: there are {', '.join(COMPANIONS)}")
