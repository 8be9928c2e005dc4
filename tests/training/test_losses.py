"""Losses against what the papers write, worked out by hand on critics whose gradient is known."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from latentwalk.generators.stylegan2 import StyleGAN2Sizes
from latentwalk.training.losses import LOSSES
from latentwalk.training.players import StyleGAN2Player
from latentwalk.training.scene import Batch, Scene

SLOPE = torch.linspace(-1, 1, 12)


class Linear(nn.Module):
    """Scores whose gradient is `SLOPE` everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(SLOPE.clone())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1) @ self.slope[:, None]


class Scaled(nn.Module):
    """Pictures that are the code, scaled."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(0.5))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return (self.scale * z).view(-1, 3, 2, 2)


def scene(learns: str) -> Scene:
    torch.manual_seed(0)
    batch = Batch(torch.randn(6, 3, 2, 2), torch.zeros(6, 0), torch.rand(6, 1, 1, 1), (torch.randn(6, 12),))
    made = Scene({"generator": Scaled(), "critic": Linear()}, batch, True, torch.float32)
    made.turn((learns,))
    return made


def parts() -> tuple[torch.Tensor, torch.Tensor]:
    """Scores of the real and of the made pictures."""
    batch = scene("critic").batch
    return batch.real.flatten(1) @ SLOPE, 0.5 * batch.drawn[0] @ SLOPE


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("critic_logistic", lambda real, fake: -(real.sigmoid().log() + (1 - fake.sigmoid()).log()).mean()),
        ("generator_logistic", lambda real, fake: -fake.sigmoid().log().mean()),
        ("critic_wasserstein", lambda real, fake: fake.mean() - real.mean()),
        ("generator_wasserstein", lambda real, fake: -fake.mean()),
        ("critic_relativistic", lambda real, fake: -(real - fake).sigmoid().log().mean()),
        ("generator_relativistic", lambda real, fake: -(fake - real).sigmoid().log().mean()),
        ("r1", lambda real, fake: SLOPE.square().sum() / 2),
        ("r2", lambda real, fake: SLOPE.square().sum() / 2),
        ("gradient_penalty", lambda real, fake: (SLOPE.norm() - 1).square()),
    ],
)
def test_the_loss_is_the_formula(name, formula):
    loss = LOSSES[name](scene("generator" if name.startswith("generator") else "critic"))
    assert loss.item() == pytest.approx(float(formula(*parts())), rel=1e-5)


def test_a_penalty_teaches_the_critic():
    """Of half the squared norm of a linear critic's slope, the gradient is that slope."""
    made = scene("critic")
    LOSSES["r1"](made).backward()
    assert torch.allclose(made.networks["critic"].slope.grad, SLOPE, atol=1e-6)


@pytest.mark.parametrize("learns", ["critic", "generator"])
def test_who_does_not_play_stays(learns):
    made = scene(learns)
    LOSSES[f"{learns}_logistic"](made).backward()
    grads = {name: [w.grad for w in network.parameters()] for name, network in made.networks.items()}
    other = {"critic": "generator", "generator": "critic"}[learns]
    assert all(g is not None and g.abs().sum() > 0 for g in grads[learns]) and grads[other] == [None]


def test_pictures_are_made_once_and_judged_once_a_turn():
    calls = {"generator": 0, "critic": 0}
    made = scene("critic")
    for name, network in made.networks.items():
        network.register_forward_hook(lambda *_, name=name: calls.__setitem__(name, calls[name] + 1))
    for name in ("critic_logistic", "critic_wasserstein"):
        LOSSES[name](made)
    assert calls == {"generator": 1, "critic": 2}
    made.turn(("generator",))
    LOSSES["generator_logistic"](made)
    assert calls == {"generator": 1, "critic": 3}


def test_the_path_length_is_that_of_the_jacobian():
    """Over many directions, the mean square of J^T y is the squared Frobenius norm of J over the pixels."""
    torch.manual_seed(0)
    player = StyleGAN2Player(StyleGAN2Sizes((4, 6, 6), (8, 4), 3, noise=False))
    z = torch.randn(1, 4)
    made = Scene(
        {"generator": player},
        Batch(torch.zeros(1, 3, 8, 8), torch.zeros(1, 0), torch.zeros(1, 1, 1, 1), (z,)),
        True,
        torch.float32,
    )
    ws = player.codes(z).detach()
    jacobian = torch.autograd.functional.jacobian(player.paint, ws).reshape(-1, ws.numel())
    expected = jacobian.square().sum() / (
        64 * ws.shape[1]
    )  # lengths are taken over the numbers of w, meaned over layers
    lengths = []
    for _ in range(100):
        player.path_length.zero_()
        LOSSES["path_length"](made)
        lengths.append(float(player.path_length) / 0.01)  # the mean goes a hundredth of the way from nothing
    found = torch.tensor(lengths).square().mean()
    assert found.item() == pytest.approx(expected.item(), rel=0.3)


def test_the_path_length_teaches_the_generator_alone():
    torch.manual_seed(0)
    player = StyleGAN2Player(StyleGAN2Sizes((4, 6, 6), (8, 4), 3, noise=False), mixing=0.5)
    batch = Batch(torch.zeros(4, 3, 8, 8), torch.zeros(4, 0), torch.zeros(4, 1, 1, 1), player.draw(4))
    loss = LOSSES["path_length"](Scene({"generator": player}, batch, True, torch.float32))
    loss.backward()
    assert math.isfinite(loss.item())
    assert all(w.grad is None or w.grad.isfinite().all() for w in player.parameters())
    assert player.network.mapping.get_parameter("layers.0.weight").grad.abs().sum() > 0


def test_losses_are_float32_whatever_the_networks_are():
    torch.manual_seed(0)
    batch = Batch(torch.randn(4, 3, 2, 2), torch.zeros(4, 0), torch.rand(4, 1, 1, 1), (torch.randn(4, 12),))
    made = Scene({"generator": Scaled(), "critic": Linear()}, batch, True, torch.bfloat16)
    made.turn(("critic",))
    loss = LOSSES["critic_logistic"](made)
    real = F.softplus(-(batch.real.flatten(1) @ SLOPE)).mean() + F.softplus(made.scores("fake")).mean()
    assert loss.dtype == torch.float32 and loss.item() == pytest.approx(real.item(), rel=2e-2)
