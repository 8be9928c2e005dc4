"""StyleGAN3 files of NVIDIA's code give the pictures, codes and activations of that code; others are refused."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter
from torch import Tensor

from latentwalk.checkpoints import nvidia
from latentwalk.checkpoints.modules import flatten
from latentwalk.generators.stylegan3 import StyleGAN3, StyleGAN3Sizes
from latentwalk.hooks import read_layers
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from latentwalk.safeload.reading import read_tree
from one_format import of_trees

matches, read = of_trees(nvidia)

FILES = [
    "gema_nosrc.pkl", "gema_nosrc_p2.pkl", "gema_nosrc_p5.pkl", "gema_nosrc_torch1.9.1_p4.pkl", "snapshot_nosrc.pkl",
]  # fmt: skip
ARGUMENTS = {
    "z_dim": 5, "c_dim": 3, "w_dim": 6, "img_resolution": 16, "img_channels": 3, "channel_base": 40, "channel_max": 5,
    "conv_kernel": 1, "use_radial_filters": True, "mapping_kwargs": {"num_layers": 2},
}  # fmt: skip
SIZES = StyleGAN3Sizes(
    z=5, w=6, resolution=16, classes=3, embedding=6, channel_base=40, channel_max=5, conv_kernel=1,
    use_radial_filters=True,
)  # fmt: skip


def module(kind: str, parameters: dict[str, Tensor], buffers: dict[str, Tensor | None], **inner: Any) -> dict[str, Any]:
    state = {"training": False, "_parameters": parameters, "_buffers": buffers, "_modules": inner}
    return {"class_name": kind, "state": state}


def dense(random: torch.Generator, inside: int, outside: int) -> dict[str, Any]:
    draw = {"weight": torch.randn(outside, inside, generator=random), "bias": torch.randn(outside, generator=random)}
    return module("FullyConnectedLayer", draw, {"extra": None})


def tree(arguments: dict[str, Any] = ARGUMENTS) -> dict[str, Any]:
    """A file of configuration r with classes, as the safe reader gives it, with random weights."""
    random, w, layers = torch.Generator().manual_seed(0), 6, SIZES.layers()
    named = {}
    for i, layer in enumerate(layers):
        shape = (layer.channels, layer.inside, layer.kernel, layer.kernel)
        taps = 6 * layer.down
        filters: dict[str, Tensor | None] = {"up_filter": None, "down_filter": None}
        if layer.up > 1:
            filters["up_filter"] = torch.full((6 * layer.up,), 1 / (6 * layer.up))
            filters["down_filter"] = torch.full((taps, taps) if layer.radial else (taps,), 1 / taps)
        named[f"L{i}_{layer.side}_{layer.channels}"] = module(
            "SynthesisLayer",
            {"weight": torch.randn(shape, generator=random), "bias": torch.randn(layer.channels, generator=random)},
            {"magnitude_ema": torch.tensor(0.8), **filters},
            affine=dense(random, w, layer.inside),
        )
    waves = layers[0].inside
    start = module(
        "SynthesisInput",
        {"weight": torch.randn(waves, waves, generator=random)},
        {
            "transform": torch.eye(3),
            "freqs": torch.randn(waves, 2, generator=random),
            "phases": torch.rand(waves, generator=random),
        },
        affine=dense(random, w, 4),
    )
    mapping = module(
        "MappingNetwork",
        {},
        {"w_avg": torch.randn(w, generator=random)},
        embed=dense(random, 3, w),
        fc0=dense(random, 5 + w, w),
        fc1=dense(random, w, w),
    )
    synthesis = module("SynthesisNetwork", {}, {}, input=start, **named)
    network = module("Generator", {}, {}, synthesis=synthesis, mapping=mapping)
    network["state"]["_init_kwargs"] = dict(arguments)
    return {"G_ema": network, "D": None}


@pytest.fixture(scope="module")
def reference(shared: Path) -> dict[str, Tensor]:
    with np.load(shared / "fixtures/nvidia_stylegan3/t32/ref.npz") as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays}


@pytest.fixture(scope="module")
def network(shared: Path) -> StyleGAN3:
    return read(read_tree(shared / "fixtures/nvidia_stylegan3/t32" / FILES[0]), FILES[0])


def close(a: Tensor, b: Tensor, most: float = 3e-5) -> bool:
    return a.shape == b.shape and (a - b).abs().max().item() < most


@pytest.mark.parametrize("file", FILES)
def test_every_container_holds_the_same_network(
    shared: Path, reference: dict[str, Tensor], network: StyleGAN3, file: str
) -> None:
    found = read_tree(shared / "fixtures/nvidia_stylegan3/t32" / file)
    assert matches(found)
    other = read(found, file)
    assert other.fingerprint == network.fingerprint
    assert close(other.render(Latents(reference["z"][:2])), reference["img_psi1"][:2])


@pytest.mark.parametrize(
    ("name", "truncation", "cutoff"), [("psi1", 1.0, None), ("psi0.7", 0.7, None), ("psi0.7_cut5", 0.7, 5)]
)
def test_truncated_codes_and_pictures(
    reference: dict[str, Tensor], network: StyleGAN3, name: str, truncation: float, cutoff: int | None
) -> None:
    z = Latents(reference["z"])
    assert close(network.map(z, "w+", RenderOptions(truncation, cutoff)).values, reference[f"ws_{name}"], 1e-5)
    assert close(network.render(z, RenderOptions(truncation=truncation, cutoff=cutoff)), reference[f"img_{name}"])


def test_pictures_of_codes_that_differ_by_layer(reference: dict[str, Tensor], network: StyleGAN3) -> None:
    assert close(network.render(Latents(reference["wplus"], "w+")), reference["img_wplus"])
    w = network.map(Latents(reference["z"]), "w")
    assert close(network.render(w), reference["img_psi1"])


def test_pictures_under_a_transform_in_the_file_and_afterwards(
    shared: Path, reference: dict[str, Tensor], network: StyleGAN3
) -> None:
    z = Latents(reference["z"][:2])
    assert close(network.transformed(reference["user_transform"]).render(z), reference["img_psi1_transform"])
    found = read_tree(shared / "fixtures/nvidia_stylegan3/t32" / FILES[0])
    start = found["G_ema"]["state"]["_modules"]["synthesis"]["state"]["_modules"]["input"]
    start["state"]["_buffers"]["transform"] = reference["user_transform"]
    assert close(read(found, "moved").render(z), reference["img_psi1_transform"])


def test_activations_and_styles(reference: dict[str, Tensor], network: StyleGAN3) -> None:
    layers = {"waves": "input", "layers.0": "L0_36_12", "layers.5": "L5_52_12", "layers.13": "L13_32_5"}
    with torch.no_grad(), read_layers(network, list(layers)) as found:
        network.synthesize(Latents(reference["z"][:1]))
    for ours, theirs in layers.items():
        assert close(found[ours], reference[f"act.synthesis.{theirs}"])
    w = reference["ws_psi1"][:2, 0]
    assert close(network.layers[5].affine(w), reference["style.synthesis.L5_52_12.affine"])
    assert close(network.waves.affine(w), reference["style.synthesis.input.affine"])


def test_a_file_of_configuration_r_with_classes() -> None:
    found = tree()
    assert matches(found)
    network = read(found, "r")
    assert network.sizes == SIZES
    assert network.classes == 3
    foreign = flatten(found["G_ema"], "r").tensors
    last = foreign["synthesis.L14_16_3.weight"]
    assert torch.equal(network.state_dict()["layers.14.weight"], last)
    images = network.render(network.sample([0, 1], labels=[0, 2]))
    assert images.shape == (2, 3, 16, 16)
    assert bool(images.isfinite().all())
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_the_averaged_generator_is_preferred() -> None:
    found, other = tree(), tree()
    other["G_ema"]["state"]["_modules"]["mapping"]["state"]["_buffers"]["w_avg"] += 1
    both = {"G": other["G_ema"], "G_ema": found["G_ema"]}
    assert read(both, "both").fingerprint == read(found, "one").fingerprint
    assert matches({"G": found["G_ema"], "G_ema": None})


def test_a_missing_average_is_estimated() -> None:
    found = tree()
    del found["G_ema"]["state"]["_modules"]["mapping"]["state"]["_buffers"]["w_avg"]
    network = read(found, "no average")
    assert network.average_estimated
    assert torch.allclose(network.average, network.mapping.average())
    assert network.fingerprint == read(found, "again").fingerprint


def test_the_tree_is_left_as_it_was() -> None:
    found = tree()
    before = {name: tensor.clone() for name, tensor in flatten(found["G_ema"], "file").tensors.items()}
    read(found, "file")
    assert all(torch.equal(before[name], tensor) for name, tensor in flatten(found["G_ema"], "file").tensors.items())


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("img_resolution", 48, "no StyleGAN3 has such sizes"),
        ("img_resolution", "big", "expected a whole number"),
        ("num_layers", 12, "its arguments say 13"),
        ("num_critical", 20, "no StyleGAN3 has such sizes"),
        ("channel_max", 4, "expected"),
        ("first_stopband", 1e-30, "below one cycle"),
        ("lrelu_upsampling", 10**9, "expected a whole number"),
        ("conv_clamp", -1.0, "conv_clamp"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(argument: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^file.*{message}"):
        read(tree(ARGUMENTS | {argument: value}), "file")


def test_what_lies_in_the_file_is_checked() -> None:
    missing = tree()
    del missing["G_ema"]["state"]["_modules"]["synthesis"]["state"]["_modules"]["input"]["state"]["_buffers"]["freqs"]
    with pytest.raises(ValueError, match=r"lacks 'waves.freqs'"):
        read(missing, "file")
    broken = deepcopy(tree())
    broken["G_ema"]["state"]["_modules"]["mapping"]["state"]["_buffers"]["w_avg"][0] = float("nan")
    with pytest.raises(ValueError, match="NaN"):
        read(broken, "file")
    more = tree()
    more["G_ema"]["state"]["_buffers"]["odd"] = torch.zeros(1)
    with pytest.raises(ValueError, match="has also 'odd'"):
        read(more, "file")


def test_other_things_do_not_match() -> None:
    for other in (None, 3, [], {}, {"G_ema": None}, {"g_ema": {}}, {"G_ema": module("Generator", {}, {})}):
        assert not matches(other)
    with pytest.raises(ValueError, match="holds no module"):
        read({"D": tree()["G_ema"]}, "file")


def test_the_learning_rate_of_the_mapping_is_read_and_kept() -> None:
    usual = read(tree(), "file")
    other = read(tree({**ARGUMENTS, "mapping_kwargs": {"num_layers": 2, "lr_multiplier": 0.1}}), "file")
    assert (usual.sizes.lr_multiplier, other.sizes.lr_multiplier) == (0.01, 0.1)
    assert torch.allclose(other.mapping.entry_weight, 10 * usual.mapping.entry_weight)
    assert TypeAdapter(StyleGAN3Sizes).validate_json(TypeAdapter(StyleGAN3Sizes).dump_json(other.sizes)) == other.sizes
