"""What every walk does, whoever wrote it: each code arrives by itself, and the receipt walks the same way again."""

import json
from typing import Any, get_type_hints

import pytest
import torch

import latentwalk as lw
from latentwalk.jobs.figures import save_picture
from latentwalk.jobs.recipes import describe_walker, read_walker
from latentwalk.jobs.replay import replay
from latentwalk.latents import Latents
from latentwalk.receipts import PictureRecipe, WalkRecipe
from latentwalk.scores import logit, score
from latentwalk.walk import Goal, Walk, Walker, read_goals
from latentwalk.walks import WALKS
from toys import ToyScorer

SCORER = ToyScorer()
TARGET = 0.9

OPTIONS: dict[str, dict[str, Any]] = {"fixed": {"strengths": (1.5, -1.0, 0.5)}}
"""Settings that a walk has no defaults for; directions are planted in those that take some."""


def make(name: str) -> Walker:
    given = dict(OPTIONS.get(name, {}))
    if "directions" in get_type_hints(WALKS[name]):
        given["directions"] = SCORER.directions
    return WALKS[name](**given)


def goals_for(walker: Walker) -> tuple[Goal, ...]:
    """What it is asked for: nothing, where it walks without goals."""
    return read_goals({} if getattr(walker, "aimless", False) else {"one": TARGET}, SCORER)


def walk(walker: Walker, toy, codes: Latents, keep_paths: bool = False) -> Walk:
    return walker.walk(toy, codes, SCORER, goals_for(walker), (), keep_paths)


@pytest.fixture(scope="module", params=list(WALKS))
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def walker(name: str) -> Walker:
    return make(name)


@pytest.fixture(scope="module")
def codes(toy) -> Latents:
    return toy.sample(range(6))


@pytest.fixture(scope="module")
def walked(walker, toy, codes) -> Walk:
    return walk(walker, toy, codes, keep_paths=True)


def test_it_is_a_walker_with_one_row_per_code(walker, codes, walked) -> None:
    assert isinstance(walker, Walker)
    assert len(walked) == len(codes) == len(walked.start) == len(walked.reached) == len(walked.steps)
    assert walked.before.shape == walked.after.shape == (len(codes), len(SCORER.attributes))


def test_every_code_arrives(name, walker, toy, walked) -> None:
    assert walked.reached.all()
    for goal in goals_for(walker):
        logits = score(toy, SCORER, walked.latents)[:, SCORER.attributes.index(goal.attribute)]
        assert (logits >= logit(goal.target)).all()
    for direction, strength in zip(SCORER.directions, OPTIONS.get(name, {}).get("strengths", ()), strict=False):
        moved = direction.distance(walked.latents) - direction.distance(walked.start)
        assert torch.allclose(moved, torch.full_like(moved, strength), atol=1e-5)


def test_it_tells_the_scores_of_both_ends(toy, walked) -> None:
    assert torch.allclose(walked.before, score(toy, SCORER, walked.start), atol=1e-4)
    assert torch.allclose(walked.after, score(toy, SCORER, walked.latents), atol=1e-4)


def test_where_a_code_comes_to_does_not_depend_on_who_walks_beside_it(walker, toy, codes, walked) -> None:
    for i in range(len(codes)):
        alone = walk(walker, toy, codes[i])
        assert torch.allclose(alone.latents.values[0], walked.latents.values[i], atol=1e-4)
        assert alone.steps[0] == walked.steps[i]


def test_paths_are_kept_when_asked_for_with_exact_ends(walker, toy, codes, walked) -> None:
    assert len(walk(walker, toy, codes).paths) == 0
    assert len(walked.paths) == len(codes)
    for i, path in enumerate(walked.paths):
        assert torch.equal(path[0], walked.start.values[i])
        assert torch.equal(path[-1], walked.latents.values[i])


def test_it_changes_neither_codes_nor_generator(walker, toy, codes) -> None:
    values, fingerprint = codes.values.clone(), toy.fingerprint
    walk(walker, toy, codes)
    assert torch.equal(codes.values, values)
    assert not codes.values.requires_grad
    assert toy.fingerprint == fingerprint


def test_its_receipt_walks_to_the_same_place(name, walker, toy, codes, walked) -> None:
    recipe = WalkRecipe.model_validate_json(describe_walker(walker).model_dump_json())
    assert recipe.kind == name
    assert torch.equal(walk(read_walker(recipe), toy, codes).latents.values, walked.latents.values)


def test_a_setting_that_it_does_not_have_is_refused_in_words(walker) -> None:
    recipe = describe_walker(walker)
    with pytest.raises(ValueError, match="no option 'wings': there are"):
        read_walker(recipe.model_copy(update={"settings": {**recipe.settings, "wings": 2}}))


def test_a_setting_of_another_type_is_refused_in_words(walker) -> None:
    recipe = describe_walker(walker)
    for setting in recipe.settings:
        with pytest.raises(ValueError, match=rf"{setting}=.*far.*: Input should be"):
            read_walker(recipe.model_copy(update={"settings": {**recipe.settings, setting: "far"}}))


class Jump:
    """A walk of one's own: to where the scorer's first attribute is, in one step."""

    def __init__(self, far: float = 2.0) -> None:
        self.far = far

    def walk(self, generator, latents, scorer, goals, held=(), keep_paths=False) -> Walk:
        end = SCORER.directions[goals[0].attribute].shift(latents, self.far)
        before, after = score(generator, scorer, latents), score(generator, scorer, end)
        everyone = torch.ones(len(latents), dtype=torch.bool)
        return Walk(latents, end, everyone, everyone.long(), before, after)


def test_a_walk_of_ones_own_is_a_walk(toy, codes, tmp_path) -> None:
    """The library takes it, the receipt names it, and nobody imports it because a picture says so."""
    edited = lw.edit(toy, codes, SCORER, "one", walk=Jump(3.0))
    recipe = json.loads(edited.receipt.to_json())["recipe"]["walk"]
    assert recipe == {"kind": f"{__name__}:Jump", "settings": {"far": 3.0}, "directions": [], "ways": []}
    save_picture(edited, tmp_path / "p.png", PictureRecipe(kind="before-after", show=2))
    with pytest.raises(ValueError, match=r"Jump.*none of latentwalk's.*if you trust it.*walk="):
        replay(tmp_path / "p.png", toy, SCORER)
    assert replay(tmp_path / "p.png", toy, SCORER, walk=Jump(3.0)).difference == 0
