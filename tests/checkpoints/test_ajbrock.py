"""BigGAN files of the author's PyTorch code give the pictures of that code, whichever flags trained them."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from latentwalk.checkpoints import ajbrock
from latentwalk.checkpoints.ajbrock import fold_spectral
from latentwalk.generators.biggan import BigGAN
from latentwalk.hooks import read_layers
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from latentwalk.safeload.reading import read_tree
from one_format import of_trees

matches, read = of_trees(ajbrock)

State = dict[str, Tensor]
INS = {32: (4, 4, 4), 64: (16, 16, 8, 4), 128: (16, 16, 8, 4, 2), 256: (16, 16, 8, 8, 4, 2)} | {
    512: (16, 16, 8, 8, 4, 2, 1)
}
OUTS = {32: (4, 4, 4), 64: (16, 8, 4, 2), 128: (16, 8, 4, 2, 1), 256: (16, 8, 8, 4, 2, 1), 512: (16, 8, 8, 4, 2, 1, 1)}
CLASSES, SHARED, CHUNK = 3, 5, 4


def checkpoint(resolution: int = 32, ch: int = 2, hier: bool = True, shared: bool = True, attention: int = 1) -> State:
    """A state dict with random weights, as that code saves it."""
    random = torch.Generator().manual_seed(0)
    state: State = {}

    def put(name: str, *shape: int, bias: bool = True) -> None:
        state[f"{name}.weight"] = torch.randn(*shape, generator=random)
        state[f"{name}.u0"] = torch.randn(1, shape[0], generator=random)
        state[f"{name}.sv0"] = torch.ones(1)
        if bias:
            state[f"{name}.bias"] = torch.randn(shape[0], generator=random)

    def norm(name: str, channels: int) -> None:
        condition = (SHARED if shared else 0) + (CHUNK if hier else 0)
        for part in ("gain", "bias"):
            if shared:
                put(f"{name}.{part}", channels, condition, bias=False)
            else:
                state[f"{name}.{part}.weight"] = torch.randn(CLASSES, channels, generator=random)
        state[f"{name}.stored_mean"] = torch.randn(channels, generator=random)
        state[f"{name}.stored_var"] = 1 + torch.rand(channels, generator=random)

    ins, outs = ([ch * m for m in widths[resolution]] for widths in (INS, OUTS))
    if shared:
        state["shared.weight"] = torch.randn(CLASSES, SHARED, generator=random)
    put("linear", ins[0] * 16, CHUNK)
    for i, (inside, outside) in enumerate(zip(ins, outs, strict=True)):
        put(f"blocks.{i}.0.conv1", outside, inside, 3, 3)
        put(f"blocks.{i}.0.conv2", outside, outside, 3, 3)
        put(f"blocks.{i}.0.conv_sc", outside, inside, 1, 1)
        norm(f"blocks.{i}.0.bn1", inside)
        norm(f"blocks.{i}.0.bn2", outside)
        if i == attention:
            state[f"blocks.{i}.1.gamma"] = torch.tensor(0.7)
            for name, a, b in (("theta", outside // 8, outside), ("phi", outside // 8, outside)):
                put(f"blocks.{i}.1.{name}", a, b, 1, 1, bias=False)
            put(f"blocks.{i}.1.g", outside // 2, outside, 1, 1, bias=False)
            put(f"blocks.{i}.1.o", outside, outside // 2, 1, 1, bias=False)
    last = outs[-1]
    state |= {"output_layer.0.gain": torch.randn(last, generator=random), "output_layer.0.bias": torch.ones(last)}
    state |= {"output_layer.0.stored_mean": torch.zeros(last), "output_layer.0.stored_var": torch.ones(last)}
    put("output_layer.2", 3, last, 3, 3)
    return state


def textbook(state: State, z: Tensor, y: Tensor) -> Tensor:
    """The forward pass step by step, in float64: normalised again at every use, doubled before the shortcut."""
    state = {name: tensor.double() for name, tensor in state.items()}
    shared = "shared.weight" in state
    given = state["shared.weight"][y] if shared else F.one_hot(y, CLASSES).double()
    slots = z.double().split(state["linear.weight"].shape[1], 1)

    def weight(name: str) -> Tensor:
        w = state[f"{name}.weight"]
        if f"{name}.u0" not in state:
            return w.T
        v = F.normalize(state[f"{name}.u0"] @ w.flatten(1), eps=1e-6)
        u = F.normalize(v @ w.flatten(1).T, eps=1e-6)
        return w / (v @ w.flatten(1).T @ u.T).squeeze()

    def conv(x: Tensor, name: str) -> Tensor:
        w = weight(name)
        return F.conv2d(x, w, state.get(f"{name}.bias"), padding=w.shape[-1] // 2)

    def norm(x: Tensor, name: str, condition: Tensor) -> Tensor:
        gain, bias = (condition @ weight(f"{name}.{part}").T for part in ("gain", "bias"))
        x = F.batch_norm(x, state[f"{name}.stored_mean"], state[f"{name}.stored_var"], eps=1e-5)
        return x * (1 + gain[..., None, None]) + bias[..., None, None]

    x = (slots[0] @ weight("linear").T + state["linear.bias"]).unflatten(1, (-1, 4, 4))
    for i in range(sum(name.endswith("conv_sc.weight") for name in state)):
        condition = torch.cat([given, slots[i + 1]], 1) if len(slots) > 1 else given
        y2 = F.interpolate(norm(x, f"blocks.{i}.0.bn1", condition).relu(), scale_factor=2)
        y2 = conv(norm(conv(y2, f"blocks.{i}.0.conv1"), f"blocks.{i}.0.bn2", condition).relu(), f"blocks.{i}.0.conv2")
        x = y2 + conv(F.interpolate(x, scale_factor=2), f"blocks.{i}.0.conv_sc")
        if f"blocks.{i}.1.gamma" in state:
            theta = conv(x, f"blocks.{i}.1.theta").flatten(2)
            phi, g = (F.max_pool2d(conv(x, f"blocks.{i}.1.{name}"), 2).flatten(2) for name in ("phi", "g"))
            beta = torch.softmax(torch.einsum("ncq,nck->nqk", theta, phi), -1)
            seen = torch.einsum("nck,nqk->ncq", g, beta).unflatten(2, x.shape[2:])
            x = x + state[f"blocks.{i}.1.gamma"] * conv(seen, f"blocks.{i}.1.o")
    out = "output_layer.0"
    statistics = (state[f"{out}.stored_mean"], state[f"{out}.stored_var"], state[f"{out}.gain"], state[f"{out}.bias"])
    return conv(F.batch_norm(x, *statistics, eps=1e-5).relu(), "output_layer.2").tanh()


def renamed(state: State, bn1: str, out: str) -> State:
    """Statistics under other names, and the counters that come with them."""
    names = {}
    for name, tensor in state.items():
        name = re.sub(r"(bn[12])\.stored_(mean|var)", rf"\1.{bn1}_\2", name)
        names[re.sub(r"output_layer\.0\.stored_(mean|var)", rf"output_layer.0.{out}_\1", name)] = tensor
    return names | {"blocks.0.0.bn1.bn.accumulation_counter": torch.zeros(1)}


@pytest.fixture(scope="module")
def reference(shared: Path) -> State:
    with np.load(shared / "fixtures/ajbrock_biggan/hier32/ref.npz") as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays}


@pytest.fixture(scope="module")
def network(shared: Path) -> BigGAN:
    folder = shared / "fixtures/ajbrock_biggan/hier32"
    tree = {"state": read_tree(folder / "G_ema.pth"), "config": read_tree(folder / "state_dict.pth")}
    assert matches(tree)
    return read(tree, "hier32")


def close(a: Tensor, b: Tensor, most: float = 1e-5) -> bool:
    return a.shape == b.shape and (a - b).abs().max().item() < most


def test_pictures(reference: State, network: BigGAN) -> None:
    z = Latents(reference["z"], labels=reference["y"])
    assert close(network.render(z), reference["img"])
    assert close(network.render(network.map(z, "z+")), reference["img"])
    assert close(network.render(z[:2], RenderOptions(0.5)), reference["img_half_z"])
    assert close(network.render(network.map(z, "z+", RenderOptions(0.5))[:2]), reference["img_half_z"])


def test_pictures_of_class_vectors_and_mixtures(reference: State, network: BigGAN) -> None:
    vectors = F.one_hot(reference["y"], 5).float()
    assert close(network.render(Latents(reference["z"], labels=vectors)), reference["img"])
    mixed = (vectors[:2] + vectors[2:4]) / 2
    assert close(network.render(Latents(reference["z"][:2], labels=mixed)), reference["img_classmix"])
    assert close(vectors @ network.embedding, reference["y_embedding"])


def test_activations(reference: State, network: BigGAN) -> None:
    wanted = {"dense": "linear", "blocks.1": "blocks.1.1"}
    with torch.no_grad(), read_layers(network, list(wanted)) as found:
        network.synthesize(Latents(reference["z"][:1], labels=reference["y"][:1]))
    for ours, theirs in wanted.items():
        assert close(found[ours], reference[f"act.{theirs}"], 2e-5)


def test_the_generator_alone_is_enough(shared: Path, network: BigGAN) -> None:
    state = read_tree(shared / "fixtures/ajbrock_biggan/hier32/G_ema.pth")
    assert read({"state": state, "config": None}, "alone").fingerprint == network.fingerprint
    assert read(state, "bare").fingerprint == network.fingerprint


@pytest.mark.parametrize(
    ("resolution", "options"),
    [(32, {"hier": False}), (32, {"shared": False, "hier": False}), (32, {"attention": 9})]
    + [(resolution, {}) for resolution in INS],
)
def test_every_kind_and_resolution(resolution: int, options: dict[str, Any]) -> None:
    state = checkpoint(resolution, ch=2 if resolution < 256 else 1, **options)
    network = read(state, "made")
    assert network.image_shape == (3, resolution, resolution)
    assert ("z+" in network.spaces) == options.get("hier", True)
    latents = network.sample([0, 1], labels=[0, 2])
    assert close(network.render(latents).double(), textbook(state, latents.values, latents.labels), 1e-4)


@pytest.mark.parametrize(
    ("bn1", "out"), [("bn.stored", "bn.stored"), ("bn.running", "bn.running"), ("bn.stored", "stored")]
)
def test_statistics_are_found_under_every_name(bn1: str, out: str) -> None:
    plain = read(checkpoint(), "plain")
    assert read(renamed(checkpoint(), bn1, out), "other").fingerprint == plain.fingerprint


def test_flags_that_no_shape_shows() -> None:
    state = checkpoint()
    network = read({"state": state, "config": {"config": {"BN_eps": 0.1, "G_nl": "inplace_relu", "G_ch": 2}}}, "made")
    assert network.sizes.eps == 0.1
    assert (network.render(network.sample([0], 1)) - read(state, "made").render(network.sample([0], 1))).abs().max() > 0
    for flag, value in (("G_nl", "leaky_relu"), ("norm_style", "in"), ("BN_eps", "small")):
        with pytest.raises(ValueError, match=f"^made was trained with {flag}"):
            read({"state": state, "config": {flag: value}}, "made")


def test_the_factor_is_that_of_one_power_iteration() -> None:
    weight, start = torch.diag(torch.tensor([4.0, 2.0])), torch.tensor([[1.0, 1.0]])
    folded = fold_spectral({"a.weight": weight, "a.u0": start, "b.weight": weight}, 1e-6)
    v = torch.tensor([4.0, 2.0]) / 20**0.5
    assert torch.allclose(folded["a.weight"], weight / (weight @ v).norm())
    assert torch.equal(folded["b.weight"], weight)


def test_what_does_not_fit_is_refused() -> None:
    state = checkpoint()
    with pytest.raises(ValueError, match=r"^file.*lacks 'blocks.1.conv2.weight'"):
        read({name: t for name, t in state.items() if name != "blocks.1.0.conv2.weight"}, "file")
    with pytest.raises(ValueError, match=r"^file lacks the tensor 'linear.weight'"):
        read({name: t for name, t in state.items() if name != "linear.weight"}, "file")
    with pytest.raises(ValueError, match=r"^file.*has also 'odd'"):
        read(state | {"odd": torch.zeros(1)}, "file")
    with pytest.raises(ValueError, match=r"^file.*shape"):
        read(state | {"blocks.1.0.conv2.bias": torch.zeros(1)}, "file")
    with pytest.raises(ValueError, match=r"^file.*G_depth 2"):
        read(state | {"blocks.0.0.conv3.weight": torch.zeros(1)}, "file")
    with pytest.raises(ValueError, match=r"^file.*NaN"):
        read(state | {"linear.bias": torch.full_like(state["linear.bias"], float("nan"))}, "file")
    for other in (None, 3, {}, {"state": {}, "config": None}, {"linear.weight": torch.zeros(2, 2)}):
        assert not matches(other)
