import numpy as np
import pytest
import torch

from latentwalk.statistics import Moments, principal


def rows(count: int, seed: int = 0) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return 100 + torch.randn(count, 7, generator=random, dtype=torch.float64) * torch.arange(1, 8)


def test_moments_agree_with_numpy() -> None:
    data = rows(50)
    found = Moments.of(data)
    assert np.allclose(found.mean, data.numpy().mean(0), rtol=1e-14)
    assert np.allclose(found.covariance, np.cov(data.numpy().T), rtol=1e-12)


@pytest.mark.parametrize("cut", [1, 20, 49])
def test_two_parts_give_what_the_whole_gives(cut) -> None:
    data = rows(50)
    both, whole = Moments.of(data[:cut]) + Moments.of(data[cut:]), Moments.of(data)
    assert both.count == whole.count
    assert torch.allclose(both.mean, whole.mean, rtol=1e-13)
    assert torch.allclose(both.scatter, whole.scatter, rtol=1e-11, atol=1e-9)


def test_adding_changes_neither_part() -> None:
    one, other = Moments.of(rows(5)), Moments.of(rows(6, seed=1))
    before = one.scatter.clone()
    _ = one + other
    assert torch.equal(one.scatter, before)


def test_principal_axes_agree_with_numpy_and_have_a_sign() -> None:
    matrix = Moments.of(rows(500)).covariance
    values, vectors = principal(matrix, 3)
    known, axes = np.linalg.eigh(matrix.numpy())
    assert np.allclose(values, known[::-1][:3])
    assert np.allclose(np.abs(np.sum(vectors.numpy() * axes[:, ::-1][:, :3].T, 1)), 1)
    assert (vectors.gather(1, vectors.abs().argmax(1, keepdim=True)) > 0).all()


@pytest.mark.parametrize(
    ("bad", "message"),
    [(rows(0), "expected at least one vector, got none"), (rows(3) * float("nan"), "expected finite numbers")],
)
def test_what_has_no_moments_is_refused(bad, message) -> None:
    with pytest.raises(ValueError, match=message):
        Moments.of(bad)


def test_one_vector_has_no_covariance() -> None:
    with pytest.raises(ValueError, match="needs at least 2 vectors, got 1"):
        _ = Moments.of(rows(1)).covariance
