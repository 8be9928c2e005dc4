"""The page: everything that was measured is on it, it needs nothing from elsewhere, and its pictures are there."""

import json
import re
from html.parser import HTMLParser

import pytest
import torch

from latentwalk.direction import Direction, Directions
from latentwalk.evaluation import Evaluation
from latentwalk.jobs.evaluate import evaluate
from latentwalk.jobs.report import save_report
from latentwalk.origin import Cost, Origin
from latentwalk.pages.curves import HEIGHT, WIDTH, effects, plot, steps
from random_networks import FAMILIES
from toys import AXES, ToyScorer

FILES = ["a/true.safetensors", "b/<pca>.safetensors"]
FOUND = [
    Directions(ToyScorer(True).directions.items, Origin(method="truth", seed=5, cost=Cost(seconds=2.0, images=70))),
    Directions((Direction("two", AXES[:, 1].contiguous()), Direction("pc <2>", AXES[:, 9].contiguous()))),
]
GIVEN = list(zip(FOUND, FILES, strict=True))


class Page(HTMLParser):
    """Checks that tags are closed in order, and keeps what a page refers to."""

    VOID = frozenset({"meta", "img", "br", "line", "circle", "polyline"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.refers: list[str] = []
        self.pictures = 0
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.refers += [named[key] for key in ("src", "href") if key in named]
        self.pictures += tag == "img"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def evaluation(toy):
    return evaluate(toy, GIVEN, ToyScorer(), codes=60, strengths=5, close=8)


@pytest.fixture(scope="module")
def written(toy, evaluation, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    commands = ["latentwalk discover toy --method truth", "latentwalk report a b"]
    return save_report(evaluation, toy, GIVEN, toy.sample(range(2)), path, commands)


def test_the_page_is_whole_and_needs_nothing_from_elsewhere(written, evaluation) -> None:
    text = written[0].read_text()
    page = Page(text)
    assert all(place.startswith(("data:image/jpeg;base64,", "#")) for place in page.refers)
    assert not re.search(r"https?://|@import|url\(", text)
    assert page.pictures >= len(evaluation.directions)


def test_every_direction_attribute_and_command_is_on_both_pages(written, evaluation) -> None:
    for path in written[:2]:
        text = path.read_text().replace("&lt;", "<").replace("&gt;", ">")
        for part in [*(d.key for d in evaluation.directions), *evaluation.attributes, "latentwalk report a b", "toy"]:
            assert part in text, path


def test_names_cannot_become_markup(written) -> None:
    text = written[0].read_text()
    assert "<pca>" not in text
    assert "pc &lt;2&gt;" in text


def test_the_best_direction_stands_first(written, evaluation) -> None:
    """The planted axis of "two" drags nothing along, its entangled twin does."""
    comparison = next(c for c in evaluation.comparisons if c.attribute == "two")
    assert comparison.ranking[0].key == "<pca>:two"
    assert "| two | <pca>:two |" in written[1].read_text()


def test_a_name_that_the_judge_does_not_confirm_is_flagged(toy, tmp_path) -> None:
    """It is the best direction for "two", and called by another name."""
    wrong = [Directions((Direction("one - three", AXES[:, 1].contiguous()),))]
    evaluation = evaluate(toy, wrong, ToyScorer(), codes=20, strengths=3, close=4)
    page, words, data = save_report(evaluation, toy, wrong, toy.sample([0]), tmp_path / "r.html")
    assert evaluation.comparisons[0].attribute == "two"
    assert page.read_text().count('class="flag"') >= 4, "best, ranking, pictures and the table of all"
    text = words.read_text()
    assert text.count("(! not what its name says: the judge sees more two)") == 3
    assert Evaluation.read(data).directions[0].disagreement == "more two"


def test_the_words_are_explained_on_both_pages(written) -> None:
    for path in written[:2]:
        text = path.read_text()
        for word in ("unit of strength", "judge", "leakage", "crosses", "identity"):
            assert word in text.split("The best direction")[0], path


def test_the_json_beside_it_is_the_evaluation(written, evaluation) -> None:
    assert Evaluation.read(written[2]) == evaluation
    assert json.loads(written[2].read_text())["codes"] == 60


def test_curves_stay_inside_their_drawing_and_begin_at_nothing(evaluation) -> None:
    keys = ["true:two", "<pca>:two"]
    drawn = plot(evaluation, keys)
    assert [curve.key for curve in drawn.curves] == keys
    for curve in drawn.curves:
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y, _ in curve.points)
    assert effects(evaluation["true:two"])[0][:2] == (0.0, 0.0)
    dirty, clean = (effects(evaluation[key])[-1][1] for key in keys)
    assert dirty > 0.3 > clean


@pytest.mark.parametrize(("most", "expected"), [(1.0, [0, 0.2, 0.4, 0.6, 0.8, 1]), (2.3, [0, 0.5, 1, 1.5, 2])])
def test_axes_have_round_numbers(most, expected) -> None:
    assert steps(most) == expected


@pytest.mark.parametrize("most", [0.003, 0.09, 0.7, 7, 40, 900])
def test_axes_have_a_few_numbers_whatever_the_size(most) -> None:
    found = steps(most)
    assert 3 <= len(found) <= 6
    assert found[-1] <= most


def test_a_page_without_any_attribute_says_so(toy, tmp_path) -> None:
    nothing = [Directions((Direction("pc", AXES[:, 9].contiguous()),))]
    evaluation = evaluate(toy, nothing, ToyScorer(), codes=20, strengths=3, close=4)
    page, *_ = save_report(evaluation, toy, nothing, toy.sample([0]), tmp_path / "r.html")
    assert "No direction moves an attribute that the judge can tell" in page.read_text()
    Page(page.read_text())


@pytest.mark.parametrize("generator", FAMILIES, indirect=True)
def test_every_family_has_its_page(generator, tmp_path) -> None:
    labels = torch.arange(2) % generator.classes if generator.classes else None
    vector = torch.nn.functional.normalize(torch.ones(generator.input_space.size), dim=0)
    found = [Directions((Direction("first", vector, generator.input_space.name),), Origin(method="given"))]

    class Bright(ToyScorer):
        attributes = ("bright", "light")

        def __init__(self) -> None:
            self.source = "bright"

        def __call__(self, images, /):
            return torch.stack([images.mean((1, 2, 3)), images.amax((1, 2, 3))], 1)

    evaluation = evaluate(generator, found, Bright(), codes=8, strengths=3, close=2, labels=labels)
    codes = generator.sample(range(2), labels)
    page, *_ = save_report(evaluation, generator, found, codes, tmp_path / "r.html")
    assert Page(page.read_text()).pictures
