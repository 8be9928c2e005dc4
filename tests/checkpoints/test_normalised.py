"""Normalised weights are those that torch itself computes, in every spelling and for every kind of layer."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, spectral_norm, weight_norm

from latentwalk.checkpoints.candidates import State
from latentwalk.checkpoints.normalised import whole_weights

LAYERS = {
    "transposed": lambda: nn.ConvTranspose2d(6, 4, 3, 2),
    "transposed, as many out as in": lambda: nn.ConvTranspose2d(5, 5, 3, 2),
    "transposed, one out": lambda: nn.ConvTranspose2d(5, 1, 4, 2, 1),
    "ordinary": lambda: nn.Conv2d(4, 6, 3),
    "ordinary, as many out as in": lambda: nn.Conv2d(5, 5, 3),
    "linear": lambda: nn.Linear(5, 7),
    "linear, square": lambda: nn.Linear(6, 6),
}
NORMS = {
    "spectral, hooks": spectral_norm,
    "spectral, parametrized": parametrizations.spectral_norm,
    "weight, hooks": weight_norm,
    "weight, parametrized": parametrizations.weight_norm,
    "weight, of all of it": lambda layer: weight_norm(layer, dim=None),
    "weight, along the second axis": lambda layer: weight_norm(layer, dim=1),
}


def trained(layer: nn.Module, norm: str) -> nn.Module:
    """The layer with its norm, after some steps that leave u and v where training leaves them."""
    torch.manual_seed(1)
    layer = NORMS[norm](layer)
    inputs = torch.randn(2, 5 if isinstance(layer, nn.Linear) and layer.in_features == 5 else 6)
    if not isinstance(layer, nn.Linear):
        assert isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)
        inputs = torch.randn(2, layer.in_channels, 5, 5)
    optimizer = torch.optim.SGD(layer.parameters(), 0.01)
    for _ in range(4):
        optimizer.zero_grad()
        layer(inputs).square().mean().backward()
        optimizer.step()
    return layer.eval()


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("kind", LAYERS)
def test_weights_are_those_of_torch(kind: str, norm: str) -> None:
    layer = trained(LAYERS[kind](), norm)
    state = State({f"main.3.{name}": tensor for name, tensor in layer.state_dict().items()})
    folded = whole_weights(state, "file")
    with torch.no_grad():
        layer(torch.zeros(1, 5 if getattr(layer, "in_features", 0) == 5 else 6)) if isinstance(
            layer, nn.Linear
        ) else layer(torch.zeros(1, layer.in_channels, 5, 5))
        wanted = layer.weight.detach()
    assert set(folded) == {"main.3.weight", "main.3.bias"}
    assert torch.allclose(folded["main.3.weight"], wanted, rtol=1e-5, atol=1e-7)


def test_other_spellings_and_other_weights() -> None:
    weight, u, v = torch.diag(torch.tensor([4.0, 2.0])), torch.tensor([1.0, 0.0]), torch.tensor([0.8, 0.6])
    bar = State({"a.weight_bar": weight, "a.weight_u": u, "a.weight_v": v})
    assert torch.allclose(whole_weights(bar, "file")["a.weight"], weight / 3.2)
    plain = State({"a.weight_orig": weight, "b.bias": u})  # equalised learning rate
    assert dict(whole_weights(plain, "file")) == dict(plain)
    old = State({"a.weight_orig": weight, "a.weight_u": u, "a.weight": 0.5 * weight})  # of the first version of torch
    assert torch.equal(whole_weights(old, "file")["a.weight"], 0.5 * weight)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"weight_orig": torch.ones(2, 3), "weight_u": torch.ones(2)}, r"lacks 'a.weight_v'"),
        ({"weight_g": torch.ones(2, 1)}, r"lacks 'a.weight_v'"),
        ({"parametrizations.weight.original1": torch.ones(2, 1)}, r"lacks 'a.weight_orig', 'a.weight_u'"),
        ({"weight_orig": torch.ones(2, 3), "weight_u": torch.ones(5), "weight_v": torch.ones(3)}, "vectors of 5 and 3"),
        ({"weight_g": torch.ones(3, 1), "weight_v": torch.ones(2, 4)}, r"has factors of the shape \[3, 1\]"),
    ],
)
def test_parts_that_are_missing_are_named(tensors: dict[str, Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=rf"^file: .*{message}") as error:
        whole_weights(State({f"a.{name}": tensor for name, tensor in tensors.items()}), "file")
    assert "\n" not in str(error.value)
