"""All figures at once: what is planted is found, whatever its order, sign and scale."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from latentwalk.disentanglement import FIGURES
from latentwalk.metrics.exact import disentanglement, knowledge
from latentwalk.metrics.mutual import binned, information, mig, modularity
from latentwalk.metrics.separation import sap

RANDOM = np.random.default_rng(1)
BINARY = RANDOM.integers(0, 2, (1200, 2)).astype(float)
FACTORS = np.concatenate([BINARY, RANDOM.uniform(size=(1200, 3))], 1)
TURNED = FACTORS @ np.linalg.qr(RANDOM.normal(size=(5, 5)))[0]
NOISE = RANDOM.normal(size=(1200, 5))


def figures(codes: np.ndarray) -> np.ndarray:
    seen = disentanglement(codes, FACTORS)
    return np.array([getattr(seen, name) for name in FIGURES])


def test_the_factors_themselves_are_perfect() -> None:
    perfect = dict(zip(FIGURES, figures(FACTORS), strict=True))
    sap_of_binaries = perfect.pop("sap")  # 1 to 1/2, the accuracy of a guess, for them
    assert all(value > 0.94 for value in perfect.values())
    assert 0.7 < sap_of_binaries <= 1


def test_order_sign_and_scale_do_not_matter() -> None:
    other = (FACTORS * [1, -2, 3, -4, 5] + 7)[:, [3, 0, 4, 1, 2]]
    assert np.allclose(figures(other), figures(FACTORS), atol=0.03)


def test_turned_factors_are_worse_and_noise_is_worst() -> None:
    perfect, turned, noise = figures(FACTORS), figures(TURNED), figures(NOISE)
    assert (perfect[:3] > turned[:3] + 0.2).all()
    assert noise[0] < 0.02 and noise[4] < 0.05
    assert noise[3] < turned[3]


def test_mig_by_hand() -> None:
    """Two factors of one bit each, and codes that are the first factor, and both at once."""
    one, two = np.repeat([0.0, 1.0], 512), np.tile([0.0, 1.0], 512)
    codes, factors = np.stack([one, one + 2 * two], 1), np.stack([one, two], 1)
    table, entropies = information(codes, factors)
    assert table / np.log(2) == pytest.approx(np.array([[1, 0], [1, 1]]), abs=1e-9)
    assert entropies == pytest.approx(np.log([2, 2]))
    assert mig(codes, factors) == pytest.approx((0 + 1) / 2)  # both know the first alike, only one knows the second
    assert modularity(codes, factors) == pytest.approx((1 + 0) / 2)


def test_sap_by_hand() -> None:
    """A degree and half of it with as much of another: R^2 of 1 and 1/2, and for the other 1/2 and 0."""
    x, y = np.meshgrid(np.linspace(-1, 1, 40), np.linspace(-1, 1, 40))
    factors = np.stack([x.ravel(), y.ravel()], 1)
    codes = np.stack([factors[:, 0], factors.sum(1)], 1)
    assert sap(codes, factors) == pytest.approx((0.5 + 0.5) / 2)


def test_information_is_that_of_an_independent_implementation() -> None:
    table, _ = information(TURNED, FACTORS)
    cut, known = binned(TURNED, 20), binned(FACTORS, 20)
    other = [[mutual_info_score(code, factor) for factor in known.T] for code in cut.T]
    assert table == pytest.approx(np.array(other), abs=1e-9)


def test_what_is_known_is_a_share_of_the_entropy() -> None:
    assert knowledge(FACTORS, FACTORS).diagonal() == pytest.approx(1)
    assert knowledge(NOISE, FACTORS).max() < 0.15
