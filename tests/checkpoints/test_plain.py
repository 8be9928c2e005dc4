"""Plain state dicts in the three spellings give the pictures of the networks that wrote them; others are refused."""

import itertools
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latentwalk.checkpoints.plain import read_dcgan
from latentwalk.generators.dcgan import DCGAN
from latentwalk.hooks import read_layers
from latentwalk.latents import Latents
from latentwalk.weights import read_state_dict

WIDTHS = (10, 12, 8, 6)
State = dict[str, Tensor]


def convolution(inside: int, outside: int, first: bool, bias: bool) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(inside, outside, 4, 1 if first else 2, 0 if first else 1, bias=bias)


def chain(bias: bool = False, channels: int = 3, norm: bool = True) -> nn.Sequential:
    """The network of the tutorial, or with biases that of WGAN-GP."""
    layers: list[nn.Module] = []
    for i in range(len(WIDTHS) - 1):
        layers.append(convolution(WIDTHS[i], WIDTHS[i + 1], i == 0, bias))
        layers += [nn.BatchNorm2d(WIDTHS[i + 1]), nn.ReLU()] if norm else [nn.ReLU()]
    return trained(nn.Sequential(*layers, convolution(WIDTHS[-1], channels, False, bias), nn.Tanh()))


def blocks() -> nn.Sequential:
    """One block per layer: kernel 3 and stride 2 without padding, the last kernel 4."""
    hidden = [
        nn.Sequential(nn.ConvTranspose2d(a, b, 3, 2), nn.BatchNorm2d(b), nn.ReLU())
        for a, b in itertools.pairwise(WIDTHS)
    ]
    return trained(nn.Sequential(*hidden, nn.Sequential(nn.ConvTranspose2d(WIDTHS[-1], 3, 4, 2), nn.Tanh())))


def trained(network: nn.Sequential) -> nn.Sequential:
    """With weights and running statistics as if training had left them."""
    random = torch.Generator().manual_seed(3)
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var"):
            tensor.copy_(0.2 + torch.rand(tensor.shape, generator=random))
        elif tensor.is_floating_point():
            tensor.copy_((1.0 if tensor.ndim == 1 else 0.2) * torch.randn(tensor.shape, generator=random))
    return network.eval().requires_grad_(False)


def spelled(network: nn.Sequential, prefix: str) -> State:
    return {prefix + name: tensor.clone() for name, tensor in network.state_dict().items()}


NETWORKS = {
    "main.": chain(),
    "module.main.": chain(),
    "main_module.": chain(bias=True),
    "gen.": blocks(),
    "main. without BatchNorm": chain(bias=True, norm=False),
    "main. in grey": chain(channels=1),
}


@pytest.mark.parametrize("spelling", NETWORKS)
def test_the_pictures_are_those_of_the_plain_network(spelling: str) -> None:
    network = NETWORKS[spelling]
    generator = read_dcgan(spelled(network, spelling.split()[0]), "file").freeze()
    z = torch.randn(6, WIDTHS[0], generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = network(z[:, :, None, None])
    assert expected.std() > 0.1
    assert generator.image_shape == expected.shape[1:]
    assert (generator.render(Latents(z)) - expected).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("case", "file", "layers"),
    [
        ("tutorial64", "netG.pth", {"layers.0": "main.1", "layers.2": "main.6"}),
        ("tutorial64", "netG_old_bn.pth", {"layers.0": "main.1"}),
        ("wgangp_bn32", "generator.pkl", {"layers.0": "main_module.1", "layers.2": "main_module.7"}),
        ("seed64", "generator.pth", {"layers.0": "gen.0", "layers.2": "gen.2"}),
    ],
)
def test_foreign_networks_draw_their_own_pictures(shared: Path, case: str, file: str, layers: dict[str, str]) -> None:
    folder = shared / "fixtures" / "dcgan_family" / case
    reference = {name: torch.from_numpy(array) for name, array in np.load(folder / "ref.npz").items()}
    generator = read_dcgan(read_state_dict(folder / file), case).freeze()
    z = reference["z"]
    assert (generator.render(Latents(z)) - reference["img"]).abs().max() < 2e-5
    assert (generator.render(Latents(0.5 * z[:2])) - reference["img_half_z"]).abs().max() < 2e-5
    with read_layers(generator, list(layers)) as found:
        generator.synthesize(Latents(z[:1]))
    for ours, theirs in layers.items():
        if theirs != "main.6":  # recorded before its BatchNorm, which is folded in ours
            expected = reference[f"act.{theirs}"].relu()
            assert (found[ours] - expected).abs().max() < 1e-4 * max(1, float(expected.abs().max()))


def test_the_order_of_the_names_says_nothing() -> None:
    state = spelled(chain(), "main.")
    backwards = OrderedDict(reversed(state.items()))
    latents = Latents(torch.ones(1, WIDTHS[0]))
    assert torch.equal(
        read_dcgan(state, "file").freeze().render(latents), read_dcgan(backwards, "file").freeze().render(latents)
    )


def test_half_precision_is_read_as_single() -> None:
    half = {name: t.half() if t.is_floating_point() else t for name, t in spelled(chain(), "main.").items()}
    generator = read_dcgan(half, "file").freeze()
    assert generator.dtype == torch.float32
    assert isinstance(generator, DCGAN)


def discriminator() -> State:
    layers = nn.Sequential(
        nn.Conv2d(3, 8, 4, 2, 1, bias=False),
        nn.LeakyReLU(0.2),
        nn.Conv2d(8, 12, 4, 2, 1, bias=False),
        nn.BatchNorm2d(12),
        nn.LeakyReLU(0.2),
        nn.Conv2d(12, 1, 4, 1, 0, bias=False),
    )
    return spelled(layers, "main.")


def changed(**changes: Tensor | None) -> State:
    """A good state dict in which some tensors are others, or missing."""
    state = spelled(chain(bias=True), "main.")
    for name, tensor in changes.items():
        key = "main." + name.replace("__", ".")
        state.pop(key, None)
        if tensor is not None:
            state[key] = tensor
    return state


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({}, "not a generator of a known layout"),
        ({"encoder.weight": torch.ones(2, 2), "b": torch.ones(1)}, "begin with 'b', 'encoder.weight'"),
        ({**spelled(chain(), "main."), "extra": torch.ones(1)}, "not a generator of a known layout"),
        (discriminator(), "a discriminator looks like this: expected the state dict of the generator"),
        (changed(**{"0__weight": torch.ones(10, 11, 4, 4)}), "gives 11 channels and the next takes 12"),
        (changed(**{"3__weight": torch.ones(12, 8, 5, 5)}), r"has the kernels \[\[4, 4\], \[5, 5\]"),
        (changed(**{"3__weight": torch.ones(12, 8, 4, 3)}), r"has the kernels \[\[4, 4\], \[4, 3\]"),
        (changed(**{"0__weight": torch.ones(10, 12, 4, 3)}), "a square one"),
        (changed(**{"9__weight": torch.ones(6, 2, 4, 4), "9__bias": torch.ones(2)}), "ends in 2 channels"),
        (changed(**{"0__weight": None}), r"has \['bias'\] but no weight"),
        (changed(**{"0__weight": torch.ones(10, 12, 4, 4, dtype=torch.int8)}), "no weight of floating point"),
        (changed(**{"0__weight": torch.ones(0, 12, 4, 4)}), "no weight"),
        (changed(**{"0__bias": torch.ones(13)}), r"a bias has the shape \[13\]: expected \[12\]"),
        (changed(**{"1__weight": torch.ones(13)}), r"the weight of a BatchNorm has the shape \[13\]"),
        (changed(**{"1__running_mean": torch.ones(1)}), r"the running_mean of a BatchNorm has the shape \[1\]"),
        (changed(**{"1__running_var": -torch.ones(12)}), "negative running_var"),
        (changed(**{"1__running_mean": None, "1__running_var": None}), "lacks running_mean, running_var"),
        (changed(**{"1__weight": torch.ones(12, 12)}), "out of place"),
        (changed(**{"2__weight": torch.ones(12)}), "out of place"),
        ({"main.0.weight": torch.ones(2, 3, 4, 4)}, "has 1 transposed convolutions: expected at least 2"),
        ({"main.0.weight": torch.ones(5)}, "out of place"),
        ({**spelled(blocks(), "gen."), "gen.1.0.weight": torch.ones(12, 8, 4, 4)}, "has the kernels"),
    ],
)
def test_other_networks_are_refused_in_one_line(state: State, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        read_dcgan(state, "some/file.pth")
    assert str(error.value).startswith("some/file.pth") and "\n" not in str(error.value)
