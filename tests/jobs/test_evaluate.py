"""Directions judged: on the toy, whose answer is known."""

from dataclasses import replace

import pytest
import torch

from latentwalk.direction import Direction, Directions
from latentwalk.evaluation import Evaluation
from latentwalk.jobs.evaluate import evaluate
from latentwalk.metrics import METRICS
from latentwalk.metrics.result import CLEAR, promised
from latentwalk.origin import Cost, Origin, Source
from latentwalk.scorers.classifier import Classifier
from random_networks import codes, random_biggan
from toys import ATTRIBUTES, AXES, ToyScorer

TRUTH = ToyScorer().directions
TWIN = ToyScorer(entangled=True).directions
JUDGE = ToyScorer()


def axis(number: int, name: str, sign: int = 1) -> Direction:
    return Direction(name, sign * AXES[:, number])


@pytest.fixture(scope="module")
def judged(toy):
    """The truth, directions that drag others along, and what nobody taught."""
    unnamed = Directions(
        (axis(1, "pc 1", -1), axis(9, "pc 2")), Origin(method="pca", cost=Cost(seconds=1.5, images=70))
    )
    dirty = replace(TWIN["two"], name="two")
    truth = Directions(TRUTH.items, Origin(method="truth", seed=1))
    twin = Directions((dirty,), Origin(method="twin"))
    given = [(truth, "a/true.safetensors"), twin, (unnamed, "b/pca.st")]
    return evaluate(toy, given, JUDGE, codes=150, strengths=5, close=20)


def test_every_direction_has_a_key_of_its_own(judged) -> None:
    keys = ["true:one", "true:two", "true:three", "twin:two", "pca:pc 1", "pca:pc 2"]
    assert [result.key for result in judged.directions] == keys
    assert judged["twin:two"].name == "two"
    with pytest.raises(ValueError, match="no direction 'four': there are true:one, true:two"):
        judged["four"]


def test_the_same_name_twice_is_told_apart(toy) -> None:
    twice = Directions((TRUTH["one"], TRUTH["one"]), Origin(method="svm"))
    found = evaluate(toy, [twice, twice], JUDGE, codes=8, strengths=3, close=2)
    assert [r.key for r in found.directions] == ["svm:one", "svm:one (2)", "svm:one (3)", "svm:one (4)"]


def test_an_attribute_comes_from_the_name_or_from_what_was_measured(judged) -> None:
    known = {result.key: (result.attribute, result.matched, result.sign) for result in judged.directions}
    assert known["true:three"] == ("three", "name", 1)
    assert known["pca:pc 1"] == ("two", "measured", -1)
    assert known["pca:pc 2"] == (None, "none", 1)
    assert judged["pca:pc 2"].metrics["effect"] is None
    assert judged["pca:pc 2"].leakage is None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("one", {"one": 1}),
        ("one 2", {"one": 1}),
        ("one - three", {"one": 1, "three": -1}),
        ("hat + two 12", {"two": 1}),
        ("pc 3", {}),
    ],
)
def test_what_a_name_promises(name, says) -> None:
    assert promised(name, ATTRIBUTES) == says


def test_where_judge_and_name_disagree_is_said(toy) -> None:
    """Coordinate 0 is "one", 1 is "two", 9 is nothing that the judge can tell."""
    named = [axis(0, "one"), axis(1, "one - three"), axis(1, "two", -1), axis(2, "one - three", -1), axis(9, "two 2")]
    found = evaluate(toy, [Directions((*named, axis(1, "pc 1")))], JUDGE, codes=20, strengths=3, close=2)
    seen = [result.disagreement for result in found.directions]
    assert seen == ["", "more two", "less two", "", "nothing", ""]
    assert Evaluation.model_validate_json(found.to_json()) == found


def test_two_seeds_of_a_method_are_compared(toy) -> None:
    def of(seed: int, *numbers: int, method: str = "pca") -> Directions:
        return Directions(tuple(axis(n, f"pc {n}") for n in numbers), Origin(method=method, seed=seed))

    given = [(of(3, 0, 1), "a"), (of(4, 1, 9), "b"), of(3, 0, 1), (of(5, 0, method="sefa"), "d")]
    found = evaluate(toy, given, JUDGE, codes=4, strengths=3, close=2).stabilities
    assert [(s.method, s.files) for s in found] == [("pca", ("a", "b")), ("pca", ("b", ""))]
    assert [s.value for s in found] == pytest.approx([0.5, 0.5], abs=1e-4)


def test_the_planted_figures_come_out(judged) -> None:
    one = judged["true:one"]
    spread = judged.spread["one"] / 2
    assert one.rescoring["one"].value == pytest.approx(1 / spread, rel=1e-3)
    assert one.rescoring["two"].value == pytest.approx(0, abs=1e-3)
    assert one.leakage == pytest.approx(0, abs=1e-3)
    assert one.metrics["monotonicity"].value == pytest.approx(1)
    assert [point.strength for point in one.points] == [-3, -1.5, 0, 1.5, 3]
    assert [point.on.value * spread for point in one.points] == pytest.approx([-3, -1.5, 0, 1.5, 3], abs=1e-3)
    assert one.points[2].pixels == 0
    assert one.points[2].success is None
    assert one.points[4].success > 0.9
    twin = judged["twin:two"]
    assert twin.leakage == pytest.approx(0.6 / 0.8 / 2 * judged.spread["two"] / judged.spread["one"], rel=0.01)


def test_a_turned_direction_is_told_by_its_sign(judged) -> None:
    on = [point.on.value for point in judged["pca:pc 1"].points]
    assert on == sorted(on, reverse=True), "more strength, less of it"
    assert [point.changes["two"] for point in judged["pca:pc 1"].points] == pytest.approx(on, abs=1e-5)
    assert judged["pca:pc 1"].metrics["effect"].value > 0.8


def test_directions_of_one_attribute_are_ranked(judged) -> None:
    ranked = {comparison.attribute: comparison for comparison in judged.comparisons}
    assert list(ranked) == list(ATTRIBUTES)
    two = ranked["two"]
    assert two.change == 1
    assert {r.key for r in two.ranking} == {"true:two", "twin:two", "pca:pc 1"}
    assert two.ranking[-1].key == "twin:two"
    assert two.ranking[-1].behind.low > 0.1
    assert len(ranked["one"].ranking) == 1


def test_the_rest_of_the_page(toy, judged) -> None:
    assert (judged.codes, judged.close, judged.strengths) == (150, 20, [-3, -1.5, 0, 1.5, 3])
    assert judged.generator.fingerprint == toy.fingerprint
    assert judged.judge.source == "toy"
    assert judged.features == "pixels at 16x16"
    assert judged.images == 150 * 2 + 150 * 6 * 4 + 2 * 20 * 6
    assert judged.seconds > 0
    assert set(judged.cards) == set(METRICS)
    assert all(set(result.metrics) == set(METRICS) for result in judged.directions)
    assert "pixels at 16x16" in judged.missing["FID"]
    assert judged.cosines[1][3] == pytest.approx(0.8, abs=1e-4)
    assert judged.floor["kernel"] == pytest.approx(0, abs=1e-3)
    changes = torch.tensor(judged["true:one"].change_map)
    assert changes.shape == (8, 8)
    assert judged["pca:pc 1"].origin.model_dump() == {
        "file": "b/pca.st", "method": "pca", "parameters": {}, "seconds": 1.5, "images": 70, "labels": None,
    }  # fmt: skip


def test_intervals_hold_their_figure(judged) -> None:
    for result in judged.directions:
        figures = [*result.metrics.values(), *result.rescoring.values(), *(point.on for point in result.points)]
        for figure in figures:
            if figure is not None and figure.low is not None:
                assert figure.low - 1e-6 <= figure.value <= figure.high + 1e-6


def test_it_is_written_and_read_again(judged, tmp_path) -> None:
    judged.save(tmp_path / "new" / "evaluation.json")
    assert Evaluation.read(tmp_path / "new" / "evaluation.json") == judged


@pytest.mark.parametrize(
    ("text", "message"), [("{}", "is damaged or foreign: latentwalk"), ("nothing", "is damaged or foreign")]
)
def test_a_damaged_file_is_refused(tmp_path, text, message) -> None:
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        Evaluation.read(tmp_path / "bad.json")
    with pytest.raises(ValueError, match="cannot read the evaluation"):
        Evaluation.read(tmp_path / "nowhere.json")


def test_the_same_again_is_the_same(toy) -> None:
    one, other = (evaluate(toy, [TRUTH], JUDGE, codes=20, strengths=3, close=5) for _ in range(2))
    assert one.model_copy(update={"seconds": 0}) == other.model_copy(update={"seconds": 0})


def test_codes_are_held_out(toy) -> None:
    fitted = [Directions(TRUTH.items, Origin(seed=seed)) for seed in (1, 2, 4)]
    assert evaluate(toy, fitted, JUDGE, codes=4, strengths=3).seed == 3
    assert evaluate(toy, fitted, JUDGE, codes=4, strengths=3, seed=7).seed == 7
    with pytest.raises(ValueError, match="the seed 2 drew the codes that directions were fitted to: choose another"):
        evaluate(toy, fitted, JUDGE, codes=4, strengths=3, seed=2)


@pytest.mark.parametrize("source", [Source(source="toy"), Source(source="", fingerprint="abc")])
def test_nobody_judges_what_was_fitted_on_it(toy, source) -> None:
    judge = ToyScorer()
    judge.fingerprint = "abc"
    given = Directions(TRUTH.items, Origin(method="svm", scorer=source))
    with pytest.raises(ValueError, match="of the method 'svm' were fitted on the scorer toy: judge them with another"):
        evaluate(toy, [given], judge, codes=4)


def test_directions_of_another_generator_are_refused_unless_forced(toy) -> None:
    given = [Directions(TRUTH.items, Origin(method="svm", generator=Source(source="", fingerprint="0123")))]
    with pytest.raises(ValueError, match=r"made for the generator 0123, this one is .*--force-generator"):
        evaluate(toy, given, JUDGE, codes=4)
    assert evaluate(toy, given, JUDGE, codes=4, strengths=3, force=True).codes == 4


def test_what_does_not_fit_is_refused_before_anything_is_drawn(toy, monkeypatch) -> None:
    monkeypatch.setattr(toy, "stages", None)
    wrong = Directions((Direction("one", torch.eye(3)[0]),))
    with pytest.raises(ValueError, match="moves z codes by 3 numbers"):
        evaluate(toy, [TRUTH, wrong], JUDGE, codes=4)
    with pytest.raises(ValueError, match="expected at least one direction to evaluate, got none"):
        evaluate(toy, [], JUDGE)
    with pytest.raises(ValueError, match="no features 'vgg': there are judge, imagenet, inception, pixels"):
        evaluate(toy, [TRUTH], JUDGE, codes=4, features="vgg")
    with pytest.raises(ValueError, match="an odd number of strengths"):
        evaluate(toy, [TRUTH], JUDGE, codes=4, strengths=4)


def test_a_generator_with_classes() -> None:
    generator = random_biggan()
    size = codes(generator, [0]).values[0].numel()
    given = Directions((Direction("bright", torch.eye(size)[0]),))
    judge = Classifier.fresh(("bright", "dark"), "plain", 8, 3, 0).freeze()
    found = evaluate(generator, [given], judge, codes=6, strengths=3, close=2, labels=torch.tensor([2, 0]))
    assert found.classes == [0, 2]
    assert "before its last layer" in found.features
    with pytest.raises(ValueError, match="codes without labels"):
        evaluate(generator, [given], judge, codes=6)


def test_a_weak_effect_is_no_name(toy) -> None:
    weak = torch.nn.functional.normalize(AXES[:, 9] + 0.5 * CLEAR * AXES[:, 0], dim=0)
    found = evaluate(toy, [Directions((Direction("weak", weak),))], JUDGE, codes=50, strengths=3)
    assert found.directions[0].attribute is None
    assert found.comparisons == []
