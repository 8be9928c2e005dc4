import pytest
import torch

from latentwalk.numerics.counted import normal_rows


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 64, 510])
def test_any_row_is_the_same_wherever_it_is_made(size) -> None:
    table = normal_rows(3, 0, 40, size)
    assert table.shape == (40, size)
    assert torch.equal(table[17:23], normal_rows(3, 17, 6, size))
    assert torch.equal(table[39], normal_rows(3, 39, 1, size)[0])


def test_a_row_far_out_is_as_good_as_the_first() -> None:
    far = 10**12
    assert torch.equal(normal_rows(0, far, 3, 8)[2], normal_rows(0, far + 2, 1, 8)[0])
    assert abs(float(normal_rows(0, far, 2000, 64).mean())) < 5 / (2000 * 64) ** 0.5


def test_numbers_are_standard_normal_and_independent() -> None:
    rows = normal_rows(5, 0, 20_000, 16).double()
    count = rows.numel()
    assert abs(float(rows.mean())) < 5 / count**0.5
    assert abs(float(rows.var()) - 1) < 5 * (2 / count) ** 0.5
    # shares below points of the normal distribution
    for point in (-2.0, -1.0, 0.0, 0.5, 1.5, 3.0):
        expected = 0.5 * (1 + torch.erf(torch.tensor(point / 2**0.5)))
        share = float((rows <= point).double().mean())
        assert share == pytest.approx(float(expected), abs=5 * 0.5 / count**0.5)
    # no correlation between places of a row, nor between neighbouring rows
    between = torch.corrcoef(rows.T) - torch.eye(16)
    assert float(between.abs().max()) < 6 / 20_000**0.5
    assert abs(float((rows[1:] * rows[:-1]).mean())) < 5 / count**0.5
    # and none between sizes of the two numbers that come out of one pair of random bits
    sizes = rows.square() - 1
    assert abs(float((sizes[:, 0] * sizes[:, 1]).mean())) < 5 * 2 / 20_000**0.5


def test_seeds_are_independent_of_each_other_and_of_shifts() -> None:
    one, other = normal_rows(0, 0, 5000, 16), normal_rows(1, 0, 5000, 16)
    for shift in (0, 1, 4):
        product = one[shift:] * other[: len(other) - shift]
        assert abs(float(product.mean())) < 5 / product.numel() ** 0.5


def test_no_number_is_infinite_and_none_comes_twice() -> None:
    rows = normal_rows(9, 0, 4000, 32)
    assert bool(rows.isfinite().all())
    assert len(torch.unique(rows, dim=0)) == 4000


@pytest.mark.parametrize("wrong", [(-1, 0, 1, 4), (0, -1, 1, 4), (0, 0, -1, 4), (0, 0, 1, 0)])
def test_what_is_below_the_first_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match="expected seed, row and count from 0"):
        normal_rows(*wrong)
