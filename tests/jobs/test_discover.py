import pytest
import torch

from latentwalk.edits import codes_for
from latentwalk.jobs.discover import discover, fit_boundary
from latentwalk.origin import Source
from latentwalk.samples import Samples
from random_networks import FAMILIES, random_stylegan2, random_stylegan3
from toys import ATTRIBUTES, BlindScorer, ToyScorer

TRUTH = ToyScorer().directions


@pytest.fixture(scope="module")
def found(toy):
    return discover(toy, ["svm"], BlindScorer(), samples=1500)["svm"]


def test_every_attribute_of_the_scorer_has_its_boundary(found) -> None:
    assert [direction.name for direction in found] == list(ATTRIBUTES)
    for direction in found:
        assert direction.vector @ TRUTH[direction.name].vector > 0.97


def test_one_alone_is_the_same_as_one_of_many(toy, found) -> None:
    alone = fit_boundary(toy, BlindScorer(), attribute="two", samples=1500, seed=0)
    assert torch.equal(alone.vector, found["two"].vector)
    assert (alone.name, alone.unit, alone.offset) == ("two", found["two"].unit, found["two"].offset)


def test_a_found_boundary_places_and_shifts_codes(toy, found) -> None:
    codes = toy.sample(range(8))
    placed = found["one"].place(codes, strength=2.0)
    assert torch.allclose(found["one"].distance(placed), torch.full((8,), 2.0), atol=1e-5)
    moved = found["one"].shift(codes, 1.0)
    assert torch.allclose(found["one"].distance(moved), found["one"].distance(codes) + 1, atol=1e-5)


def test_chosen_attributes_come_once_and_in_the_order_asked_for(toy) -> None:
    found = discover(toy, ["logistic"], ToyScorer(), ["three", "one", "three"], samples=200)["logistic"]
    assert [direction.name for direction in found] == ["three", "one"]


def test_pictures_are_scored_once_for_all_attributes(toy) -> None:
    seen = []

    class Counting(ToyScorer):
        def __call__(self, images, /):
            seen.append(len(images))
            return super().__call__(images)

    discover(toy, ["svm"], Counting(), samples=1000)
    assert sum(seen) == 1000


def test_the_recipe_is_kept(toy) -> None:
    options = {"logistic": {"seed": 3}}
    origin = discover(toy, ["logistic"], ToyScorer(), samples=200, seed=2, options=options)["logistic"].origin
    assert (origin.method, origin.samples, origin.seed, origin.space) == ("logistic", 200, 2, "z")
    assert origin.parameters["kind"] == "logistic" and origin.parameters["seed"] == 3
    assert (origin.scorer, origin.generator) == (Source.of(ToyScorer()), Source.of(toy))
    assert origin.command() == (
        "latentwalk discover toy --method logistic --scorer toy --samples 200 --space z --seed 2 "
        "--option logistic.seed=3"
    )


def test_another_seed_draws_other_codes(toy) -> None:
    one, other = (fit_boundary(toy, ToyScorer(), "one", samples=200, seed=seed) for seed in (0, 1))
    assert not torch.equal(one.vector, other.vector)


def test_progress_is_told(toy) -> None:
    told = []
    fit_boundary(toy, ToyScorer(), "one", samples=1100, progress=lambda *now: told.append(now))
    assert told[:3] == [("scoring samples", done, 1100) for done in (512, 1024, 1100)]
    assert told[3:] == [("fitting svm", 0, 1), ("fitting svm", 1, 1)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"attributes": ["for"]}, "no attribute 'for': this scorer knows"),
        ({"attributes": []}, "expected at least one attribute, got none: there are one, two, three"),
        ({"methods": ["forest"]}, "no method 'forest': there are"),
        ({"samples": 1}, "expected at least 2 samples, got 1"),
        ({"samples": 3}, "needs at least 4 codes"),
        ({"seed": -1}, "expected a seed of at least 0"),
    ],
)
def test_what_cannot_be_is_refused(toy, wrong, message) -> None:
    with pytest.raises(ValueError, match=message):
        discover(toy, **{"methods": ["svm"], "scorer": ToyScorer(), **wrong})


def test_a_name_or_kind_that_is_wrong_costs_nothing(toy) -> None:
    class Untouched(ToyScorer):
        def __call__(self, images, /):
            raise AssertionError("nothing needs to be scored to see that this is wrong")

    with pytest.raises(ValueError, match="no attribute"):
        fit_boundary(toy, Untouched(), "smiling")
    with pytest.raises(ValueError, match="no method"):
        fit_boundary(toy, Untouched(), "one", kind="forest")


def test_all_methods_learn_from_samples_that_are_scored_once(toy) -> None:
    class Counting(ToyScorer):
        images = 0

        def __call__(self, images, /):
            self.images += len(images)
            return super().__call__(images)

    scorer = Counting()
    found = discover(toy, ["svm", "logistic"], scorer, samples=600)
    assert list(found) == ["svm", "logistic"]
    assert scorer.images == 600
    for directions in found.values():
        assert directions.origin.cost.images == 600


def test_directions_that_nobody_asked_for_are_named(toy) -> None:
    found = discover(toy, ["sefa"], ToyScorer(), samples=200, options={"sefa": {"components": "4"}})["sefa"]
    assert {direction.name for direction in found} == {"one", "two", "three", "nothing measurable"}
    assert found.origin.cost.images == 0
    assert found.origin.parameters["components"] == 4


def test_without_a_scorer_they_keep_their_numbers(toy) -> None:
    found = discover(toy, ["sefa"], samples=50)["sefa"]
    assert found[0].name == "sefa 1"


@pytest.mark.parametrize("generator", FAMILIES, indirect=True)
def test_directions_are_found_and_drawn_on_every_family(generator, monkeypatch) -> None:
    monkeypatch.setattr("latentwalk.jobs.discover.codes_to_name", lambda *_: 16)
    labels = torch.arange(generator.classes) if generator.classes else None
    for space in generator.spaces:
        methods = ["logistic"] if space == "s" else ["logistic", "sefa"]
        options = {"sefa": {"components": 2}}
        found = discover(generator, methods, Light(), None, 64, space=space, labels=labels, options=options)
        for directions in found.values():
            codes = generator.sample(range(2), None if labels is None else labels[:1].repeat(2))
            start = codes_for(generator, codes, directions[0])
            assert generator.render(directions[0].shift(start, 1.0)).isfinite().all()
            assert directions.origin.space == space


class Light:
    """Tells whether the middle of a picture is brighter than its rim, and its left than its right."""

    attributes = ("middle", "left")
    source = "light"

    def __call__(self, images: torch.Tensor, /) -> torch.Tensor:
        grey, quarter = images.mean(1), images.shape[2] // 4
        inner = grey[:, quarter:-quarter, quarter:-quarter].mean((1, 2)) - grey.mean((1, 2))
        sides = grey[:, :, :quarter].mean((1, 2)) - grey[:, :, -quarter:].mean((1, 2))
        logits = torch.stack([inner, sides], 1)
        return (logits - logits.median(0).values) / logits.std(0).clamp(min=1e-9)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"methods": ["svmm"]}, "no method 'svmm': there are svm, "),
        ({"methods": ["svm"], "scorer": None}, "svm learns from scores: name a scorer"),
        ({"space": "w"}, "this generator has the spaces z, got 'w'"),
        ({"options": {"sefa": {"parts": 3}}}, "sefa has no option 'parts': there are "),
        ({"options": {"sefa": {"components": "three"}}}, r"sefa\.components=three: Input should be a valid integer"),
    ],
)
def test_a_request_that_cannot_be_is_refused_before_anything_is_drawn(toy, wrong, message) -> None:
    class Untouched(ToyScorer):
        def __call__(self, images, /):
            raise AssertionError("nothing needs to be scored to see that this is wrong")

    with pytest.raises(ValueError, match=message):
        discover(toy, **{"methods": ["sefa"], "scorer": Untouched(), **wrong})


def test_an_attribute_that_cannot_be_learned_does_not_cost_the_others(toy) -> None:
    class Constant(ToyScorer):
        def __call__(self, images, /):
            logits = super().__call__(images)
            return torch.cat([logits[:, :2], torch.full_like(logits[:, 2:], 5.0)], 1)

    found = discover(toy, ["svm"], Constant(), samples=400)["svm"]
    assert [direction.name for direction in found] == ["one", "two"]
    assert set(found.origin.figures) == {"one", "two"}
    assert "every score is 5" in found.origin.skipped["three"]
    with pytest.raises(ValueError, match="a boundary of 'three' needs at least"):
        discover(toy, ["svm"], Constant(), ["three"], samples=400)


def test_methods_of_different_spaces_share_one_set_of_samples() -> None:
    """Each maps the codes that were drawn: there is no way back from the styles of one to the w of the next."""
    methods, options = ["channels", "sefa", "logistic"], {"sefa": {"components": 2}}
    found = discover(random_stylegan2(), methods, Light(), ["left"], 400, options=options)
    assert [directions.origin.space for directions in found.values()] == ["s", "w", "w"]


def test_a_method_that_finds_nothing_does_not_cost_what_others_found(toy) -> None:
    told: dict[str, str] = {}
    request = {"scorer": ToyScorer(), "samples": 100, "options": {"sefa": {"components": 99}}}
    found = discover(toy, ["sefa", "logistic"], **request, left_out=told.__setitem__)
    assert list(found) == ["logistic"]
    assert "there are 16 directions, got 99" in told["sefa"]
    with pytest.raises(ValueError, match="there are 16 directions, got 99"):
        discover(toy, ["sefa", "logistic"], **request)


def test_hand_labels_have_names_that_no_scorer_knows(toy):
    """A generator that comes with a scorer takes labels of other things."""
    codes = toy.sample(range(40))
    labelled = Samples(codes, (ToyScorer()(toy.synthesize(codes))[:, :1] > 0).float(), ("glasses",))
    given = {"samples": 200, "labelled": labelled, "options": {"fewshot": {"prior": "code"}}}
    found = discover(toy, ["fewshot"], ToyScorer(), ["glasses"], **given)["fewshot"]
    assert [direction.name for direction in found] == ["glasses"]
    with pytest.raises(ValueError, match="no attribute 'glasses'"):
        discover(toy, ["fewshot", "svm"], ToyScorer(), ["glasses"], **given)


def test_directions_are_named_on_codes_that_they_were_not_found_with(toy, monkeypatch) -> None:
    rendered: list[set[int]] = []
    original = type(toy).sample

    def sample(self, seeds, labels=None):
        seeds = list(seeds)
        rendered.append(set(seeds))
        return original(self, seeds, labels)

    monkeypatch.setattr(type(toy), "sample", sample)
    monkeypatch.setattr("latentwalk.jobs.discover.codes_to_name", lambda *_: 64)
    discover(toy, ["sefa"], ToyScorer(), samples=100, seed=1, options={"sefa": {"components": 2}})
    fitted, named = (seeds for seeds in rendered if len(seeds) in (64, 100))
    assert len(fitted) == 100 and len(named) == 64 and not fitted & named


@pytest.mark.parametrize("generator", ["biggan"], indirect=True)
def test_the_command_of_sampled_classes_names_them(generator) -> None:
    labels, options = torch.tensor([0, 1]), {"sefa": {"components": 2}}
    origin = discover(generator, ["sefa"], samples=40, labels=labels, options=options)["sefa"].origin
    assert "--class 0-1" in origin.command()


def test_short_codes_have_as_many_directions_as_numbers() -> None:
    found = discover(random_stylegan3(), ["sefa", "ganspace", "ica"], samples=60)
    assert [len(each) for each in found.values()] == [8, 8, 8]
    assert len(discover(random_stylegan3(), ["sefa"], samples=60, options={"sefa": {"components": 3}})["sefa"]) == 3
