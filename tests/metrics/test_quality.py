"""Distances between clouds of embeddings, against their formulas written out."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from latentwalk.metrics.quality import frechet, kernel_distance


def cloud(n: int, seed: int, scale: float = 1.0, shift: float = 0.0) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    mixing = torch.randn(6, 6, generator=torch.Generator().manual_seed(99))
    return scale * torch.randn(n, 6, generator=random) @ mixing + shift


@pytest.mark.parametrize("count", [4, 50, 400])  # fewer than numbers in an embedding: a singular covariance
def test_frechet_is_the_formula_with_a_matrix_square_root(count) -> None:
    a, b = cloud(count, 0).double().numpy(), cloud(300, 1, 1.3, 0.2).double().numpy()
    first, second = np.cov(a.T), np.cov(b.T)
    root = sqrtm(first @ second + 1e-12 * np.eye(6)).real
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(first + second - 2 * root)
    assert frechet(torch.tensor(a), torch.tensor(b)) == pytest.approx(expected, rel=1e-4)


def test_frechet_of_the_same_is_0_and_of_a_shift_its_square() -> None:
    a = cloud(200, 0)
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet(a, a + 0.5) == pytest.approx(6 * 0.25, rel=1e-4)


def test_kernel_distance_is_a_double_loop() -> None:
    a, b = cloud(20, 0).double().numpy(), cloud(15, 1, 1.2).double().numpy()

    def k(x, y) -> float:
        return (float(x @ y) / 6 + 1) ** 3

    within = [
        sum(k(x[i], x[j]) for i in range(len(x)) for j in range(len(x)) if i != j) / (len(x) * (len(x) - 1))
        for x in (a, b)
    ]
    between = sum(k(x, y) for x in a for y in b) / (len(a) * len(b))
    assert kernel_distance(torch.tensor(a), torch.tensor(b)) == pytest.approx(sum(within) - 2 * between, rel=1e-9)


def test_kernel_distance_is_not_biased_by_the_number_of_pictures() -> None:
    """Two samples of the same: 0 on average, however few; the Frechet distance grows when there are fewer."""
    pairs = [(cloud(30, 2 * i), cloud(30, 2 * i + 1)) for i in range(200)]
    found = np.array([kernel_distance(a, b) for a, b in pairs])
    assert abs(found.mean()) < 3 * found.std() / np.sqrt(len(found))
    few = np.mean([frechet(a, b) for a, b in pairs[:20]])
    many = frechet(cloud(2000, 0), cloud(2000, 1))
    assert few > 5 * many


def test_kernel_distance_of_very_many_is_the_mean_over_blocks(monkeypatch) -> None:
    """So two samples of the same are 0 on average still."""
    monkeypatch.setattr("latentwalk.metrics.quality.BLOCK", 50)
    a, b = cloud(190, 0), cloud(190, 1, 1.5)
    pairs = [(cloud(130, 2 * i), cloud(130, 2 * i + 1)) for i in range(100)]
    monkeypatch.setattr("latentwalk.metrics.quality.TOGETHER", 120)
    found = np.array([kernel_distance(one, other) for one, other in pairs])
    assert abs(found.mean()) < 3 * found.std() / np.sqrt(len(found))
    parts = [(a[:48], b[:48]), (a[48:96], b[48:96]), (a[96:143], b[96:143]), (a[143:], b[143:])]
    expected = np.mean([kernel_distance(one, other) for one, other in parts])
    assert kernel_distance(a, b) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("distance", [frechet, kernel_distance])
def test_worse_pictures_are_farther(distance) -> None:
    reference = cloud(400, 0)
    distances = [distance(cloud(400, 1, 1 + extra), reference) for extra in (0, 0.5, 1)]
    assert distances == sorted(distances)
    assert distances[1] > 5 * abs(distances[0])
