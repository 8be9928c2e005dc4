import numpy as np
import pytest
import torch

from latentwalk.numerics.moments import Moments, deviations, principal


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


@pytest.mark.parametrize("sizes", [[1] * 50, [50], [0, 30, 0, 20], [7, 43]])
def test_a_pass_over_batches_gives_to_the_last_bit_what_one_batch_gives(sizes) -> None:
    data = rows(50)
    found, whole = Moments.over(data.split(sizes)), Moments.of(data)
    assert found.count == 50
    assert torch.equal(found.scatter, whole.scatter)
    assert torch.equal(found.mean, whole.mean)


def test_many_blocks_are_exact_though_the_mean_moves(monkeypatch) -> None:
    monkeypatch.setattr("latentwalk.numerics.moments.BLOCK", 7)
    monkeypatch.setattr("latentwalk.numerics.moments.FEWEST_ROWS", 4)
    data = rows(50) + 1000 * torch.arange(50)[:, None]  # a drift: no block has the mean of all
    found = Moments.over(data.split(9))
    assert np.allclose(found.covariance, np.cov(data.numpy().T), rtol=1e-12)
    assert torch.equal(found.scatter, found.scatter.T)


def test_a_mean_far_from_0_costs_no_digits() -> None:
    data = rows(500)
    near, far = Moments.of(data), Moments.over((data + 2.0**20).split(100))
    assert torch.allclose(near.scatter, far.scatter, rtol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_shorter_floats_are_summed_in_double(dtype) -> None:
    data = (rows(3000) * 10).to(dtype)
    assert np.allclose(Moments.over(data.split(100)).covariance, np.cov(data.double().numpy().T), rtol=1e-12)


def test_a_matrix_wider_than_a_step_is_symmetric() -> None:
    data = torch.randn(40, 1100, generator=torch.Generator().manual_seed(0))
    found = Moments.of(data)
    assert np.allclose(found.covariance, np.cov(data.double().numpy().T), atol=1e-12)
    assert torch.equal(found.scatter, found.scatter.T)


def test_deviations_add_up_to_the_scatter(monkeypatch) -> None:
    monkeypatch.setattr("latentwalk.numerics.moments.BLOCK", 7)
    monkeypatch.setattr("latentwalk.numerics.moments.FEWEST_ROWS", 16)
    data = rows(50)
    total = sum(part.rows.T @ part.rows for part in deviations([data]))
    assert torch.allclose(total, Moments.of(data).scatter, rtol=1e-12)


def test_the_data_are_left_as_they_are() -> None:
    data = rows(50)
    before = data.clone()
    Moments.over([data])
    assert torch.equal(data, before)


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


def test_few_axes_of_a_wide_matrix_are_those_among_all(monkeypatch) -> None:
    scales = torch.linspace(1, 20, 60, dtype=torch.float64)
    data = torch.randn(500, 60, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * scales
    matrix = Moments.of(data).covariance
    values, vectors = principal(matrix, 4)
    monkeypatch.setattr("latentwalk.numerics.moments.WIDE", 50)
    few, axes = principal(matrix, 4)
    assert torch.allclose(few, values, rtol=1e-12)
    assert torch.allclose(axes, vectors, atol=1e-10)
    assert torch.equal(principal(matrix, 4)[1], axes)


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
