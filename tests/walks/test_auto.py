"""The walk that chooses: gentle where that is enough, steep where it is not, and it says which."""

from dataclasses import replace

import pytest
import torch

from latentwalk.direction import Directions
from latentwalk.scores import score
from latentwalk.walk import read_goals
from latentwalk.walks.auto import AutoWalk
from latentwalk.walks.boundary import BoundaryWalk
from latentwalk.walks.gradient import GradientWalk
from toys import BlindScorer, ToyScorer

SCORER = ToyScorer()
GOALS = read_goals({"one": 0.99}, SCORER)


@pytest.fixture
def codes(toy):
    return toy.sample(range(12))


def test_a_code_that_arrives_gently_goes_no_other_way(toy, codes) -> None:
    walked = AutoWalk(SCORER.directions, reach=60.0).walk(toy, codes, SCORER, GOALS)
    gentle = BoundaryWalk(SCORER.directions, reach=60.0).walk(toy, codes, SCORER, GOALS)
    assert walked.reached.all() and set(walked.ways) == {"boundary"}
    assert torch.equal(walked.latents.values, gentle.latents.values)


def test_the_rest_climbs_on_and_everybody_keeps_the_place(toy, codes) -> None:
    aside = torch.nn.functional.normalize(SCORER.directions["one"].vector + SCORER.directions["two"].vector, dim=0)
    directions = Directions((replace(SCORER.directions["one"], vector=aside), *tuple(SCORER.directions)[1:]))
    gentle = BoundaryWalk(directions).walk(toy, codes, SCORER, GOALS)
    needed = directions["one"].distance(gentle.latents).sort().values
    reach = float(needed[5] + needed[6]) / 2  # enough for half of them
    walked = AutoWalk(directions, reach=reach).walk(toy, codes, SCORER, GOALS, keep_paths=True)
    short = BoundaryWalk(directions, reach).walk(toy, codes, SCORER, GOALS)
    steep = GradientWalk().walk(toy, short.latents, SCORER, GOALS)
    assert walked.reached.all() and set(walked.ways) == {"boundary", "gradient"}
    for i, way in enumerate(walked.ways):
        other = gentle if way == "boundary" else steep
        assert torch.allclose(walked.latents.values[i], other.latents.values[i], atol=0.03)  # one search is to 0.02
        assert torch.equal(walked.paths[i][0], codes.values[i])
        assert torch.allclose(walked.paths[i][-1], walked.latents.values[i], atol=1e-4)
    assert torch.equal(walked.start.values, codes.values)
    assert torch.allclose(walked.before, score(toy, SCORER, codes), atol=1e-4)
    assert torch.allclose(walked.after, score(toy, SCORER, walked.latents), atol=1e-4)
    halves = [walked[:5], walked[5:]]
    assert [*halves[0].ways, *halves[1].ways] == list(walked.ways)


class Bent(ToyScorer):
    """The second logit bends with the first: on a straight line nobody can hold it."""

    def __call__(self, images):
        logits = super().__call__(images)
        return torch.cat([logits[:, :1], logits[:, 1:2] + 0.05 * logits[:, :1].square(), logits[:, 2:]], 1)


def test_what_drifts_on_a_line_is_undone(toy, codes) -> None:
    scorer = Bent()
    gentle, settled = (
        AutoWalk(SCORER.directions, settle=settle).walk(toy, codes, scorer, GOALS, ["two"], keep_paths=True)
        for settle in (0, 3)
    )
    drifts = [(walk.after - walk.before)[:, 1].abs() for walk in (gentle, settled)]
    assert gentle.reached.all() and settled.reached.all()
    assert set(settled.ways) == {"boundary"}, "settling is no climbing"
    assert (drifts[1] < 0.3 * drifts[0] + 1e-3).all()
    assert torch.allclose(settled.after, score(toy, scorer, settled.latents), atol=1e-4)
    for i, path in enumerate(settled.paths):
        assert torch.equal(path[0], codes.values[i])
        assert torch.allclose(path[-1], settled.latents.values[i], atol=1e-6)


def test_without_gradients_nobody_settles(toy, codes) -> None:
    """Those who need not climb arrive all the same."""
    seeing, blind = (
        AutoWalk(SCORER.directions, reach=60.0, settle=settle).walk(toy, codes, scorer, GOALS, ["two"])
        for settle, scorer in ((0, SCORER), (1, BlindScorer()))
    )
    assert torch.equal(seeing.latents.values, blind.latents.values)
    with pytest.raises(ValueError, match="gives no gradient"):
        AutoWalk(SCORER.directions, reach=0.1).walk(toy, codes, BlindScorer(), GOALS)


def test_without_a_direction_it_climbs(toy, codes) -> None:
    walked = AutoWalk(Directions(tuple(SCORER.directions)[1:])).walk(toy, codes, SCORER, GOALS)
    assert walked.reached.all() and set(walked.ways) == {"gradient"}


def test_settings_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="the reach of a walk is above 0"):
        AutoWalk(SCORER.directions, reach=0)
    with pytest.raises(ValueError, match="at least one step"):
        AutoWalk(SCORER.directions, max_steps=0)
