"""A walk that ends before its pictures look like none of the generator's own."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from latentwalk.generator import Generator
from latentwalk.realism import Realism
from latentwalk.scores import Scorer, score
from latentwalk.walk import Goal, Walk, Walker, all_reached

HALVINGS = 5
"""How often the piece of the way on which a code leaves is halved: a fixed walk is one long step."""


def check_realism(least: float | None, walker: Walker) -> None:
    """Raises ValueError for a share that is none, and for a sweep, which begins at places of its own."""
    if least is None:
        return
    if not 0 < least < 1:
        raise ValueError(f"a walk stops at a realism between 0 and 1, a share of samples such as 0.01, got {least:g}")
    if getattr(walker, "begin", ()):
        raise ValueError(
            "a sweep goes from one strength to another and stops nowhere: leave out the realism to stop at"
        )


def stopped(
    walk: Walk, generator: Generator, scorer: Scorer, goals: Sequence[Goal], realism: Realism, least: float
) -> Walk:
    """The walk with every code at its last place before it is less usual than `least`.

    A code that is so from the start goes no farther out than there. Codes that are stopped have arrived if their goals
    are reached where they are, and not if they have none. Raises ValueError for a walk that kept no paths.
    """
    if len(walk.paths) < len(walk):
        raise ValueError("a walk that keeps no frames cannot be stopped on its way: leave out the realism to stop at")
    limits = realism.beyond(walk.start).clamp(min=realism.limit(least))
    cuts = []  # the last frame before the first that is too far out
    for i, limit in enumerate(limits):
        far = realism.beyond(walk.path(i)) > limit
        far[0] = False
        cuts.append(int(far.long().argmax()) - 1 if bool(far.any()) else len(far) - 1)
    short = torch.nonzero(torch.tensor([cut < len(path) - 1 for cut, path in zip(cuts, walk.paths, strict=True)]))[:, 0]
    if len(short) == 0:
        return walk
    values, paths = walk.latents.values.clone(), list(walk.paths)
    inside = torch.stack([walk.paths[i][cuts[i]] for i in short.tolist()])
    outside = torch.stack([walk.paths[i][cuts[i] + 1] for i in short.tolist()])
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        far = realism.beyond(walk.start[short].with_values(middle)) > limits[short]
        far = far.to(middle.device).view(-1, *[1] * (middle.ndim - 1))
        inside, outside = torch.where(far, inside, middle), torch.where(far, middle, outside)
    values[short] = inside
    for row, i in enumerate(short.tolist()):
        paths[i] = torch.cat([walk.paths[i][: cuts[i] + 1], inside[row][None]])
    end = walk.latents.with_values(values)
    after, reached = walk.after.clone(), walk.reached.clone()
    after[short] = score(generator, scorer, end[short])
    reached[short] = all_reached(goals, after[short], scorer) if goals else False
    return replace(walk, latents=end, after=after, reached=reached, paths=paths)
