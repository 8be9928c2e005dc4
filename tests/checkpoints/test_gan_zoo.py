"""Files of pytorch_GAN_zoo give the pictures of the networks that wrote them, and those of plain implementations."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from latentwalk.checkpoints import gan_zoo
from latentwalk.generators.dcgan import DCGAN
from latentwalk.generators.pggan import PGGAN
from latentwalk.hooks import read_layers
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from latentwalk.safeload.reading import Foreign, read_tree
from one_format import of_trees

GAN_ZOO = of_trees(gan_zoo)

State = dict[str, Tensor]
Z, WIDTHS = 7, (6, 5, 4)
CODES = torch.randn(4, Z, generator=torch.Generator().manual_seed(1))


def drawn(shapes: dict[str, tuple[int, ...]]) -> State:
    random = torch.Generator().manual_seed(0)
    return {name: torch.randn(shape, generator=random) for name, shape in shapes.items()}


def progressive() -> State:
    shapes = {"formatLayer": (16 * WIDTHS[0], Z), "groupScale0.0": (WIDTHS[0], WIDTHS[0], 3, 3)}
    for i, width in enumerate(WIDTHS):
        if i:
            shapes[f"scaleLayers.{i - 1}.0"] = (width, WIDTHS[i - 1], 3, 3)
            shapes[f"scaleLayers.{i - 1}.1"] = (width, width, 3, 3)
        shapes[f"toRGBLayers.{i}"] = (3, width, 1, 1)
    weights = {f"{name}.module.weight": shape for name, shape in shapes.items()}
    return drawn(weights | {f"{name}.module.bias": shape[:1] for name, shape in shapes.items()})


def progressive_images(state: State, z: Tensor, alpha: float = 0.0, factor: bool = True, slope: float = 0.2) -> Tensor:
    """As the paper has it, with the factor of equalised learning rate on the bias too."""

    def layer(name: str, x: Tensor) -> Tensor:
        weight, bias = state[f"{name}.module.weight"], state[f"{name}.module.bias"]
        y = F.linear(x, weight, bias) if weight.ndim == 2 else F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)
        return y * math.sqrt(2 / weight[0].numel()) if factor else y

    def after(x: Tensor) -> Tensor:
        x = F.leaky_relu(x, slope)
        return x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt()

    z = z / (z.square().mean(1, keepdim=True) + 1e-8).sqrt()
    x = after(layer("groupScale0.0", after(layer("formatLayer", z).view(len(z), -1, 4, 4))))
    smaller = x
    for i in range(len(WIDTHS) - 1):
        smaller, x = x, F.interpolate(x, scale_factor=2, mode="nearest")
        x = after(layer(f"scaleLayers.{i}.1", after(layer(f"scaleLayers.{i}.0", x))))
    before = F.interpolate(layer(f"toRGBLayers.{len(WIDTHS) - 2}", smaller), scale_factor=2, mode="nearest")
    return alpha * before + (1 - alpha) * layer(f"toRGBLayers.{len(WIDTHS) - 1}", x)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("wrapped", [dict, Foreign])
def test_a_pgan_draws_what_the_paper_describes(alpha: float, wrapped: Any) -> None:
    config = {"alpha": alpha, "lossCriterion": "WGANGP", "leakyReluLeak": 0.1, "equalizedlR": alpha == 0}
    held = Foreign("models.utils.config.BaseConfig") if wrapped is Foreign else {}
    held.update(config)
    generator = GAN_ZOO.read({"config": held, "netG": {}, "netD": {}, "avgG": progressive()}, "file")
    assert isinstance(generator, PGGAN) and generator.image_shape == (3, 16, 16)
    expected = progressive_images(progressive(), CODES, alpha, alpha == 0, 0.1)
    assert (generator.render(Latents(CODES)) - expected).abs().max() < 2e-5 * max(1, float(expected.abs().max()))


def test_older_names_and_bare_state_dicts_are_the_same_network() -> None:
    state = progressive()
    older = {name.replace(".module", ""): tensor for name, tensor in state.items()}
    trees = (state, older, {"netG": older}, {"avgG": state, "config": {"state": {"alpha": 0.0}}})
    assert all(GAN_ZOO.matches(tree) for tree in trees)
    assert len({GAN_ZOO.read(tree, "file").fingerprint for tree in trees}) == 1


@pytest.mark.parametrize(("loss", "tanh"), [("WGANGP", False), ("Logistic", False), ("DCGAN", True), ("MSE", True)])
def test_the_loss_says_how_a_network_ends(loss: str, tanh: bool) -> None:
    config = {"lossCriterion": loss}
    plain = progressive_images(progressive(), CODES)
    images = GAN_ZOO.read({"config": config, "avgG": progressive()}, "file").render(Latents(CODES))
    assert (images - (plain.tanh() if tanh else plain)).abs().max() < 2e-5
    plain = dcgan_images(dcgan_state(), CODES)
    images = GAN_ZOO.read({"config": config, "avgG": dcgan_state()}, "file").render(Latents(CODES))
    assert (images - (plain.tanh() if tanh else plain)).abs().max() < 2e-5


def dcgan_state() -> State:
    shapes: dict[str, tuple[int, ...]] = {"formatLayer.weight": (Z, WIDTHS[0], 4, 4)}
    for i, width in enumerate(WIDTHS):
        if i:
            shapes[f"main.convTranspose{i}.weight"] = (WIDTHS[i - 1], width, 4, 4)
        shapes |= {f"main.batchNorm{i}.{leaf}": (width,) for leaf in ("weight", "bias", "running_mean", "running_var")}
    state = drawn(shapes | {"main.outlayer.weight": (WIDTHS[-1], 3, 4, 4)})
    state |= {name: 0.2 * tensor for name, tensor in state.items() if tensor.ndim == 4}
    return {name: 0.2 + tensor.abs() if name.endswith("var") else tensor for name, tensor in state.items()}


def dcgan_images(state: State, z: Tensor) -> Tensor:
    x = F.conv_transpose2d(z[:, :, None, None], state["formatLayer.weight"])
    for i in range(len(WIDTHS)):
        if i:
            x = F.conv_transpose2d(x, state[f"main.convTranspose{i}.weight"], stride=2, padding=1)
        scale, shift, mean, var = (
            state[f"main.batchNorm{i}.{leaf}"] for leaf in ("weight", "bias", "running_mean", "running_var")
        )
        x = F.batch_norm(x, mean, var, scale, shift).relu()
    return F.conv_transpose2d(x, state["main.outlayer.weight"], stride=2, padding=1)


def test_a_dcgan_alone_ends_in_tanh_and_is_frozen() -> None:
    generator = GAN_ZOO.read(dict(reversed(dcgan_state().items())), "file")
    assert isinstance(generator, DCGAN) and generator.fingerprint
    assert (generator.render(Latents(CODES)) - dcgan_images(dcgan_state(), CODES).tanh()).abs().max() < 2e-5


@pytest.mark.parametrize("tree", [{}, [], None, {"netD": progressive()}, {"avgG": 3, "config": {}}, {"config": {}}])
def test_other_trees_are_no_files_of_this_zoo(tree: object) -> None:
    assert not GAN_ZOO.matches(tree)


def without(state: State, *names: str) -> State:
    return {name: tensor for name, tensor in state.items() if name not in names}


@pytest.mark.parametrize(
    ("state", "config", "message"),
    [
        (progressive(), {"alpha": 1.5}, "expected a fade from 0 to 1 and a scale to fade from, got 1.5"),
        (progressive(), {"alpha": "x"}, "the configuration has alpha 'x', expected a number"),
        (progressive(), {"perChannelNormalization": False}, "trained without pixel norm"),
        (without(progressive(), "groupScale0.0.module.bias"), {}, "lacks the tensor 'groupScale0.0.bias'"),
        (without(progressive(), "toRGBLayers.2.module.weight"), {}, "has also 'scaleLayers.1"),
        (progressive() | {"formatLayer.module.weight": torch.ones(17, Z)}, {}, "gives 17 numbers, expected a multiple"),
        (progressive() | {"toRGBLayers.50.module.weight": torch.ones(1)}, {}, "has 51 scales"),
        (progressive() | {"scaleLayers.1.0.module.weight": torch.ones(4, 6, 3, 3)}, {}, "has the shape"),
        (progressive() | {"groupScale0.0.module.bias": torch.full((6,), math.inf)}, {}, "holds NaN or infinite"),
        (dcgan_state() | {"main.extra.weight": torch.ones(2)}, {}, "is out of place"),
        (dcgan_state() | {"main.convTranspose1.weight": torch.ones(6, 9, 4, 4)}, {}, "gives 9 channels"),
        (dcgan_state() | {"main.outlayer.weight": torch.full((4, 3, 4, 4), math.nan)}, {}, "holds NaN or infinite"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(state: State, config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        GAN_ZOO.read({"avgG": state, "config": config}, "some/file.pth")
    assert str(error.value).startswith("some/file.pth") and "\n" not in str(error.value)


FOREIGN = [
    ("pgan32", "model.pth", {"layers.1": None, "layers.2": "scaleLayers.0.0", "layers.5": None}),
    ("pgan32", "avgG_state.pth", {"layers.7": "scaleLayers.2.1", "picture": "toRGBLayers.3"}),
    ("dcgan32", "model.pth", {"layers.1": "main.batchNorm1"}),
    ("dcgan32", "model_dictconfig.pth", {}),
    ("dcgan32", "avgG_state.pth", {}),
]


@pytest.mark.parametrize(("case", "file", "layers"), FOREIGN)
def test_foreign_networks_draw_their_own_pictures(
    shared: Path, case: str, file: str, layers: dict[str, str | None]
) -> None:
    folder = shared / "fixtures" / "pytorch_gan_zoo" / case
    known = {name: torch.from_numpy(array) for name, array in np.load(folder / "ref.npz").items()}
    tree = read_tree(folder / file)
    assert GAN_ZOO.matches(tree)
    generator, z = GAN_ZOO.read(tree, file), known["z"]
    assert (generator.render(Latents(z)) - known["img"]).abs().max() < 2e-5
    assert (generator.render(Latents(z[:2]), RenderOptions(0.5)) - known["img_half_z"]).abs().max() < 2e-5
    with read_layers(generator, list(layers), stop=False) as found:
        generator.synthesize(Latents(z[:1]))
    for ours, theirs in layers.items():
        if theirs is not None:
            recorded = known[f"act.{theirs}"]  # before its activation
            slope = 0.0 if case == "dcgan32" else 1.0 if ours == "picture" else 0.2
            assert (found[ours] - F.leaky_relu(recorded, slope)).abs().max() < 1e-4
