"""Fully connected generators draw what the networks drew that wrote them."""

import itertools
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from latentwalk.checkpoints.formats import build_generator
from latentwalk.generators.mlp import MLP
from latentwalk.jobs.load import load
from latentwalk.latents import Latents

Z = 5
CODES = torch.randn(3, Z, generator=torch.Generator().manual_seed(3))


def network(eps: float, numbers: int, slope: float = 0.2) -> nn.Sequential:
    """As PyTorch-GAN has it: a BatchNorm after all layers but the first and the last."""
    torch.manual_seed(0)
    layers: list[nn.Module] = [nn.Linear(Z, 8), nn.LeakyReLU(slope)]
    for inside, outside in ((8, 16), (16, 12)):
        layers += [nn.Linear(inside, outside), nn.BatchNorm1d(outside, eps), nn.LeakyReLU(slope)]
    made = nn.Sequential(*layers, nn.Linear(12, numbers), nn.Tanh())
    for name, tensor in made.state_dict().items():
        if name.endswith("running_var"):
            tensor.copy_(0.3 + torch.rand_like(tensor))
        elif tensor.is_floating_point():
            tensor.copy_(0.5 * torch.randn_like(tensor))
    return made.eval()


@pytest.mark.parametrize(
    ("prefix", "eps", "shape"),
    [("model.", 0.8, (1, 12, 12)), ("model.", 0.8, (3, 8, 8)), ("net.", 1e-5, (1, 9, 9)), ("", 1e-5, (3, 16, 16))],
)
def test_pictures_are_those_of_the_network(prefix: str, eps: float, shape: tuple[int, int, int]) -> None:
    made = network(eps, shape[0] * shape[1] * shape[2])
    state: dict[str, Tensor] = {prefix + name: tensor for name, tensor in made.state_dict().items()}
    generator = build_generator({"generator": dict(reversed(state.items()))}, "file")
    with torch.no_grad():
        expected = made(CODES).view(3, *shape)
    assert isinstance(generator, MLP) and generator.image_shape == shape
    assert (generator.render(Latents(CODES)) - expected).abs().max() < 1e-5


def test_another_activation_can_be_asked_for(tmp_path: Path) -> None:
    made = network(1e-5, 64, slope=0.0)
    torch.save(made.state_dict(), tmp_path / "a.pth")
    with torch.no_grad():
        expected = made(CODES).view(3, 1, 8, 8)
    assert (load(tmp_path / "a.pth", activation="relu").render(Latents(CODES)) - expected).abs().max() < 1e-5
    assert (load(tmp_path / "a.pth").render(Latents(CODES)) - expected).abs().max() > 1e-3


@pytest.mark.parametrize(
    "widths",
    [(64, 64, 64), (784, 32, 1), (5, 8, 63), (5, 8, 49), (100, 90, 64)],
    ids=["mapping", "discriminator", "no square", "too small", "narrows"],
)
def test_other_linear_networks_are_no_generators(widths: tuple[int, ...]) -> None:
    tensors = {f"net.{i}.weight": torch.ones(b, a) for i, (a, b) in enumerate(itertools.pairwise(widths))}
    with pytest.raises(ValueError, match=r"^file "):
        build_generator(tensors, "file")
