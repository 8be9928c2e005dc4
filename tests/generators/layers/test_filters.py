"""The filtered non-linearity against its definition: zeros in between, a full convolution, a bend, and every n-th."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from latentwalk.generators.layers import filters, tiles
from latentwalk.generators.layers.filters import SLOPE, decimate, filtered_leaky_relu, interpolate
from latentwalk.generators.layers.tiles import Resampling, decimation, interpolation, separable


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


def textbook(x: Tensor, up_filter: Tensor, up: int, down_filter: Tensor, down: int, side: int, clamp: float) -> Tensor:
    """The whole finer grid: zeros in between, a full convolution, the bend, a filter, and every n-th sample."""
    n, c, h, w = x.shape
    fine = (side - 1) * down + len(down_filter)
    zeros = torch.zeros(n, c, h, up, w, up, dtype=x.dtype)
    zeros[:, :, :, 0, :, 0] = x
    edges = []
    for pixels in (w, h):
        before = Resampling(up_filter, up, down_filter, down, side).before(pixels)
        edges += [before, fine + len(up_filter) - 1 - before - pixels * up]
    z = F.pad(zeros.flatten(2, 3).flatten(3, 4), edges).flatten(0, 1)[:, None]
    y = F.conv2d(z, torch.outer(up_filter, up_filter)[None, None] * up**2)
    y = (torch.where(y < 0, SLOPE * y, y) * math.sqrt(2)).clamp(-clamp, clamp)
    kernel = torch.outer(down_filter, down_filter) if down_filter.ndim == 1 else down_filter
    return F.conv2d(y, kernel[None, None])[:, 0, ::down, ::down].unflatten(0, (n, c))


def radial(taps: int) -> Tensor:
    """A filter that depends on the distance from its middle, and is no product of two."""
    place = torch.arange(taps, dtype=torch.float64) - (taps - 1) / 2
    kernel = torch.exp(-(place.square()[:, None] + place.square()).sqrt())
    return kernel / kernel.sum()


@pytest.mark.parametrize(("up", "before", "size"), [(2, 9, 40), (2, -3, 15), (4, -6, 17), (4, 25, 30), (2, 4, 21)])
def test_interpolation_follows_its_definition(up: int, before: int, size: int) -> None:
    x, taps = image(1, 2, 3, 11), symmetric(6 * up)
    expected = defined(x[0, 1, 2], taps, up, before, size)
    assert torch.allclose(interpolation(taps, up, before, size, 0, 11) @ x[0, 1, 2], expected)
    across = interpolate(x, taps, up, before, size, axis=3)
    down = interpolate(x.transpose(2, 3), taps, up, before, size, axis=2)
    assert torch.allclose(across[0, 1, 2], expected) and torch.allclose(down.transpose(2, 3), across)


def test_decimation_is_the_filter_at_every_nth_sample() -> None:
    row, taps = image(30), symmetric(12)
    expected = F.conv1d(row[None, None], taps[None, None], stride=2)[0, 0]
    assert torch.allclose(decimation(taps, 2, 10) @ row, expected)
    x = image(2, 3, 20, 20)
    assert torch.allclose(decimate(x, taps, 2), decimate(x, torch.outer(taps, taps), 2))


def test_filters_are_sums_of_products() -> None:
    for kernel in (torch.outer(symmetric(12), symmetric(12, 2)), radial(12), image(5, 5)):
        assert torch.allclose(sum(torch.outer(a, b) for a, b in separable(kernel)), kernel, atol=1e-12)
    assert len(separable(torch.outer(symmetric(12), symmetric(12)))) == 1
    assert 1 < len(separable(radial(12))) <= 6


@pytest.mark.parametrize("tile", [None, 2, 5, 48])
@pytest.mark.parametrize(
    ("up", "down", "shape", "side"),
    [
        (2, 2, (14, 14), 12),
        (4, 2, (14, 14), 20),
        (2, 4, (30, 30), 12),
        (2, 2, (9, 12), 5),
        (2, 1, (12, 9), 16),
        (2, 2, (40, 40), 12),
    ],
)
def test_the_grid_and_its_tiles_are_what_the_textbook_says(
    up: int, down: int, shape: tuple[int, int], side: int, tile: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if tile is not None:
        monkeypatch.setattr(filters, "FINE_PIXELS", 1)  # no grid is small enough
        monkeypatch.setattr(tiles, "TILE", tile)
    x, taps = 3 * image(2, 3, *shape), symmetric(6 * up)
    for thin in (symmetric(6 * down, 2), radial(6 * down)):
        expected = textbook(x, taps, up, thin, down, side, clamp=2.0)
        assert torch.allclose(filtered_leaky_relu(x, taps, up, thin, down, side, clamp=2.0), expected, atol=1e-12)
        free = textbook(x, taps, up, thin, down, side, clamp=math.inf)
        assert torch.allclose(filtered_leaky_relu(x, taps, up, thin, down, side), free, atol=1e-12)


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


@pytest.mark.parametrize("together", [1, 10**9])
def test_maps_may_be_drawn_in_parts(together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, taps = image(2, 5, 10, 10), symmetric(12)
    whole = filtered_leaky_relu(x, taps, 2, taps, 2, 8)
    monkeypatch.setattr(filters, "TOGETHER", together)
    monkeypatch.setattr(filters, "FINE_PIXELS", 26**2 * 3)
    monkeypatch.setattr(tiles, "BAND", 8 * 2 * 26 * 3)
    assert torch.allclose(filtered_leaky_relu(x, taps, 2, taps, 2, 8), whole, atol=1e-14)
    with torch.no_grad():
        assert torch.allclose(filtered_leaky_relu(x, taps, 2, taps, 2, 8), whole, atol=1e-14)


@pytest.mark.parametrize("together", [1, 10**9])
def test_gradients_are_those_of_the_function(together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "TOGETHER", together)
    x, taps = image(1, 2, 6, 6).requires_grad_(), symmetric(12)
    for thin in (taps, radial(12)):
        assert torch.autograd.gradcheck(
            lambda v, f=thin: filtered_leaky_relu(v, taps, 2, f, 2, 4, clamp=1.0), x, fast_mode=True
        )


@pytest.mark.parametrize("pixels", [14, 11])
def test_a_map_that_may_be_overwritten_gives_the_same(pixels: int) -> None:
    x, taps = image(2, 3, pixels, pixels), symmetric(12)
    with torch.no_grad():
        expected = filtered_leaky_relu(x, taps, 2, taps, 2, 12)
        given = x.clone()
        assert torch.equal(filtered_leaky_relu(given, taps, 2, taps, 2, 12, spare=True), expected)
    assert torch.equal(given, x) == (pixels < 12)  # the result is larger: nothing to save
    kept = x.clone()
    assert torch.allclose(filtered_leaky_relu(kept, taps, 2, taps, 2, 12, spare=True), expected)
    assert torch.equal(kept, x)
