import numpy as np
import pytest
import torch

from latentwalk.numerics.moments import Moments
from latentwalk.numerics.sketch import Sketch

WIDE, KEPT = 60, 3


def rows(count: int = 400, decay: float = 1.0, rank: int = WIDE, seed: int = 0) -> torch.Tensor:
    """Vectors whose variances fall like 1 / i**(2 decay) along random axes, and three numbers that go with them."""
    random = torch.Generator().manual_seed(seed)
    axes = torch.linalg.qr(torch.randn(WIDE, WIDE, generator=torch.Generator().manual_seed(9), dtype=torch.float64))[0]
    scales = torch.arange(1, rank + 1) ** -decay
    wide = 5 + torch.randn(count, rank, generator=random, dtype=torch.float64) * scales @ axes[:rank]
    beside = 2 + wide[:, :KEPT] + torch.randn(count, KEPT, generator=random, dtype=torch.float64)
    return torch.cat([wide, beside], 1)


def exact(data: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.cov(data.numpy().T))


def test_vectors_of_low_rank_are_found_exactly() -> None:
    data = rows(rank=10)
    found = Sketch.over([data], 20, KEPT).principal(10)
    values, axes = np.linalg.eigh(exact(data)[:WIDE, :WIDE].numpy())
    assert np.allclose(found.values, values[::-1][:10], rtol=1e-9)
    assert np.allclose(np.abs(np.sum(found.vectors.numpy() * axes[:, ::-1][:, :10].T, 1)), 1)
    assert found.missed < 1e-9
    assert float(found.residuals.max()) < 1e-9


def test_what_is_kept_beside_is_exact() -> None:
    data = rows()
    sketch, truth = Sketch.over(data.split(70), 8, KEPT), exact(data)
    assert torch.allclose(sketch.beside, truth[:, WIDE:], rtol=1e-10)
    assert sketch.variance == pytest.approx(float(truth[:WIDE, :WIDE].trace()), rel=1e-12)
    assert torch.allclose(sketch.mean, data.mean(0), rtol=1e-13)


def test_no_variance_is_overestimated_and_more_columns_miss_less() -> None:
    data = rows()
    truth = torch.linalg.eigvalsh(exact(data)[:WIDE, :WIDE]).flip(0)
    missed = []
    for columns in (8, 16, 32):
        found = Sketch.over([data], columns, KEPT).principal(8)
        assert (found.values <= truth[:8] * (1 + 1e-12)).all()
        missed.append(found.missed)
    assert missed[0] > missed[1] > missed[2] > 0


def test_what_is_missed_is_the_variance_outside_of_the_sketch() -> None:
    data = rows()
    found = Sketch.over([data], 12, KEPT).principal(12)
    assert found.missed == pytest.approx(1 - float(found.values.sum() / exact(data)[:WIDE, :WIDE].trace()))


def test_the_estimated_error_of_an_axis_is_its_true_error() -> None:
    data = rows()
    covariance, squares = exact(data)[:WIDE, :WIDE], []
    for seed in range(20):
        found = Sketch.over([data], 12, KEPT, seed).principal(3)
        true = (found.vectors @ covariance - found.values[:, None] * found.vectors).norm(dim=1)
        squares.append((found.residuals / true) ** 2)
    assert torch.stack(squares).mean() == pytest.approx(1, abs=0.25)  # 20 x 3 estimates from 10 vectors each


def test_some_true_variance_is_within_the_error_of_each() -> None:
    data = rows()
    found = Sketch.over([data], 20, KEPT).principal(5)
    truth = torch.linalg.eigvalsh(exact(data)[:WIDE, :WIDE])
    gaps = (truth[None] - found.values[:, None]).abs().amin(1)
    assert (gaps <= 2 * found.residuals).all()


@pytest.mark.parametrize("cut", [1, 150, 399])
def test_two_parts_give_what_the_whole_gives(cut) -> None:
    data = rows()
    both, whole = (
        Sketch.over([data[:cut]], 10, KEPT) + Sketch.over([data[cut:]], 10, KEPT),
        Sketch.over([data], 10, KEPT),
    )
    assert both.count == whole.count
    assert torch.allclose(both.mean, whole.mean, rtol=1e-13)
    assert torch.allclose(both.product, whole.product, rtol=1e-9, atol=1e-9)
    assert both.total == pytest.approx(whole.total, rel=1e-12)
    assert torch.allclose(both.principal(5).vectors, whole.principal(5).vectors, atol=1e-9)


def test_a_pass_over_batches_gives_to_the_last_bit_what_one_batch_gives() -> None:
    data = rows()
    assert torch.equal(Sketch.over(data.split(33), 10).product, Sketch.over([data], 10).product)


def test_another_seed_gives_another_sketch_of_the_same_axes() -> None:
    one, other = (Sketch.over([rows(rank=5)], 20, KEPT, seed) for seed in (0, 1))
    assert not torch.allclose(one.product[:, :20], other.product[:, :20])
    assert torch.allclose(one.principal(5).vectors, other.principal(5).vectors, atol=1e-8)


def test_half_precision_is_sketched_in_double() -> None:
    data = rows().half()
    assert torch.equal(Sketch.over([data], 10).product, Sketch.over([data.double()], 10).product)


def test_vectors_that_do_not_differ_have_no_variance() -> None:
    found = Sketch.over([torch.ones(5, 20)], 4).principal(2)
    assert found.values.tolist() == [0, 0]
    assert found.missed == 0


def test_a_sketch_as_wide_as_the_vectors_is_their_covariance() -> None:
    data = rows()[:, :WIDE]
    found, moments = Sketch.over([data], WIDE).principal(WIDE), Moments.of(data)
    assert torch.allclose(found.values, torch.linalg.eigvalsh(moments.covariance).flip(0), rtol=1e-6)


def test_what_has_no_sketch_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one vector, got none"):
        Sketch.over([rows(0)], 5)
    with pytest.raises(ValueError, match="expected finite numbers"):
        Sketch.over([rows(5) * float("nan")], 5)
    with pytest.raises(ValueError, match="vectors of 63 numbers has 1 to 63 columns, got 64"):
        Sketch.over([rows(5)], 64)
    with pytest.raises(ValueError, match="needs at least 2 vectors, got 1"):
        Sketch.over([rows(1)], 5).principal(1)
    with pytest.raises(ValueError, match="a sketch of 5 columns has as many axes at most, got 6"):
        Sketch.over([rows(9)], 5).principal(6)


def test_sketches_of_other_random_vectors_do_not_add() -> None:
    with pytest.raises(ValueError, match="sketches add when shape, columns, kept and seed are the same"):
        _ = Sketch.over([rows(5)], 5, seed=0) + Sketch.over([rows(5)], 5, seed=1)
