"""The filtered non-linearity against its definition: zeros in between, a full convolution, a bend, and every n-th."""

import math

import pytest
import torch
from torch import Tensor

from latentwalk.generators import filters
from latentwalk.generators.filters import SLOPE, centre, decimate, filtered_leaky_relu, interpolate


def symmetric(taps: int, seed: int = 0) -> Tensor:
    half = torch.rand(taps, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return (half + half.flip(0)) / (2 * half.sum())


def image(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def defined(row: Tensor, taps: Tensor, up: int, before: int, size: int) -> Tensor:
    """Sample by sample: sum over taps of f[k] z[j + k - before], z having up - 1 zeros after each value."""
    samples = [
        sum(
            taps[k] * row[(j + k - before) // up]
            for k in range(len(taps))
            if (j + k - before) % up == 0 and 0 <= (j + k - before) // up < len(row)
        )
        for j in range(size)
    ]
    return torch.tensor(samples, dtype=row.dtype)


@pytest.mark.parametrize(("up", "before", "size"), [(2, 9, 40), (2, -3, 15), (4, -6, 17), (4, 25, 30), (2, 4, 21)])
def test_interpolation_follows_its_definition(up: int, before: int, size: int) -> None:
    x, taps = image(1, 2, 3, 11), symmetric(6 * up)
    across = interpolate(x, taps, up, before, size, axis=3)
    down = interpolate(x.transpose(2, 3), taps, up, before, size, axis=2)
    assert across.shape == (1, 2, 3, size)
    assert torch.allclose(across[0, 1, 2], defined(x[0, 1, 2], taps, up, before, size))
    assert torch.allclose(down.transpose(2, 3), across)


def test_separable_and_radial_decimation_agree_on_a_separable_filter() -> None:
    x, taps = image(2, 3, 20, 20), symmetric(12)
    assert torch.allclose(decimate(x, taps, 2), decimate(x, torch.outer(taps, taps), 2))
    assert decimate(x, taps, 2).shape == (2, 3, 5, 5)


@pytest.mark.parametrize(
    ("up", "down", "pixels", "side"), [(2, 2, 14, 12), (4, 2, 14, 20), (2, 4, 30, 12), (2, 2, 9, 5)]
)
def test_the_middle_stays_the_middle(up: int, down: int, pixels: int, side: int) -> None:
    x = image(1, 1, pixels, pixels)
    flipped = filtered_leaky_relu(x.flip(3), symmetric(6 * up), up, symmetric(6 * down), down, side)
    straight = filtered_leaky_relu(x, symmetric(6 * up), up, symmetric(6 * down), down, side)
    if (side * down + 6 * down + 6 * up - pixels * up) % 2 == 0:  # otherwise half a sample is left over
        assert torch.allclose(straight, flipped.flip(3))
    assert straight.shape == (1, 1, side, side)


def test_bend_and_limits_happen_on_the_finer_grid() -> None:
    x, up_filter, down_filter = 5 * image(1, 2, 14, 14), symmetric(12), symmetric(12, 2)
    fine = 2 * 11 + 12
    before = centre(14, 2, 12, fine)
    y = interpolate(interpolate(x, up_filter, 2, before, fine, 3), up_filter, 2, before, fine, 2) * 4
    y = (torch.where(y < 0, SLOPE * y, y) * math.sqrt(2)).clamp(-3, 3)
    expected = decimate(y, down_filter, 2)
    assert torch.allclose(filtered_leaky_relu(x, up_filter, 2, down_filter, 2, 12, clamp=3.0), expected)


def test_channels_may_be_drawn_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    x, taps = image(2, 5, 10, 10), symmetric(12)
    whole = filtered_leaky_relu(x, taps, 2, taps, 2, 8)
    monkeypatch.setattr(filters, "FINE_PIXELS", 1)
    assert torch.allclose(filtered_leaky_relu(x, taps, 2, taps, 2, 8), whole, atol=1e-14)


def test_gradients_are_those_of_the_function() -> None:
    x, taps = image(1, 2, 6, 6).requires_grad_(), symmetric(12)
    assert torch.autograd.gradcheck(lambda v: filtered_leaky_relu(v, taps, 2, taps, 2, 4, clamp=1.0), x)
