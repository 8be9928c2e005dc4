"""A linear map from pairs: the planted one, and scikit-learn's where the ridge is the same."""

import pytest
import torch
from sklearn.linear_model import Ridge

from latentwalk.numerics.linear import FEWEST, learn_linear


def pairs(count: int, noise: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    inputs = torch.randn(count, 9, generator=random) * torch.linspace(0.2, 3, 9) + 1
    weight = torch.randn(9, 4, generator=random)
    return inputs, inputs @ weight - 2 + noise * torch.randn(count, 4, generator=random), weight


def test_it_finds_a_planted_map() -> None:
    inputs, outputs, weight = pairs(500, 0)
    found = learn_linear(inputs, outputs)
    assert torch.allclose(found.weight.float(), weight, atol=1e-3)
    assert torch.allclose(found(inputs.double()).float(), outputs, atol=1e-3)


@pytest.mark.parametrize("count", [25, 200])
def test_it_agrees_with_scikit_learn(count: int) -> None:
    inputs, outputs, _ = pairs(count, 1.0)
    found = learn_linear(inputs, outputs)
    theirs = Ridge(alpha=found.ridge).fit(inputs.double(), outputs.double())
    assert torch.allclose(found.weight, torch.from_numpy(theirs.coef_.T), atol=1e-8)
    assert torch.allclose(found.bias, torch.from_numpy(theirs.intercept_), atol=1e-8)


def test_noise_asks_for_more_ridge_than_none() -> None:
    clean, noisy = pairs(30, 0), pairs(30, 30.0)
    assert learn_linear(*clean[:2]).ridge < learn_linear(*noisy[:2]).ridge


def test_too_few_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match=f"from {FEWEST} pairs or more, got 3"):
        learn_linear(torch.zeros(3, 2), torch.zeros(3, 1))
