"""Codes against factors that are known."""

from functools import cache

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from latentwalk.metrics.importance import DCI, dci
from latentwalk.metrics.mutual import binned, information, mig, modularity
from latentwalk.metrics.separation import sap

RANDOM = np.random.default_rng(0)
FACTORS = np.stack([RANDOM.integers(0, 5, 800), RANDOM.integers(0, 3, 800), RANDOM.uniform(-1, 1, 800)], 1)
TURN = np.linalg.qr(RANDOM.normal(size=(3, 3)))[0]
CENTRED = (FACTORS - FACTORS.mean(0)) / FACTORS.std(0)
PURE = CENTRED[:, [2, 0, 1]] * [1, -2, 3] + RANDOM.normal(0, 0.01, (800, 3))
MIXED = CENTRED @ TURN
NOISE = RANDOM.normal(size=(800, 3))
CODES = {"pure": PURE, "mixed": MIXED, "noise": NOISE}


@cache
def importance(name: str) -> DCI:
    """Trees take their time: once for all."""
    return dci(CODES[name][:400], FACTORS[:400])


MEASURES = {
    "mig": lambda name: mig(CODES[name], FACTORS),
    "modularity": lambda name: modularity(CODES[name], FACTORS),
    "sap": lambda name: sap(CODES[name], FACTORS),
    "disentanglement": lambda name: importance(name).disentanglement,
    "completeness": lambda name: importance(name).completeness,
}


@pytest.mark.parametrize("name", MEASURES)
def test_codes_of_one_factor_each_are_better_than_mixed_ones(name) -> None:
    pure, mixed = MEASURES[name]("pure"), MEASURES[name]("mixed")
    assert 1.001 >= pure > mixed + 0.1
    assert pure > (0.4 if name == "sap" else 0.8)
    assert mixed >= 0


@pytest.mark.parametrize("name", ["mig", "sap"])
def test_noise_knows_nothing(name) -> None:
    assert MEASURES[name]("noise") < 0.1


def test_informativeness_is_about_what_was_not_learned_from() -> None:
    assert importance("pure").informativeness > 0.95
    assert importance("noise").informativeness < 0.4


def test_one_code_copied_has_no_gap() -> None:
    twice = np.concatenate([PURE, PURE], 1)
    assert mig(twice, FACTORS) == pytest.approx(0, abs=1e-9)
    assert sap(twice, FACTORS) == pytest.approx(0, abs=0.01)


def test_information_is_that_of_binned_columns() -> None:
    table, entropies = information(MIXED, FACTORS, 20)
    edges = np.histogram_bin_edges(MIXED[:, 1], 20)
    cut = np.clip(np.digitize(MIXED[:, 1], edges) - 1, 0, 19)
    assert table[1, 0] == pytest.approx(mutual_info_score(cut, FACTORS[:, 0]))
    shares = np.bincount(FACTORS[:, 1].astype(int)) / 800
    assert entropies[1] == pytest.approx(-(shares * np.log(shares)).sum())


def test_many_values_are_cut_into_bins_of_equal_width() -> None:
    numbers = binned(np.linspace(0, 1, 100)[:, None], 4)[:, 0]
    assert numbers.tolist() == sorted(numbers) and np.bincount(numbers).tolist() == [25, 25, 25, 25]


def test_few_values_are_their_own_bins() -> None:
    assert binned(np.array([[5.0], [1.0], [5.0], [100.0]]), 20)[:, 0].tolist() == [1, 0, 1, 2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mig(PURE[:, :1], FACTORS), "a gap needs two codes or more, got 1"),
        (lambda: sap(PURE[:, :1], FACTORS), "a gap needs two codes or more, got 1"),
        (lambda: modularity(PURE, FACTORS[:, :1]), "modularity needs two factors or more, got 1"),
        (lambda: mig(PURE, np.ones((800, 1))), "factor 0 never changes: leave it out"),
        (lambda: dci(PURE, FACTORS, held_out=0.0), "some to learn from and some held out"),
    ],
)
def test_what_cannot_be_measured_is_refused(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_rows_that_do_not_match_are_refused(unchecked) -> None:
    with pytest.raises(ValueError, match="one row of factors per code, got 800 codes and 700 rows"):
        mig(PURE, FACTORS[:700])
    with pytest.raises(ValueError, match="as many codes as factors"):
        dci(PURE, FACTORS[:700])
