"""The bundled scorers of faces: small, fixed, and as good on unseen hand labels as their cards say."""

import importlib.util
from pathlib import Path

import pytest
import torch

from latentwalk.bundled import SCORERS
from latentwalk.jobs.load import load_scorer, second_of
from latentwalk.scorers.classifier import Classifier
from latentwalk.scores import score
from latentwalk.training.judge import report

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "scorer.py"
FACES = {name: SCORERS[name] for name in ("faces64", "faces64-second", "faces64-judge")}
CARD = SCORERS["faces64"].parent / "README.md"
MOST_BYTES = 6 * 2**20

FLOOR = {
    "eyeglasses": 0.97,
    "smiling": 0.96,
    "mouth_open": 0.95,
    "facial_hair": 0.93,
    "hat": 0.98,
    "long_hair": 0.94,
    "black_hair": 0.88,
    "blond_hair": 0.94,
    "turned_left": 0.98,
    "turned_right": 0.98,
}
"""What the scorer must reach on the labels that no step saw."""


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("scorer_benchmark", BENCHMARK)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def unseen(benchmark, faces):
    return benchmark.hand_labels(faces)[1]


@pytest.fixture(scope="module")
def logits(faces, unseen):
    """Of every scorer, on the codes that judge."""
    return {name: score(faces, load_scorer(name), unseen.latents) for name in FACES}


@pytest.fixture(params=FACES)
def scorer(request) -> Classifier:
    loaded = load_scorer(request.param)
    assert isinstance(loaded, Classifier)
    return loaded


@pytest.mark.parametrize("path", FACES.values(), ids=FACES)
def test_small(path):
    assert path.stat().st_size <= MOST_BYTES


def test_fixed_with_gradients_that_reach_the_code(faces, scorer):
    codes = faces.sample(range(2))
    codes.values.requires_grad_()
    scorer(faces.synthesize(codes))[:, 0].sum().backward()
    assert codes.values.grad is not None and bool((codes.values.grad.abs().sum(1) > 0).all())
    assert all(not p.requires_grad and p.grad is None for p in scorer.parameters())
    assert not scorer.training


def test_the_card_is_true(faces, scorer, unseen, logits):
    assert scorer.card["generator"] == faces.fingerprint
    rows = report(logits[scorer.source], unseen.scores, unseen.attributes)
    assert [row["attribute"] for row in rows] == list(scorer.attributes)
    for row, claimed in zip(rows, scorer.card["held_out"], strict=True):
        for count in ("attribute", "labels", "positive"):
            assert row[count] == claimed[count]
        assert row["auc"] == pytest.approx(claimed["auc"], abs=1e-3)
        # These move in steps when two nearly equal logits change places or bins.
        assert row["average_precision"] == pytest.approx(claimed["average_precision"], abs=1e-2)
        assert row["calibration_error"] == pytest.approx(claimed["calibration_error"], abs=1e-2)


def test_the_scorer_is_good_enough():
    scorer = load_scorer("faces64")
    assert isinstance(scorer, Classifier)
    assert not {row["attribute"]: row["auc"] for row in scorer.card["held_out"] if row["auc"] < FLOOR[row["attribute"]]}


def test_left_and_right_are_never_swapped(scorer, unseen, logits, benchmark):
    auc, count = benchmark.left_against_right(logits[scorer.source], unseen)
    assert count == 125 and auc > 0.99


def test_the_three_are_networks_of_three_kinds_that_learned_from_other_samples():
    trio = [load_scorer(name) for name in FACES]
    assert all(isinstance(each, Classifier) for each in trio)
    assert len({each.architecture for each in trio}) == len({each.card["recipe"]["seed"] for each in trio}) == 3
    assert len({each.attributes for each in trio}) == 1
    assert second_of(trio[0]) == "faces64-second" and second_of(trio[2]) is None


def test_the_written_card_holds_the_measured_figures(unseen, logits, benchmark):
    text = CARD.read_text(encoding="utf-8")
    for name in FACES:
        for row in benchmark.table(logits[name], unseen, {}).splitlines()[2:]:
            figures = " | ".join(row.split(" | ")[:4])  # name, labels, positive, AUC
            assert figures in text, f"{name}: run benchmarks/scorer.py and put its table into the card"


def test_gray_pictures_are_refused_with_a_word(scorer):
    with pytest.raises(ValueError, match="looks at 3 channels"):
        scorer(torch.zeros(1, 1, 64, 64))
