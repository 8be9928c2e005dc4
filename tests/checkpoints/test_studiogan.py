"""DCGANs of PyTorch-StudioGAN, of any size, draw what torch's own layers draw."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from foreign_cases import drawn_as_its_reference
from latentwalk.checkpoints import studiogan
from latentwalk.checkpoints.formats import open_generator
from latentwalk.latents import Latents

State = dict[str, Tensor]


def test_a_foreign_file_draws_its_own_pictures(shared: Path) -> None:
    generator = drawn_as_its_reference(shared, "studiogan-dcgan/model=G-current-weights-step=1000.pth")
    assert generator.reading.format == "StudioGAN DCGAN"


class Up(nn.Module):
    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.deconv0 = nn.ConvTranspose2d(inside, outside, 4, 2, 1)
        self.bn0 = nn.BatchNorm2d(outside, eps=1e-4)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn0(self.deconv0(x)).relu()


class Network(nn.Module):
    """As the code that writes such files has it."""

    def __init__(self, z: int, bottom: int, widths: tuple[int, ...], colors: int = 3) -> None:
        super().__init__()
        self.shape = (widths[0], bottom, bottom)
        self.linear0 = nn.Linear(z, widths[0] * bottom**2)
        ups = [Up(a, b) for a, b in pairwise(widths)]
        self.blocks = nn.ModuleList(nn.ModuleList([up]) for up in ups)
        self.conv4 = nn.Conv2d(widths[-1], colors, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        x = self.linear0(z).unflatten(1, self.shape)
        for block in self.blocks:
            for layer in block:  # pyright: ignore[reportGeneralTypeIssues]
                x = layer(x)
        return self.conv4(x).tanh()


def random_network(z: int = 5, bottom: int = 4, widths: tuple[int, ...] = (7, 6, 5), colors: int = 3) -> Network:
    network, random = Network(z, bottom, widths, colors), torch.Generator().manual_seed(0)
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            draw = torch.randn(tensor.shape, generator=random)
            size = 0.04 if name.startswith("conv") else 0.2
            tensor.copy_(0.02 * draw.abs() if name.endswith("var") else size * draw)  # so small that eps is seen
    return network.eval()


@pytest.mark.parametrize(("bottom", "widths", "colors"), [(4, (7, 6, 5, 4), 3), (4, (7, 6), 1), (3, (5, 4, 3), 4)])
def test_the_same_pictures(bottom: int, widths: tuple[int, ...], colors: int, tmp_path: Path) -> None:
    network, z = (
        random_network(5, bottom, widths, colors),
        torch.randn(3, 5, generator=torch.Generator().manual_seed(1)),
    )
    torch.save({"state_dict": network.state_dict(), "optimizer": {}, "step": 3}, tmp_path / "a.pth")
    read = open_generator(tmp_path / "a.pth")
    with torch.no_grad():
        images = network(z)
    assert 0.05 < images.std() < 0.9 and (read.render(Latents(z)) - images).abs().max() < 1e-5
    assert len(read.reading.ignored) == len(widths) - 1  # counters of BatchNorm


def spoiled(name: str, tensor: Tensor | None) -> State:
    state = random_network().state_dict()
    return {n: t for n, t in (state | {name: tensor}).items() if t is not None}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (spoiled("linear0.weight", torch.ones(111, 5)), "linear0 gives 111 numbers"),
        (spoiled("linear0.bias", None), "lacks the tensor 'linear0.bias'"),
        (spoiled("blocks.1.0.deconv0.weight", torch.ones(9, 5, 4, 4)), r"the shape \[9, 5, 4, 4\], expected \[6, any"),
        (spoiled("blocks.1.0.deconv0.weight", torch.ones(6, 5, 3, 3)), r"the shape \[6, 5, 3, 3\], expected \[6, any"),
        (spoiled("blocks.1.0.bn0.running_var", -torch.ones(5)), "has a negative running_var"),
        (spoiled("blocks.1.0.bn0.bias", None), "lacks the tensor 'blocks.1.0.bn0.bias'"),
        (spoiled("conv4.weight", None), "lacks the tensor 'conv4.weight'"),
        (spoiled("conv4.bias", torch.full((3,), float("nan"))), "holds NaN"),
        (spoiled("blocks.0.0.bn0.gain.weight", torch.ones(3)), "without classes or attention"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(state: State, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        studiogan.read(state, "here")
    assert str(error.value).startswith("here") and "\n" not in str(error.value)
