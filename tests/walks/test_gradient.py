"""Gradient walks against planted truth, where every logit is linear in the code."""

import pytest
import torch

from latentwalk.scores import logit, score
from latentwalk.walk import Goal
from latentwalk.walks.gradient import GradientWalk
from latentwalk.walks.slopes import look, slopes
from toys import ATTRIBUTES, AXES, BlindScorer, ToyScorer

STILL = GradientWalk(shell=0.0, views=1)


def others(attribute: str) -> list[str]:
    return [name for name in ATTRIBUTES if name != attribute]


@pytest.mark.parametrize("target", [0.995, 0.1])
@pytest.mark.parametrize("entangled", [False, True])
def test_every_code_arrives(toy, entangled, target):
    scorer = ToyScorer(entangled)
    codes = toy.sample(range(40))
    walk = GradientWalk().walk(toy, codes, scorer, [Goal("one", target)])
    reached = score(toy, scorer, walk.latents)[:, 0]
    assert walk.reached.all()
    assert ((reached >= logit(target)) if target > 0.5 else (reached <= logit(target))).all()


def test_a_code_that_is_there_already_stays(toy):
    scorer = ToyScorer()
    codes = toy.sample(range(60))
    there = score(toy, scorer, codes)[:, 0] > logit(0.9)
    walk = GradientWalk().walk(toy, codes, scorer, [Goal("one", 0.9)])
    assert there.any()
    assert torch.equal(walk.latents.values[there], codes.values[there])
    assert (walk.steps[there] == 0).all()
    assert (walk.steps[~there] > 0).all()


def test_the_way_is_the_planted_axis(toy):
    codes = toy.sample(range(20))
    walk = STILL.walk(toy, codes, ToyScorer(), [Goal("two", 0.999)])
    moved = walk.latents.values - codes.values
    moved = moved[walk.steps > 0]
    assert (torch.cosine_similarity(moved, AXES[:, 1].expand_as(moved)) > 0.999).all()


def test_held_attributes_stay_where_a_plain_walk_drags_them_along(toy):
    scorer = ToyScorer(entangled=True)
    codes = toy.sample(range(40))
    before = score(toy, scorer, codes)
    plain = score(toy, scorer, STILL.walk(toy, codes, scorer, [Goal("one")]).latents) - before
    clean = score(toy, scorer, STILL.walk(toy, codes, scorer, [Goal("one")], others("one")).latents) - before
    assert plain[:, 1:].abs().mean() > 1
    assert clean[:, 1:].abs().mean() < 0.1 * plain[:, 1:].abs().mean()


def test_what_excludes_the_goal_gives_way(toy):
    """A held attribute that is the goal's exact opposite cannot stay: after some patience the goal is reached."""

    class Opposites(ToyScorer):
        def __call__(self, images):
            logits = super().__call__(images)
            return torch.cat([logits[:, :1], -logits[:, :1], logits[:, 2:]], 1)

    walk = GradientWalk().walk(toy, toy.sample(range(20)), Opposites(), [Goal("one", 0.9)], ["two"])
    assert walk.reached.all()


def test_several_goals_at_once(toy):
    scorer = ToyScorer(entangled=True)
    goals = [Goal("one", 0.9), Goal("two", 0.2), Goal("three", 0.8)]
    walk = GradientWalk().walk(toy, toy.sample(range(30)), scorer, goals)
    p = score(toy, scorer, walk.latents).sigmoid()
    assert walk.reached.all()
    assert ((p[:, 0] >= 0.9) & (p[:, 1] <= 0.2) & (p[:, 2] >= 0.8)).all()


def test_a_code_does_not_see_who_walks_beside_it(toy):
    codes, scorer = toy.sample(range(12)), ToyScorer(entangled=True)
    together = GradientWalk().walk(toy, codes, scorer, [Goal("one")])
    alone = GradientWalk(batch=1).walk(toy, codes, scorer, [Goal("one")])
    assert torch.allclose(together.latents.values, alone.latents.values, atol=1e-4)
    assert torch.equal(together.steps, alone.steps)


def test_a_place_that_becomes_free_is_taken_at_once(toy):
    """As many codes are looked at as ever walk at once, until none is left to begin."""
    seen, codes = [], toy.sample(range(16))

    class Counting(ToyScorer):
        def __call__(self, images):
            seen.append(len(images))
            return super().__call__(images)

    walk = GradientWalk(views=1, batch=4).walk(toy, codes, Counting(), [Goal("one", 0.999)])
    assert walk.reached.all()
    assert len(walk.steps.unique()) > 1, "some take longer"
    assert sum(seen) == len(codes) + int(walk.steps.sum())
    assert max(seen) == 4
    full = len(seen) - seen.index(next(n for n in seen if n < 4))
    assert full <= int(walk.steps.max()) + 1, "only the last ones walk in a thin batch"


def test_held_attributes_can_be_held_against_another_start(toy):
    """Codes that went astray come back to the logits that they are held against."""
    codes, scorer = toy.sample(range(8)), ToyScorer(entangled=True)
    home = score(toy, scorer, codes)
    astray = scorer.directions["two"].shift(scorer.directions["one"].shift(codes, 3.0), 1.0)
    *_, walk = GradientWalk(settle=6).climb(toy, astray, scorer, [Goal("one", 0.6)], ["two"], against=home)
    gone, left = ((score(toy, scorer, at) - home)[:, 1].abs() for at in (astray, walk.latents))
    assert walk.reached.all()
    assert (left < 0.2 * gone).all()


def test_who_does_not_arrive_is_reported(toy):
    codes, scorer = toy.sample(range(20)), ToyScorer()
    walk = GradientWalk(max_steps=1, reach=0.01).walk(toy, codes, scorer, [Goal("one", 0.999)])
    there = score(toy, scorer, walk.latents)[:, 0] >= logit(0.999)
    assert torch.equal(walk.reached, there)
    assert not walk.reached.all()


def test_paths_lead_from_start_to_end_and_never_away_from_the_goal(toy):
    codes, scorer = toy.sample(range(10)), ToyScorer()
    walk = GradientWalk().walk(toy, codes, scorer, [Goal("one")], keep_paths=True)
    assert walk.paths is not None
    for i, path in enumerate(walk.paths):
        assert torch.equal(path[0], codes.values[i])
        assert torch.equal(path[-1], walk.latents.values[i])
        logits = score(toy, scorer, codes[[0] * len(path)].with_values(path))[:, 0]
        assert (logits[1:] > logits[:-1]).all()


def test_the_shell_keeps_codes_at_the_length_of_normal_ones(toy):
    codes = toy.sample(range(40))
    goals = [Goal("one", 0.999)]
    free, pulled = (
        GradientWalk(shell=shell).walk(toy, codes, ToyScorer(), goals).latents.values.norm(dim=1)
        for shell in (0.0, 0.3)
    )
    assert (pulled - 4).abs().mean() < (free - 4).abs().mean()


def test_walking_is_deterministic_and_leaves_the_codes_alone(tiny):
    class Brightness:
        attributes = ("bright",)

        def __call__(self, images):
            return 20 * images.mean((1, 2, 3))[:, None]

    codes = tiny.sample(range(6))
    kept = codes.values.clone()
    first, second = (GradientWalk().walk(tiny, codes, Brightness(), [Goal("bright", 0.7)]) for _ in range(2))
    assert torch.equal(first.latents.values, second.latents.values)
    assert torch.equal(codes.values, kept)


def at(step: int, count: int) -> torch.Tensor:
    return torch.full((count,), step)


def test_views_are_alike_for_all_and_none_is_the_picture_itself(toy):
    images = toy.render(toy.sample(range(3)))
    views = torch.stack(list(look(images, 4, at(2, 3))))
    assert views.shape == (4, *images.shape)
    assert torch.equal(torch.cat(list(look(images[1:2], 4, at(2, 1)))), views[:, 1])
    assert not torch.equal(torch.stack(list(look(images, 4, at(3, 3)))), views)
    assert ((views - images).abs().amax((1, 2, 3, 4)) > 0.01).all()
    assert not list(look(images, 0, at(2, 3)))


def test_a_view_depends_on_the_step_of_its_own_code(toy):
    images, steps = toy.render(toy.sample(range(5))), torch.tensor([7, 2, 2, 0, 7])
    views = torch.stack(list(look(images, 3, steps)), 1)
    for image, step, seen in zip(images, steps.tolist(), views, strict=True):
        assert torch.equal(torch.cat(list(look(image[None], 3, at(step, 1)))), seen)


def test_slopes_are_those_of_the_mean_over_the_views(tiny):
    """Against one straightforward backward pass through everything."""

    class Curved:
        attributes = ("a", "b", "c")

        def __call__(self, images):
            return torch.stack([images.mean((1, 2, 3)), images.square().mean((1, 2, 3)), images.amax((1, 2, 3))], 1)

    codes, scorer = tiny.sample(range(5)), Curved()
    logits, rows = slopes(tiny, scorer, codes, [1], [0, 2], views=3, steps=at(4, 5))
    values = codes.values.clone().requires_grad_()
    images = tiny.synthesize(codes.with_values(values))
    plain = scorer(images)
    mean = (plain + sum(scorer(copy) for copy in look(images, 2, at(4, 5)))) / 3
    expected = [
        torch.autograd.grad(total.sum(), values, retain_graph=True)[0]
        for total in (mean[:, 1], plain[:, 0], plain[:, 2])
    ]
    assert torch.allclose(logits, plain.detach(), atol=1e-6)
    assert torch.allclose(rows, torch.stack(expected, 1), atol=1e-6)


def test_a_scorer_without_gradient_is_refused(toy):
    with pytest.raises(ValueError, match="gives no gradient: walk along a boundary"):
        GradientWalk().walk(toy, toy.sample([0]), BlindScorer(), [Goal("one")])


def test_impossible_settings_are_refused():
    with pytest.raises(ValueError, match="at least one step"):
        GradientWalk(max_steps=0)
    with pytest.raises(ValueError, match="positive reach"):
        GradientWalk(reach=0.0)
