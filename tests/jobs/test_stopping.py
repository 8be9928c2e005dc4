"""Walks that stop before their pictures look like none of the generator's own."""

import pytest
import torch

from latentwalk.direction import Directions
from latentwalk.jobs.edit import edit
from latentwalk.realism import Realism
from latentwalk.walks.boundary import BoundaryWalk
from latentwalk.walks.fixed import FixedWalk
from latentwalk.walks.gradient import GradientWalk
from toys import ToyScorer

LEAST = 0.2


def walks(name: str):
    one = Directions((ToyScorer().directions["one"],))
    return {
        "gradient": (GradientWalk(shell=0), {"one": 0.99999}),
        "boundary": (BoundaryWalk(one, reach=12.0), {"one": 0.99999}),
        "fixed": (FixedWalk(one, (8.0,)), None),
    }[name]


@pytest.mark.parametrize("name", ["gradient", "boundary", "fixed"])
def test_no_code_goes_farther_out_than_allowed_or_than_it_was(toy, name: str) -> None:
    walk, goals = walks(name)
    codes, realism = toy.sample(range(12)), Realism.of(toy, "z")
    free = edit(toy, codes, ToyScorer(), goals=goals, walk=walk, frames=True)
    held = edit(toy, codes, ToyScorer(), goals=goals, walk=walk, frames=True, stop_at_realism=LEAST)
    limits = realism.beyond(codes).clamp(min=realism.limit(LEAST))
    assert bool((realism.beyond(free.latents) > limits).any())
    assert bool((realism.beyond(held.latents) <= limits + 1e-4).all())
    short = (held.latents.values != free.latents.values).any(1)
    assert bool(short.any()) and not bool(held.reached[short].any())
    moved = (held.latents.values - held.start.values).norm(dim=1)
    assert bool((moved[short] > 0).any()) and torch.equal(held.after, ToyScorer()(toy.render(held.latents)))
    for i in range(len(held)):
        assert torch.equal(held.path(i).values[-1], held.latents.values[i])


def test_without_frames_the_ends_are_the_same(toy) -> None:
    walk, _ = walks("fixed")
    ends = [
        edit(toy, toy.sample(3), ToyScorer(), walk=walk, frames=frames, stop_at_realism=LEAST)
        for frames in (True, False)
    ]
    assert torch.equal(ends[0].latents.values, ends[1].latents.values) and not ends[1].walk.paths
    assert getattr(ends[0].receipt.recipe, "stop_at_realism", None) == LEAST


@pytest.mark.parametrize("least", [0.0, 1.0, -3.0])
def test_a_realism_is_a_share(toy, least: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        edit(toy, toy.sample(2), ToyScorer(), "one", stop_at_realism=least)


def test_a_sweep_stops_nowhere(toy) -> None:
    sweep = FixedWalk(Directions((ToyScorer().directions["one"],)), (3.0,), begin=(-3.0,))
    with pytest.raises(ValueError, match="a sweep"):
        edit(toy, toy.sample(2), ToyScorer(), walk=sweep, stop_at_realism=0.1)


def test_a_walk_that_keeps_no_frames_cannot_be_stopped(toy) -> None:
    class Hidden(GradientWalk):
        def walk(self, *given, **named):
            return super().walk(*given, **named).without_paths()

    with pytest.raises(ValueError, match="keeps no frames"):
        edit(toy, toy.sample(2), ToyScorer(), "one", walk=Hidden(), stop_at_realism=0.1)


def test_receipts_say_how_usual_pictures_are(toy) -> None:
    walk, _ = walks("fixed")
    edited = edit(toy, toy.sample(6), ToyScorer(), walk=walk)
    realism = Realism.of(toy, "z")
    for row, before, after in zip(
        edited.receipt.codes, realism.usual(edited.start).tolist(), realism.usual(edited.latents).tolist(), strict=True
    ):
        assert row.usual_before == round(before, 3) and row.usual == round(after, 3)
        assert row.strange == (after < 0.01 <= before)
    bare = edit(toy, toy.sample(2), ToyScorer(), walk=walk, realism=False)
    assert bare.receipt.codes[0].usual is None and not bare.receipt.codes[0].strange
