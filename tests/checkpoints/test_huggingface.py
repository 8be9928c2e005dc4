"""BigGAN-deep folders of Hugging Face give the pictures of that code, with statistics chosen as intended."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from latentwalk.checkpoints import huggingface
from latentwalk.generators.biggan_deep import BigGANDeep
from latentwalk.hooks import read_layers
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from latentwalk.safeload.reading import read_tree
from one_format import of_trees

matches, read = of_trees(huggingface)

CH, Z, EMBEDDING, CLASSES, ROWS = 2, 5, 6, 4, 11
CONFIG = {
    "output_dim": 16, "z_dim": Z, "class_embed_dim": 128, "channel_width": CH, "num_classes": CLASSES, "eps": 1e-3,
    "layers": [[False, 16, 16], [True, 16, 8], [True, 8, 4]], "attention_layer_position": 1, "n_stats": ROWS,
}  # fmt: skip


def checkpoint(config: dict[str, Any] = CONFIG) -> dict[str, Tensor]:
    """A state dict with random weights, as that code saves it."""
    random = torch.Generator().manual_seed(0)
    state: dict[str, Tensor] = {"embeddings.weight": torch.randn(EMBEDDING, CLASSES, generator=random)}

    def put(name: str, *shape: int, bias: bool = True) -> None:
        flat = torch.Size(shape[1:]).numel()
        state[f"{name}.weight_orig"] = torch.randn(*shape, generator=random)
        state[f"{name}.weight_u"] = torch.nn.functional.normalize(torch.rand(shape[0], generator=random), dim=0)
        state[f"{name}.weight_v"] = torch.nn.functional.normalize(torch.rand(flat, generator=random), dim=0)
        if bias:
            state[f"{name}.bias"] = torch.randn(shape[0], generator=random)

    def statistics(name: str, channels: int) -> None:
        state[f"{name}.running_means"] = torch.randn(ROWS, channels, generator=random)
        state[f"{name}.running_vars"] = 1 + torch.rand(ROWS, channels, generator=random)

    put("generator.gen_z", 16 * config["layers"][0][1] * CH, Z + EMBEDDING)
    for i, (_, inside, outside) in enumerate(config["layers"]):
        inside, outside = inside * CH, outside * CH
        k, narrow = i + (i >= config["attention_layer_position"]), inside // 4
        if i == config["attention_layer_position"]:
            state[f"generator.layers.{i}.gamma"] = torch.tensor([0.5])
            for name, shape in (("theta", (inside // 8, inside)), ("phi", (inside // 8, inside))):
                put(f"generator.layers.{i}.snconv1x1_{name}", *shape, 1, 1, bias=False)
            put(f"generator.layers.{i}.snconv1x1_g", inside // 2, inside, 1, 1, bias=False)
            put(f"generator.layers.{i}.snconv1x1_o_conv", inside, inside // 2, 1, 1, bias=False)
        for j, channels in enumerate((inside, narrow, narrow, narrow)):
            statistics(f"generator.layers.{k}.bn_{j}", channels)
            put(f"generator.layers.{k}.bn_{j}.scale", channels, Z + EMBEDDING, bias=False)
            put(f"generator.layers.{k}.bn_{j}.offset", channels, Z + EMBEDDING, bias=False)
        for j, shape in enumerate(((narrow, inside, 1, 1), (narrow, narrow, 3, 3), (narrow, narrow, 3, 3))):
            put(f"generator.layers.{k}.conv_{j}", *shape)
        put(f"generator.layers.{k}.conv_3", outside, narrow, 1, 1)
    last = config["layers"][-1][2] * CH
    statistics("generator.bn", last)
    state |= {"generator.bn.weight": torch.ones(last), "generator.bn.bias": torch.zeros(last)}
    put("generator.conv_to_rgb", last, last, 3, 3)
    return state


def tree(**changes: Any) -> dict[str, Any]:
    return {"config": CONFIG | changes, "state": checkpoint()}


@pytest.fixture(scope="module")
def reference(shared: Path) -> dict[str, Tensor]:
    with np.load(shared / "fixtures/huggingface_biggan_deep/deep32/ref.npz") as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays}


@pytest.fixture(scope="module")
def network(shared: Path) -> BigGANDeep:
    folder = shared / "fixtures/huggingface_biggan_deep/deep32"
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    found = {"config": config, "state": read_tree(folder / "pytorch_model.bin")}
    assert matches(found)
    return read(found, "deep32")


def close(a: Tensor, b: Tensor, most: float = 2e-5) -> bool:
    return a.shape == b.shape and (a - b).abs().max().item() < most


@pytest.mark.parametrize("name", ["t1", "t0.4", "t0.5", "t0.14_intended", "t0.58_intended", "t0.405_intended"])
def test_pictures_of_both_spaces(reference: dict[str, Tensor], network: BigGANDeep, name: str) -> None:
    truncation, expected = float(name[1:].split("_")[0]), reference[f"img_{name}"]
    n = len(expected)
    z = Latents(truncation * reference["z"][:n], labels=reference["class_vector"][:n])
    assert close(network.render(z, RenderOptions(truncation)), expected)
    assert close(network.render(network.map(z, "z+"), RenderOptions(truncation)), expected)


def test_class_numbers_are_one_hot_vectors(reference: dict[str, Tensor], network: BigGANDeep) -> None:
    z = Latents(reference["z"][:6], labels=reference["class_vector"][:6].argmax(1))
    assert close(network.render(z), reference["img_t1"][:6])


def test_activations(reference: dict[str, Tensor], network: BigGANDeep) -> None:
    vector = reference["class_vector"][:1]
    with torch.no_grad(), read_layers(network, ["dense", "blocks.1", "blocks.3.attention", "norm"]) as found:
        network.synthesize(Latents(reference["z"][:1], labels=vector))
    for ours, theirs in {"dense": "gen_z", "blocks.1": "layers.1", "blocks.3.attention": "layers.3"}.items():
        assert close(found[ours], reference[f"act.generator.{theirs}"], 1e-4)
    assert close(found["norm"], reference["act.generator.bn"], 1e-4)
    assert close(vector @ network.embedding, reference["cond_vector_t1"][:1, 20:])


def test_a_made_folder_is_read_from_its_shapes() -> None:
    found = tree()
    network = read(found, "made")
    sizes = network.sizes
    assert matches(found)
    assert (sizes.classes, sizes.z, sizes.embedding, sizes.rows, sizes.eps) == (CLASSES, Z, EMBEDDING, ROWS, 1e-3)
    assert [tuple(block) for block in sizes.blocks] == [(False, 32, 32), (True, 32, 16), (True, 16, 8)]
    assert sizes.attention == frozenset({1})
    assert network.spaces["z+"].shape == (4, Z)
    images = network.render(network.sample([0, 1], labels=[0, 3]), RenderOptions(0.55))
    assert images.shape == (2, 3, 16, 16)
    assert bool(images.isfinite().all())
    assert "generator.gen_z.weight" not in found["state"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"output_dim": 32}, "says 32 px and its layers make 16 px"),
        ({"layers": [[True, 16, 8]]}, "has 1 layers and the weights have 3"),
        ({"layers": "many"}, "no list 'layers'"),
        ({"eps": -1}, "eps -1"),
    ],
)
def test_configurations_that_do_not_fit_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^folder.*{message}"):
        read(tree(**changes), "folder")


def test_what_does_not_fit_is_refused() -> None:
    state = checkpoint()
    with pytest.raises(ValueError, match="no configuration"):
        read(state, "folder")
    with pytest.raises(ValueError, match=r"lacks 'blocks.1.convs.2.bias'"):
        read({"config": CONFIG, "state": {n: t for n, t in state.items() if "layers.2.conv_2.bias" not in n}}, "folder")
    with pytest.raises(ValueError, match="has also 'odd'"):
        read({"config": CONFIG, "state": state | {"odd": torch.zeros(1)}}, "folder")
    for other in (None, {}, {"state": {}, "config": CONFIG}, {"embeddings.weight": torch.zeros(2, 2)}):
        assert not matches(other)
