"""A person's own network becomes a generator, and stays theirs."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import latentwalk as lw
from latentwalk.hooks import read_layers
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions


def convolutional() -> nn.Sequential:
    """Codes [n, 8, 1, 1]."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.ConvTranspose2d(8, 6, 4),
        nn.BatchNorm2d(6),
        nn.Sequential(nn.ReLU(), nn.Dropout(0.5)),
        nn.ConvTranspose2d(6, 3, 4, 2, 1),
        nn.Tanh(),
    )


def linear() -> nn.Sequential:
    """Codes [n, 8]."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 10), nn.ReLU(), nn.Linear(10, 48), nn.Tanh(), nn.Unflatten(1, (3, 4, 4)))


class Own(nn.Module):
    """Anything that draws something from a code."""

    def __init__(self, draw: Any) -> None:
        super().__init__()
        self.draw, self.weight = draw, nn.Parameter(torch.ones(8, 12))

    def forward(self, z: Tensor) -> Any:
        return self.draw(self, z)


@pytest.mark.parametrize(("build", "side"), [(convolutional, 8), (linear, 4)])
def test_it_draws_what_the_network_draws(build: Any, side: int) -> None:
    network = build()
    generator = lw.wrap(network, latent_dim=8, name="mine")
    latents = generator.sample(range(5))
    assert generator.image_shape == (3, side, side) and generator.source == "mine" and len(generator.fingerprint) == 16
    network.eval()
    z = latents.values if build is linear else latents.values[:, :, None, None]
    with torch.no_grad():
        assert torch.equal(generator.render(latents), network(z))
        assert torch.equal(generator.render(latents, RenderOptions(0.5)), network(0.5 * z))


def test_the_network_stays_as_it_was_and_the_copy_stays_fixed() -> None:
    network = convolutional()
    generator = lw.wrap(network, latent_dim=8)
    latents = generator.sample([0])
    before = generator.render(latents)
    assert network.training and all(parameter.requires_grad for parameter in network.parameters())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    assert torch.equal(generator.render(latents), before)
    assert not any(parameter.requires_grad for parameter in generator.parameters())
    assert not any(module.training for module in generator.train().modules())
    assert generator.source == "Sequential"


def test_the_fingerprint_is_that_of_the_weights() -> None:
    first, second = convolutional(), convolutional()
    assert lw.wrap(first, 8).fingerprint == lw.wrap(second, 8).fingerprint
    nn.init.ones_(second[0].weight)
    assert lw.wrap(first, 8).fingerprint != lw.wrap(second, 8).fingerprint


def test_gradients_reach_the_code() -> None:
    generator = lw.wrap(convolutional(), 8)
    z = generator.sample([0]).values.requires_grad_()
    generator.synthesize(Latents(z)).sum().backward()
    assert z.grad is not None and z.grad.abs().min() > 0


@pytest.mark.parametrize(("build", "rows", "entry"), [(convolutional, 96, "module.0"), (linear, 10, "module.0")])
def test_the_first_weights_are_found(build: Any, rows: int, entry: str) -> None:
    generator = lw.wrap(build(), 8)
    weights = generator.entry_weights("z")
    assert list(weights) == [entry] and weights[entry].shape == (rows, 8)
    latents = generator.sample(range(2))
    with read_layers(generator, [entry]) as found:
        generator.synthesize(latents)
    change = (found[entry][0] - found[entry][1]).flatten()
    expected = weights[entry] @ (latents.values[0] - latents.values[1])
    if build is convolutional:  # rows are channel, row, column
        expected = expected.view_as(change)
    assert (change - expected).abs().max() < 1e-5


def test_the_first_weights_are_found_after_a_norm_of_the_code() -> None:
    class Normed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = linear()

        def forward(self, z: Tensor) -> Tensor:
            return self.inner(z / z.norm(dim=1, keepdim=True))

    assert list(lw.wrap(Normed(), 8).entry_weights("z")) == ["module.inner.0"]


def test_layers_are_named_in_the_order_in_which_they_work() -> None:
    generator = lw.wrap(convolutional(), 8)
    names = ("0", "1", "2.0", "2.1", "3", "4")
    assert generator.layer_names == tuple(f"module.{name}" for name in names)
    with read_layers(generator, ["module.2.0"]) as found:
        generator.synthesize(generator.sample([0]))
    assert found["module.2.0"].shape == (1, 6, 4, 4)
    alone = lw.wrap(nn.Linear(8, 12), 8, image_shape=(3, 2, 2))
    assert alone.layer_names == ("module",) and alone.entry_weights("z")["module"].shape == (12, 8)


def test_weights_that_no_module_holds_are_not_guessed() -> None:
    generator = lw.wrap(Own(lambda self, z: (z @ self.weight).view(-1, 3, 2, 2)), 8)
    with pytest.raises(ValueError, match="no Linear or ConvTranspose2d takes the code"):
        generator.entry_weights("z")
    with pytest.raises(ValueError, match="has the spaces z"):
        generator.entry_weights("w")
    with pytest.raises(ValueError, match="has the spaces z"):
        generator.map(generator.sample([0]), "w")


def test_a_network_without_weights_is_wrapped_too() -> None:
    generator = lw.wrap(nn.Unflatten(1, (2, 2, 2)), 8)
    assert generator.dtype == torch.float32 and generator.device.type == "cpu"
    assert torch.equal(generator.render(generator.sample([1])).flatten(1), generator.sample([1]).values)


def test_it_follows_the_type_of_the_weights() -> None:
    generator = lw.wrap(linear().double(), 8)
    assert generator.render(generator.sample([0])).dtype == torch.float64


@pytest.mark.parametrize(
    ("network", "options", "message"),
    [
        (linear(), {"latent_dim": 0}, "at least 1 number, got latent_dim 0"),
        (linear(), {"latent_dim": 9}, r"gives no picture from codes of 9 numbers \(\[n, d\]: .*; \[n, d, 1, 1\]: "),
        (nn.Linear(8, 12), {}, r"of the shape \[2, 12\]: expected images \[n, c, h, w\]"),
        (linear(), {"image_shape": (1, 4, 4)}, r"of the shape \[2, 3, 4, 4\]: expected images \[n, 1, 4, 4\]"),
        (Own(lambda self, z: (z, z)), {}, "gives a tuple: expected images"),
        (Own(lambda self, z: z[:1].view(1, 2, 2, 2)), {}, r"of the shape \[1, 2, 2, 2\]"),
        (Own(lambda self, z: z.view(-1, 2, 2, 2).long()), {}, "gives torch.int64"),
        (Own(lambda self, z: z.view(-1, 2, 2, 2) / 0), {}, "gives NaN or infinite values"),
        (Own(lambda self, z: torch.rand(len(z), 3, 2, 2)), {}, "another picture of the same code each time"),
        (Own(i for i in range(2)), {}, r"cannot be copied \(cannot pickle 'generator' object\)"),
    ],
)
def test_what_cannot_be_wrapped_is_refused(network: nn.Module, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lw.wrap(network, **{"latent_dim": 8, **options})
