"""Labels one by one: they teach what many do, and what is said of that is true."""

import numpy as np
import pytest
import torch

from latentwalk.methods.fewshot import FewShot
from latentwalk.methods.lesson import Lesson
from latentwalk.samples import Samples
from toys import ToyScorer


@pytest.fixture(scope="module")
def lesson(toy) -> Lesson:
    return Lesson.begin(toy, toy.sample(400))


@pytest.fixture(scope="module")
def truth(toy, lesson) -> np.ndarray:
    return (ToyScorer()(toy.render(lesson.latents))[:, 0] > 0).numpy()


def test_it_teaches_what_few_labels_of_a_table_teach(toy, lesson, truth) -> None:
    rows = list(range(40))
    learned = lesson.learn(rows, truth[rows].tolist()).direction("one")
    scores = torch.full((400, 1), torch.nan)
    scores[rows, 0] = torch.from_numpy(truth[rows]).float()
    layers = tuple(learned.origin.parameters["layers"])
    fitted = FewShot(layers=layers).fit(toy, Samples(lesson.latents, scores, ("one",)))
    assert float(learned[0].vector @ fitted[0].vector) > 0.999
    assert learned[0].unit == pytest.approx(fitted[0].unit, rel=1e-3)
    assert learned.origin.figures["one"]["yes"] == int(truth[rows].sum())


def test_it_finds_what_was_planted(lesson, truth) -> None:
    rows = list(range(150))
    found = lesson.learn(rows, truth[rows].tolist()).direction("one")[0]
    assert float(found.vector @ ToyScorer().directions["one"].vector) > 0.9


def test_it_asks_where_it_is_least_sure_and_never_twice(lesson, truth) -> None:
    rows = list(range(20))
    learned = lesson.learn(rows, truth[rows].tolist())
    asked = learned.ask(10, known=[50, 51])
    free = [row for row in range(400) if row not in {*rows, 50, 51}]
    assert asked == sorted(free, key=lambda row: abs(float(learned.guess[row])))[:10]


def test_the_area_is_high_for_what_is_there_and_a_half_for_what_is_not(lesson, truth) -> None:
    rows = list(range(60))
    steps: list[int] = []
    taught = lesson.learn(rows, truth[rows].tolist()).auc(range(60), lambda _, done, total: steps.append(done))
    assert taught > 0.9 and steps == [1, 2, 3, 4, 5]
    by_chance = np.random.default_rng(0).permuted(np.tile(truth[rows], (5, 1)), axis=1)
    areas = [lesson.learn(rows, labels.tolist()).auc(range(60)) for labels in by_chance]
    assert abs(float(np.mean(areas)) - 0.5) < 0.15


def test_too_few_of_a_kind_are_said(lesson) -> None:
    with pytest.raises(ValueError, match="2 labels of each kind, got 1 yes and 3 no"):
        lesson.learn([0, 1, 2, 3], [True, False, False, False])
    learned = lesson.learn([0, 1, 2, 3], [True, True, False, False])
    with pytest.raises(ValueError, match="labels of both kinds"):
        learned.auc([0, 1])


def test_codes_must_outnumber_their_numbers(toy) -> None:
    with pytest.raises(ValueError, match="a code has 16 numbers"):
        Lesson.begin(toy, toy.sample(10))
