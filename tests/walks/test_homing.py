"""The way home: what a walk changed besides its goal goes back, where it is known what that is."""

from dataclasses import replace

import pytest
import torch

from latentwalk.inversion.metric import metric
from latentwalk.latents import Latents
from latentwalk.scores import score
from latentwalk.walk import Goal, Walk, all_reached, straight
from latentwalk.walks.gradient import GradientWalk
from latentwalk.walks.homing import Homing, distance, scales
from latentwalk.walks.slopes import look
from toys import AXES, GAIN, BlindScorer, ToyGenerator, ToyScorer

SCORER = ToyScorer()
SEEN = 12
"""Coordinates whose waves are still there in a picture of a quarter of the size."""

GOALS = [Goal("one", 0.9), Goal("one", 0.2)]


def strayed(toy: ToyGenerator, goal: Goal, count: int = 12) -> Walk:
    """A walk that comes just to its goal, and changes everything else that is painted on the way."""
    start = toy.sample(range(count))
    before = score(toy, SCORER, start)
    lacking = goal.missing(before[:, 0])
    moved = torch.randn(count, len(AXES), generator=torch.Generator().manual_seed(5)) * (lacking != 0)[:, None]
    moved[:, 0] = 1.001 * lacking / GAIN
    end = start.with_values(start.values + moved @ AXES.T)
    after = score(toy, SCORER, end)
    reached = all_reached([goal], after, SCORER)
    return Walk(start, end, reached, reached.long(), before, after, straight(start, end, 3)[:2])


def led_home(toy, walk: Walk, goal: Goal, scorer=SCORER, held=(), views=1, **settings) -> Walk:
    """A pale view mixes the colours, which are all that a toy sees: so there is one view unless a test has more."""
    settings["views"] = views
    return Homing(**settings).home(toy, walk, scorer, [goal], held, metric(toy, "z"))


def moved(walk: Walk):
    """How far each coordinate went [n, 16]."""
    return (walk.latents.values - walk.start.values) @ AXES


@pytest.fixture(scope="module", params=GOALS)
def goal(request) -> Goal:
    return request.param


@pytest.fixture(scope="module")
def walk(toy, goal) -> Walk:
    return strayed(toy, goal)


@pytest.fixture(scope="module")
def homed(toy, walk, goal) -> Walk:
    return led_home(toy, walk, goal)


def test_what_the_goal_does_not_need_goes_back(toy, walk, goal) -> None:
    homed = led_home(toy, walk, goal)
    before, after = moved(walk), moved(homed)
    went = before.abs().sum(1) > 0
    assert before[went, 1:SEEN].abs().mean() > 0.5
    assert after[went, 1:SEEN].abs().mean() < 0.05 * before[went, 1:SEEN].abs().mean()
    assert torch.allclose(after[:, 0], before[:, 0], atol=0.1)


def test_the_goal_stays(toy, goal, homed) -> None:
    assert homed.reached.all()
    logits = score(toy, SCORER, homed.latents)
    assert torch.allclose(logits, homed.after, atol=1e-4)
    assert all_reached([goal], logits, SCORER).all()


def test_the_goal_stays_in_the_mean_of_the_views(toy, goal, walk) -> None:
    def mean(latents: Latents):
        images = toy.render(latents)
        return torch.stack(
            [SCORER(each)[:, 0] for each in (images, *look(images, 2, torch.zeros(len(images), dtype=torch.long)))]
        ).mean(0)

    homed = led_home(toy, walk, goal, views=3)
    assert not torch.equal(homed.latents.values, walk.latents.values)
    assert (goal.sign * (mean(homed.latents) - mean(walk.latents)) >= -1e-5).all()


def test_pictures_come_closer_at_every_step_that_is_taken(toy, walk, goal) -> None:
    home = scales(toy.render(walk.start))
    far = torch.stack(
        [distance(scales(toy.render(led_home(toy, walk, goal, steps=n).latents)), home) for n in (1, 2, 4, 8)]
    )
    assert (far.diff(dim=0) <= 0).all()
    assert (far.mean(1).diff() < 0).all()


def test_who_did_not_move_or_not_arrive_stays_bit_for_bit(toy, walk, goal, homed) -> None:
    stood = (walk.latents.values == walk.start.values).all(1)
    assert stood.any() and torch.equal(homed.latents.values[stood], walk.latents.values[stood])
    lost = replace(walk, reached=torch.zeros_like(walk.reached))
    assert torch.equal(led_home(toy, lost, goal).latents.values, walk.latents.values)


def test_where_a_code_comes_to_does_not_depend_on_who_goes_beside_it(toy, walk, goal, homed) -> None:
    assert torch.allclose(led_home(toy, walk, goal, batch=5).latents.values, homed.latents.values, atol=1e-4)
    for i in range(0, len(walk), 4):
        alone = led_home(toy, walk[i], goal)
        assert torch.allclose(alone.latents.values[0], homed.latents.values[i], atol=1e-4)
        assert alone.steps[0] == homed.steps[i]


def test_it_is_the_same_each_time_and_changes_nothing_that_it_was_given(toy, walk, goal, homed) -> None:
    values = walk.latents.values.clone()
    assert torch.equal(led_home(toy, walk, goal).latents.values, homed.latents.values)
    assert torch.equal(walk.latents.values, values)


def test_held_attributes_stay_where_the_walk_left_them(toy) -> None:
    """With a scorer whose other attributes are changed by the goal itself, after a walk that held them."""
    scorer, goal, names = ToyScorer(entangled=True), Goal("one", 0.9), ("two", "three")
    walk = GradientWalk(shell=0, views=1).walk(toy, toy.sample(range(12)), scorer, [goal], names)
    paint = torch.randn(12, 13, generator=torch.Generator().manual_seed(2)) @ AXES[:, 3:].T
    walk = replace(walk, latents=walk.latents.with_values(walk.latents.values + paint))
    plain, held = (led_home(toy, walk, goal, scorer, kept) for kept in ((), names))
    drift, plainly, left = ((each.after - each.before)[:, 1:].norm(dim=1) for each in (walk, plain, held))
    assert (left <= drift + 0.051).all()
    assert plainly.mean() > 3 * left.mean()
    assert moved(held)[:, 3:SEEN].abs().mean() < 0.5 * moved(walk)[:, 3:SEEN].abs().mean()


def test_paths_go_on_to_the_end(walk, homed) -> None:
    assert len(homed.paths) == 2
    for i, path in enumerate(homed.paths):
        assert torch.equal(path[: len(walk.paths[i])], walk.paths[i])
        assert torch.equal(path[-1], homed.latents.values[i])
        assert len(path) - len(walk.paths[i]) <= homed.steps[i] - walk.steps[i]


def test_every_scale_has_the_colour_of_the_picture() -> None:
    images = torch.randn(2, 3, 16, 8, generator=torch.Generator().manual_seed(1))
    sides = scales(images)
    assert [tuple(side.shape[2:]) for side in sides] == [(4, 2), (2, 1)]
    assert all(torch.allclose(side.mean((2, 3)), images.mean((2, 3)), atol=1e-6) for side in sides)


class Frozen(ToyGenerator):
    """The same pictures, and no gradient."""

    def stages(self, latents, options):
        return super().stages(replace(latents, values=latents.values.detach()), options)


@pytest.mark.parametrize(
    ("generator", "scorer", "goals", "message"),
    [
        (Frozen, SCORER, GOALS[:1], "this generator gives no gradient.*leave picture out"),
        (ToyGenerator, BlindScorer(), GOALS[:1], "this scorer gives no gradient.*leave picture out"),
        (ToyGenerator, SCORER, [], "only a walk to a goal can hold the picture"),
    ],
)
def test_what_cannot_be_held_is_refused_in_one_line(generator, scorer, goals, message) -> None:
    made = generator()
    with pytest.raises(ValueError, match=message):
        Homing().check(made, made.sample(2), scorer, goals)


@pytest.mark.parametrize("settings", [{"steps": 0}, {"stride": 0.0}, {"damping": -1.0}, {"views": 0}])
def test_settings_that_lead_nowhere_are_refused(settings) -> None:
    with pytest.raises(ValueError, match="expected at least one step"):
        Homing(**settings)
