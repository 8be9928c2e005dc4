"""Means of codes: they do not ask for an order, and on the sphere they stay on it."""

import pytest
import torch

from latentwalk.walks.blend import blend
from latentwalk.walks.interpolate import lerp, slerp


def codes(count: int, layers: int = 1, size: int = 30) -> torch.Tensor:
    return torch.randn(count, layers, size, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("t", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_two_codes_lie_on_the_way_between_them(t: float) -> None:
    pair, weights = codes(2), torch.tensor([[1 - t], [t]])
    at = torch.tensor([[t]])
    for space, way in (("z", slerp), ("w", lerp)):
        expected = way(pair[0, 0].double(), pair[1, 0].double(), at)
        torch.testing.assert_close(blend(pair, weights, space).double(), expected, atol=1e-5, rtol=0)


def test_the_order_does_not_matter_and_lengths_stay() -> None:
    four, weights = codes(4), torch.tensor([[0.4], [0.3], [0.2], [0.1]])
    mean, turned = blend(four, weights, "z"), blend(four.flip(0), weights.flip(0), "z")
    torch.testing.assert_close(mean, turned)
    torch.testing.assert_close(mean.norm(), (four.norm(dim=2) * weights).sum())


def test_on_the_sphere_the_mean_is_where_the_codes_balance() -> None:
    """Seen from it, the arcs to the codes cancel out (Buss and Fillmore, 2001, equation 3)."""
    four, weights = codes(4, size=6).double(), torch.tensor([[0.4], [0.3], [0.2], [0.1]]).double()
    mean = blend(four, weights, "z")[0]
    mean, units = mean / mean.norm(), four[:, 0] / four.norm(dim=2)
    across = units - (units @ mean)[:, None] * mean
    arcs = (units @ mean).acos()[:, None] * across / across.norm(dim=1, keepdim=True)
    assert float((weights * arcs).sum(0).norm()) < 1e-6


def test_layers_are_mixed_by_themselves() -> None:
    pair = codes(2, layers=3)
    mean = blend(pair, torch.tensor([[1.0, 0.0, 0.3], [0.0, 1.0, 0.7]]), "w+")
    torch.testing.assert_close(mean, torch.stack([pair[0, 0], pair[1, 1], 0.3 * pair[0, 2] + 0.7 * pair[1, 2]]))


def test_a_layer_that_nobody_has_is_said() -> None:
    with pytest.raises(ValueError, match="nothing has weight in layer 1 of the mix"):
        blend(codes(2, layers=2), torch.tensor([[1.0, 0.0], [0.0, 0.0]]), "w+")


@pytest.mark.parametrize("space", ["z", "w"])
def test_nothing_is_not_finite(space: str) -> None:
    """Codes that are 0, the same, or opposite."""
    one = codes(1)
    for pair in (torch.cat([one, one]), torch.cat([one, -one]), torch.cat([one, 0 * one])):
        assert blend(pair, torch.tensor([[0.5], [0.5]]), space).isfinite().all()
