"""Whole networks of torch.nn draw what they drew, and none of their code runs."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from latentwalk.checkpoints.formats import open_generator
from latentwalk.generator import Generator
from latentwalk.generators.dcgan import DCGAN
from latentwalk.generators.mlp import MLP
from latentwalk.jobs.inspect import hint_of, inspect
from latentwalk.jobs.load import load
from latentwalk.latents import Latents
from latentwalk.origin import Source

Z = 6
CODES = torch.randn(3, Z, generator=torch.Generator().manual_seed(3))


def block(inside: int, outside: int, slope: float = 0.1) -> nn.Sequential:
    up = nn.ConvTranspose2d(inside, outside, 5, 2, 2, output_padding=1)
    return nn.Sequential(up, nn.BatchNorm2d(outside, eps=0.01), nn.LeakyReLU(slope))


class Painter(nn.Module):
    """A class of somebody's own around blocks; its code is not in the file."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.ConvTranspose2d(Z, 8, 4), nn.BatchNorm2d(8), nn.LeakyReLU(0.3))
        self.body = nn.ModuleList([block(8, 6), block(6, 5)])
        self.last = nn.Sequential(nn.Conv2d(5, 3, 3, padding=1), nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        x = self.first(z)
        for each in self.body:
            x = each(x)
        return self.last(x)


class Shared(nn.Module):
    """One object for all activations."""

    def __init__(self) -> None:
        super().__init__()
        self.up1, self.up2, self.up3 = nn.ConvTranspose2d(Z, 8, 3), nn.ConvTranspose2d(8, 6, 4, 2), nn.Conv2d(6, 1, 1)
        self.act, self.end = nn.LeakyReLU(0.25), nn.Sigmoid()

    def forward(self, z: Tensor) -> Tensor:
        return 2 * self.end(self.up3(self.act(self.up2(self.act(self.up1(z)))))) - 1


class Functional(nn.Module):
    """Activations that no object stands for."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.ConvTranspose2d(Z, 8, 4), nn.ConvTranspose2d(8, 2, 4, 2, 1)

    def forward(self, z: Tensor) -> Tensor:
        return self.b(self.a(z).relu()).tanh()


def doubled() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(Z, 8 * 9), nn.Unflatten(1, (8, 3, 3)), nn.BatchNorm2d(8), nn.Upsample(scale_factor=2),
        nn.Conv2d(8, 6, 5, padding=2), nn.ReLU(), nn.Dropout(0.5), nn.Conv2d(6, 3, 3, padding=1), nn.Tanh(),
    )  # fmt: skip


def flat(ending: nn.Module) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(Z, 9), nn.LeakyReLU(0.2), nn.Linear(9, 12), nn.BatchNorm1d(12, 0.8), nn.LeakyReLU(0.2),
        nn.Linear(12, 3 * 64), ending,
    )  # fmt: skip


NETWORKS: dict[str, tuple[Callable[[], nn.Module], bool]] = {
    "of one's own": (Painter, True),
    "shared activation": (Shared, True),
    "functional": (Functional, True),
    "doubled by repeating": (doubled, False),
    "linear": (lambda: flat(nn.Tanh()), False),
    "without tanh": (lambda: nn.Sequential(nn.ConvTranspose2d(Z, 5, 4), nn.ConvTranspose2d(5, 4, 4, 2, 1)), True),
    "linear, without tanh": (lambda: flat(nn.Identity()), False),
    "wrapped": (lambda: nn.DataParallel(Painter()), True),
}


def trained(network: nn.Module) -> nn.Module:
    torch.manual_seed(5)
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var"):
            tensor.copy_(0.3 + torch.rand_like(tensor))
        elif tensor.is_floating_point():
            tensor.copy_(0.3 * torch.randn_like(tensor))
    return network.eval()


def pictures(network: nn.Module, mapped: bool) -> Tensor:
    with torch.no_grad():
        images = network(CODES[:, :, None, None] if mapped else CODES)
    return images if images.ndim == 4 else images.view(len(CODES), 3, 8, 8)


@pytest.mark.parametrize("case", NETWORKS)
@pytest.mark.parametrize("inside", ["alone", "in a dict"])
def test_a_whole_network_draws_what_it_drew(case: str, inside: str, tmp_path: Path) -> None:
    make, mapped = NETWORKS[case]
    network = trained(make())
    expected = pictures(network.module if isinstance(network, nn.DataParallel) else network, mapped)
    torch.save(network if inside == "alone" else {"generator": network, "epoch": 1}, tmp_path / "a.pth")
    generator = open_generator(tmp_path / "a.pth")
    assert isinstance(generator, MLP if case.startswith("linear") else DCGAN)
    assert expected.std() > 0.02 and generator.image_shape == expected.shape[1:]
    assert (generator.render(Latents(CODES)) - expected).abs().max() < 1e-5
    assert bool(generator.reading.assumed) == (case == "functional")


def test_the_same_weights_with_another_activation_are_another_network(tmp_path: Path) -> None:
    network = trained(
        nn.Sequential(nn.ConvTranspose2d(Z, 8, 4), nn.LeakyReLU(0.2), nn.ConvTranspose2d(8, 3, 4, 2, 1), nn.Tanh())
    )
    torch.save(network, tmp_path / "whole.pth")
    torch.save(network.state_dict(), tmp_path / "state.pth")
    whole, state = load(tmp_path / "whole.pth"), load(tmp_path / "state.pth")
    told = load(tmp_path / "state.pth", activation="leaky_relu:0.2")
    assert not same(whole, state) and same(whole, told)
    assert len({whole.fingerprint, state.fingerprint}) == 2 and whole.fingerprint == told.fingerprint
    assert "ReLU" in state.reading.assumed[0]
    for name, activation, message in (
        ("whole", "relu", "says itself which activation"),
        ("state", "gelu", "'relu' or 'leaky_relu:SLOPE'"),
        ("state", "leaky_relu", "'relu' or 'leaky_relu:SLOPE'"),
    ):
        with pytest.raises(ValueError, match=message):
            load(tmp_path / f"{name}.pth", activation=activation)


def same(one: Generator, other: Generator) -> bool:
    return bool((one.render(Latents(CODES)) - other.render(Latents(CODES))).abs().max() < 1e-6)


def test_red_and_blue_are_exchanged(tmp_path: Path) -> None:
    torch.save(trained(doubled()).state_dict(), tmp_path / "a.pth")
    torch.save(
        trained(nn.Sequential(nn.ConvTranspose2d(Z, 8, 4), nn.ConvTranspose2d(8, 3, 4, 2, 1))), tmp_path / "b.pth"
    )
    plain, turned = load(tmp_path / "b.pth"), load(tmp_path / "b.pth", bgr=True)
    assert torch.equal(plain.render(Latents(CODES)).flip(1), turned.render(Latents(CODES)))
    assert plain.fingerprint != turned.fingerprint and turned.choices.bgr


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            [nn.ConvTranspose2d(Z, 8, 4), nn.SELU(), nn.ConvTranspose2d(8, 3, 4, 2, 1)],
            "'1' is a SELU that is not drawn",
        ),
        ([nn.ConvTranspose2d(Z, 8, 4), nn.ConvTranspose2d(8, 4, 4, 2, 1, groups=2)], "expected one group"),
        ([nn.ConvTranspose2d(Z, 8, 4), nn.ConvTranspose2d(8, 4, 4, (2, 1), 1)], "expected the same both ways"),
        (
            [nn.ConvTranspose2d(Z, 8, 4), nn.ReLU(), nn.BatchNorm2d(8), nn.ConvTranspose2d(8, 4, 4)],
            "before its activation",
        ),
        ([nn.Conv2d(Z, 8, 4, 2), nn.Conv2d(8, 4, 4, 2)], "expected a Conv2d of stride 1"),
        ([nn.ConvTranspose2d(Z, 8, 4), nn.Upsample(scale_factor=3), nn.Conv2d(8, 3, 3)], "repeated pixels"),
        ([nn.ConvTranspose2d(Z, 8, 4), nn.ConvTranspose2d(7, 3, 4, 2, 1)], "gives 8 channels and the next takes 7"),
        ([nn.ConvTranspose2d(Z, 8, 4), nn.InstanceNorm2d(8, affine=True), nn.ConvTranspose2d(8, 3, 4)], "lw.wrap"),
    ],
)
def test_what_is_not_drawn_is_named(layers: list[nn.Module], message: str, tmp_path: Path) -> None:
    torch.save(nn.Sequential(*layers), tmp_path / "a.pth")
    with pytest.raises(ValueError, match=message) as error:
        open_generator(tmp_path / "a.pth")
    assert ("\n" not in str(error.value) and "lw.wrap" in str(error.value)) or "next takes" in message


def test_what_was_said_of_a_file_is_in_its_receipt(tmp_path: Path) -> None:
    torch.save({"G": chain().state_dict(), "G_ema": chain().state_dict()}, tmp_path / "a.pth")
    generator = load(tmp_path / "a.pth", part="G", activation="leaky_relu:0.2")
    source = Source.of(generator)
    again = load(source.source, **Source.model_validate_json(source.model_dump_json()).choices.given)
    assert again.fingerprint == generator.fingerprint and again.reading.part == "G"
    assert source.choices.words == ["--part", "G", "--activation", "leaky_relu:0.2"]
    assert Source.of(load(tmp_path / "a.pth")).choices is None


def test_pictures_that_no_training_ends_with_give_a_hint(tmp_path: Path) -> None:
    state = chain().state_dict()
    for scale, hinted in ((1.0, False), (1e-4, True), (1e4, True)):
        torch.save({name: scale * tensor for name, tensor in state.items()}, tmp_path / "a.pth")
        found = inspect(tmp_path / "a.pth")
        assert bool(found.hint) == hinted == ("--activation" in found.describe()["hint"])
        few = found.generator.render(found.generator.sample(range(3)))  # which may be alike
        assert hint_of(found.generator, few) == ""
        told = load(tmp_path / "a.pth", activation="leaky_relu:0.2")
        assert inspect(told).hint == ""


def chain() -> nn.Module:
    return trained(nn.Sequential(nn.ConvTranspose2d(Z, 8, 4), nn.ConvTranspose2d(8, 3, 4, 2, 1)))
