"""Plain state dicts in the three spellings give the pictures of the networks that wrote them; others are refused."""

import itertools
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latentwalk.checkpoints.formats import build_generator, open_generator
from latentwalk.checkpoints.plain import read_dcgan
from latentwalk.generators.dcgan import DCGAN
from latentwalk.hooks import read_layers
from latentwalk.latents import Latents

WIDTHS = (10, 12, 8, 6)
State = dict[str, Tensor]
Network = TypeVar("Network", bound=nn.Module)


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


class LinearFirst(nn.Module):
    """WGAN-GP with a linear layer first, whose BatchNorm is over numbers and not over channels."""

    def __init__(self, norm: bool = True) -> None:
        super().__init__()
        first, second, third = WIDTHS[1:]

        def normed(layer: nn.Module, norms: nn.Module) -> nn.Sequential:
            return nn.Sequential(layer, norms, nn.ReLU()) if norm else nn.Sequential(layer, nn.ReLU())

        self.preprocess = normed(nn.Linear(WIDTHS[0], 16 * first), nn.BatchNorm1d(16 * first))
        self.block1 = normed(nn.ConvTranspose2d(first, second, 2, stride=2), nn.BatchNorm2d(second))
        self.block2 = normed(nn.ConvTranspose2d(second, third, 2, stride=2), nn.BatchNorm2d(third))
        self.deconv_out = nn.ConvTranspose2d(third, 3, 2, stride=2)

    def forward(self, z: Tensor) -> Tensor:
        x = self.preprocess(z.flatten(1)).unflatten(1, (WIDTHS[1], 4, 4))
        return self.deconv_out(self.block2(self.block1(x))).tanh()


def staged(separator: str = ":", extra: int = 0) -> tuple[nn.Sequential, State]:
    """The older WGAN and its state dict, whose names tell the widths; `extra` layers keep the size."""
    widths = (10, 16, 8, 4)
    layers: dict[str, nn.Module] = {}

    def add(stage: str, kind: str, layer: nn.Module) -> None:
        layers[f"{stage}:{kind}"] = layer

    for i in range(3):
        stage = "initial" if i == 0 else "pyramid"
        add(f"{stage}:{widths[i]}-{widths[i + 1]}", "convt", convolution(widths[i], widths[i + 1], i == 0, False))
        add(f"{stage}:{widths[i + 1]}", "batchnorm", nn.BatchNorm2d(widths[i + 1]))
        add(f"{stage}:{widths[i + 1]}", "relu", nn.ReLU())
    for i in range(extra):
        add(f"extra-layers-{i}:4", "conv", nn.Conv2d(4, 4, 3, 1, 1, bias=False))
        add(f"extra-layers-{i}:4", "batchnorm", nn.BatchNorm2d(4))
        add(f"extra-layers-{i}:4", "relu", nn.ReLU())
    add("final:4-3", "convt", convolution(4, 3, False, False))
    network = trained(nn.Sequential(*layers.values(), nn.Tanh()))
    names = list(layers)
    state = {
        f"main.{names[int(number)].replace(':', separator)}.{leaf}": tensor
        for number, leaf, tensor in ((*name.split("."), tensor) for name, tensor in network.state_dict().items())
    }
    return network, state


def trained(network: Network) -> Network:
    """With weights and running statistics as if training had left them."""
    random = torch.Generator().manual_seed(3)
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var"):
            tensor.copy_(0.2 + torch.rand(tensor.shape, generator=random))
        elif tensor.is_floating_point():
            tensor.copy_((1.0 if tensor.ndim == 1 else 0.2) * torch.randn(tensor.shape, generator=random))
    return network.eval().requires_grad_(False)


def spelled(network: nn.Module, prefix: str) -> State:
    return {prefix + name: tensor.clone() for name, tensor in network.state_dict().items()}


NETWORKS = {
    "main.": chain(),
    "module.main.": chain(),
    "main_module.": chain(bias=True),
    "gen.": blocks(),
    "main. without BatchNorm": chain(bias=True, norm=False),
    "main. in grey": chain(channels=1),
    "": trained(LinearFirst()),
    "module.": trained(LinearFirst()),
    " without BatchNorm": trained(LinearFirst(norm=False)),
}


@pytest.mark.parametrize("spelling", NETWORKS)
def test_the_pictures_are_those_of_the_plain_network(spelling: str) -> None:
    network = NETWORKS[spelling]
    generator = read_dcgan(spelled(network, spelling.split(" ")[0]), "file").freeze()
    z = torch.randn(6, WIDTHS[0], generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = network(z[:, :, None, None])
    assert expected.std() > 0.1
    assert generator.image_shape == expected.shape[1:]
    assert (generator.render(Latents(z)) - expected).abs().max() < 1e-5


@pytest.mark.parametrize("extra", [0, 2])
@pytest.mark.parametrize("separator", [":", "."])
def test_names_that_tell_the_widths_are_read(separator: str, extra: int) -> None:
    network, state = staged(separator, extra)
    z = torch.randn(6, WIDTHS[0], generator=torch.Generator().manual_seed(0))
    generator = read_dcgan(OrderedDict(reversed(state.items())), "file").freeze()
    with torch.no_grad():
        assert (generator.render(Latents(z)) - network(z[:, :, None, None])).abs().max() < 1e-5


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
    generator = open_generator(folder / file)
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


def linear(**changes: Tensor) -> State:
    """A good state dict with a linear layer first, in which some tensors are others."""
    return {**spelled(trained(LinearFirst()), ""), **changes}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({}, "not a generator of a known layout"),
        ({"encoder.weight": torch.ones(2, 2), "b": torch.ones(1)}, "begin with 'b', 'encoder.weight'"),
        ({**spelled(chain(), "main."), "extra": torch.ones(1)}, "not a generator of a known layout"),
        (discriminator(), "a discriminator looks like this: expected the state dict of the generator"),
        (changed(**{"0__weight": torch.ones(10, 11, 4, 4)}), "gives 11 channels and the next takes 12"),
        (changed(**{"3__weight": torch.ones(12, 8, 9, 9)}), r"has the kernels \[\[4, 4\], \[9, 9\]"),
        (changed(**{"3__weight": torch.ones(12, 8, 4, 3)}), r"has the kernels \[\[4, 4\], \[4, 3\]"),
        (changed(**{"0__weight": torch.ones(10, 12, 4, 3)}), "a square one"),
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
        ({**spelled(blocks(), "gen."), "gen.1.0.weight": torch.ones(12, 8, 9, 9)}, "has the kernels"),
        (linear(**{"preprocess.0.weight": torch.ones(190, 10)}), "gives 190 numbers, no square map of the 12 channels"),
        (linear(**{"preprocess.0.bias": torch.ones(12)}), r"a bias has the shape \[12\]: expected \[192\]"),
        (linear(**{"block1.0.weight": torch.ones(12, 8, 9, 9)}), r"has the kernels \[\[9, 9\]"),
        (linear(**{"block1.0.weight": torch.ones(12, 8)}), "out of place"),
        (linear(**{"block1.0.weight": torch.ones(0, 8, 2, 2)}), "no weight of floating point"),
        ({"main.0.weight": torch.ones(2, 3)}, "has 1 transposed convolutions: expected at least 2"),
    ],
)
def test_other_networks_are_refused_in_one_line(state: State, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        read_dcgan(state, "some/file.pth")
    assert str(error.value).startswith("some/file.pth") and "\n" not in str(error.value)


def spelling(state: State, name: Callable[[int, str], str]) -> State:
    """The tensors of a chain under other names. name: of the i-th layer, "up" or "norm"."""
    names: dict[str, str] = {}
    layer = -1
    for number in dict.fromkeys(key.partition(".")[0] for key in state):
        norm = f"{number}.running_mean" in state
        layer += not norm
        names[number] = name(layer, "norm" if norm else "up")
    return {f"{names[key.partition('.')[0]]}.{key.partition('.')[2]}": tensor for key, tensor in state.items()}


SPELLED: dict[str, Callable[[int, str], str]] = {
    "numbered pairs": lambda i, kind: f"{'tconv' if kind == 'up' else 'bn'}{i + 1}",
    "norms named after layers": lambda i, kind: f"deconv{i}{'_bn' if kind == 'norm' else ''}",
    "blocks": lambda i, kind: f"gan.painter.blocks.{i}.{'conv_transpose2d' if kind == 'up' else 'batchnorm2d'}",
    "lists of both": lambda i, kind: f"{'ups' if kind == 'up' else 'norms'}.{i}",
    "ends by words": lambda i, kind: (
        f"{('first', 'ups.0', 'to_rgb')[i] if i < 3 else 'x'}{'_norm' if kind == 'norm' else ''}"
    ),
    "words alone, in their order": lambda i, kind: f"{('alpha', 'gamma', 'beta')[i]}.{kind}",
    "hundreds": lambda i, kind: f"net.{100 * i + 5 + (kind == 'norm')}",
}


@pytest.mark.parametrize("kernel", [4, 7])
@pytest.mark.parametrize("channels", [1, 2, 4, 5])
@pytest.mark.parametrize("case", SPELLED)
def test_names_that_nobody_saw_are_the_same_network(case: str, channels: int, kernel: int) -> None:
    layers = (
        nn.ConvTranspose2d(5, 8, kernel),
        nn.ConvTranspose2d(8, 6, 4, 2, 1),
        nn.ConvTranspose2d(6, channels, 4, 2, 1),
    )
    norms = (nn.BatchNorm2d(8), nn.ReLU(), layers[1], nn.BatchNorm2d(6), nn.ReLU())
    network = trained(nn.Sequential(layers[0], *norms, layers[2], nn.Tanh()))
    state = spelling(network.state_dict(), SPELLED[case])
    z = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = network(z[:, :, None, None])
    stored = [state] if "order" in case else [state, dict(reversed(state.items())), dict(sorted(state.items()))]
    for each in stored:
        assert (build_generator({"g": each}, "file").render(Latents(z)) - expected).abs().max() < 1e-5


@pytest.mark.parametrize(
    "layers",
    [
        [
            nn.ConvTranspose2d(5, 8, 3, 2),
            nn.ConvTranspose2d(8, 8, 4, 1),
            nn.ConvTranspose2d(8, 6, 3, 2),
            nn.ConvTranspose2d(6, 1, 4, 2),
        ],
        [nn.ConvTranspose2d(5, 8, 4), nn.ConvTranspose2d(8, 6, 4, 2, 1), nn.Conv2d(6, 3, 3, 1, 1)],
        [nn.ConvTranspose2d(5, 8, 4), nn.Conv2d(8, 8, 3, 1, 1), nn.ConvTranspose2d(8, 6, 4, 2, 1), nn.Conv2d(6, 3, 1)],
    ],
    ids=["28 px of 3 and 4", "an ordinary one at the end", "ordinary ones in between"],
)
def test_kernels_say_the_strides(layers: list[nn.Module]) -> None:
    network = trained(
        nn.Sequential(*(part for layer in layers[:-1] for part in (layer, nn.ReLU())), layers[-1], nn.Tanh())
    )
    z = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = network(z[:, :, None, None])
    generator = build_generator(network.state_dict(), "file")
    assert generator.image_shape == expected.shape[1:]
    assert (generator.render(Latents(z)) - expected).abs().max() < 1e-5


@pytest.mark.parametrize(
    "layers",
    [
        [nn.ConvTranspose2d(5, 8, 4), nn.ConvTranspose2d(8, 6, 5, 2, 2, 1), nn.ConvTranspose2d(6, 3, 5, 2, 2, 1)],
        [nn.ConvTranspose2d(5, 8, 4), nn.ConvTranspose2d(8, 6, 6, 2, 2), nn.Conv2d(6, 3, 5, 1, 2)],
        [nn.ConvTranspose2d(5, 8, 3), nn.ConvTranspose2d(8, 6, 4, 2, 1), nn.ConvTranspose2d(6, 3, 4, 2, 1)],
        [nn.ConvTranspose2d(5, 8, 4), nn.ConvTranspose2d(8, 6, 3, 2, 1, 1), nn.ConvTranspose2d(6, 3, 3, 2, 1, 1)],
        [nn.ConvTranspose2d(5, 8, 4), nn.ConvTranspose2d(8, 6, 4, 2, 1), nn.Conv2d(6, 3, 7, 1, 3)],
    ],
    ids=["5", "6", "3, then 4", "3 alone", "7 at the end"],
)
def test_other_kernels_double_or_keep_the_size(layers: list[nn.Module]) -> None:
    network, z = (
        nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2], nn.Tanh()),
        torch.randn(2, 5, 1, 1),
    )
    with torch.no_grad():
        images = network(z)
    read = read_dcgan(network.state_dict(), "file").freeze()
    assert (read.render(Latents(z.flatten(1))) - images).abs().max() < 1e-5


def test_names_without_any_order_leave_it_to_the_channels() -> None:
    words = {0: "seed", 1: "wide", 2: "crisp", 3: "paint"}
    parts = {f"{words[i]}.conv": layer for i, layer in enumerate(blocks_of((5, 9, 8, 6, 3)))}
    norms = {f"{words[i]}.bn": nn.BatchNorm2d(width) for i, width in enumerate((9, 8, 6))}
    x = z = torch.randn(2, 5, 1, 1)
    for norm in norms.values():
        nn.init.normal_(norm.running_mean)  # pyright: ignore[reportArgumentType]
    with torch.no_grad():
        for i, layer in enumerate(parts.values()):
            x = layer(x)
            x = norms[f"{words[i]}.bn"].eval()(x).relu() if i < 3 else x.tanh()
    state = {f"{name}.{leaf}": t for name, part in (parts | norms).items() for leaf, t in part.state_dict().items()}
    read = read_dcgan(dict(sorted(state.items())), "file").freeze()  # as safetensors order them
    assert (read.render(Latents(z.flatten(1))) - x).abs().max() < 1e-5
    state[f"{words[1]}.bn.running_mean"] = torch.tensor(1.0)  # of nothing
    with pytest.raises(ValueError, match="BatchNorm") as error:
        read_dcgan(state, "file")
    assert "\n" not in str(error.value)


def blocks_of(widths: tuple[int, ...]) -> list[nn.Module]:
    """Transposed convolutions of 4 that double all maps but the first."""
    return [
        nn.ConvTranspose2d(a, b, 4, 2 if i else 1, 1 if i else 0) for i, (a, b) in enumerate(itertools.pairwise(widths))
    ]
