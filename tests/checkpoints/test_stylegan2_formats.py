"""StyleGAN2 in three formats: files made here from one network, and the foreign fixtures."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from latentwalk.checkpoints.formats import STATES, build_generator
from latentwalk.generators.layers.styled import resample_filter
from latentwalk.generators.stylegan2 import StyleGAN2
from latentwalk.hooks import read_layers
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from latentwalk.safeload.reading import read_tree
from nvidia_files import branch, module
from one_format import Format, of_trees
from random_networks import SIZES, random_stylegan2

nvidia, rosinality = of_trees(STATES["NVIDIA StyleGAN2-ADA and StyleGAN3"]), of_trees(STATES["rosinality StyleGAN2"])
mmgeneration, genforce_stylegan2 = of_trees(STATES["MMGeneration StyleGAN2"]), of_trees(STATES["genforce"])

State = dict[str, Tensor]


def to_nvidia(generator: StyleGAN2, arguments: dict | None = None, attributes: dict | None = None) -> dict:
    """A snapshot with only the averaged generator."""
    renamed: State = {}
    for name, tensor in generator.state_dict().items():
        name = name.replace("mapping.layers.", "mapping.fc").replace("noise_map", "noise_const")
        name = name.replace("synthesis.const", "synthesis.b4.const").replace(".join.kernel", ".resample_filter")
        name = name.replace("shortcut", "skip").replace(".kernel", ".resample_filter")
        renamed["mapping.w_avg" if name == "average" else name] = tensor.clone()
    for side in generator.sizes.sides:  # stored by the format, and used nowhere
        renamed[f"synthesis.b{side}.conv1.resample_filter"] = resample_filter()
        renamed.setdefault(f"synthesis.b{side}.resample_filter", resample_filter())
    tree = branch(renamed, attributes or {})
    tree["state"]["_init_kwargs"] = {"synthesis_kwargs": {}} if arguments is None else arguments
    return {"G": {"class_name": "Generator", "state": {}}, "G_ema": tree, "augment_pipe": None}


def to_rosinality(generator: StyleGAN2) -> dict:
    """A converted model."""
    state: State = {}
    for name, tensor in generator.state_dict().items():
        if name == "average":
            continue
        parts = name.split(".")
        if parts[0] == "mapping":
            state[f"style.{int(parts[2]) + 1}.{parts[3]}"] = tensor
        elif name == "synthesis.const":
            state["input.input"] = tensor[None]
        else:
            level = int(math.log2(int(parts[1][1:]))) - 2
            number, inner = 2 * level - 2 + int(parts[2] == "conv1"), ".".join(parts[3:])
            layer = f"convs.{number}" if level else "conv1"
            if parts[2] == "torgb":
                layer = f"to_rgbs.{level - 1}" if level else "to_rgb1"
            if parts[2] == "join":
                state[f"to_rgbs.{level - 1}.upsample.kernel"] = 4 * tensor
            elif inner == "weight":
                state[f"{layer}.conv.weight"] = tensor[None]
            elif inner.startswith("affine"):
                state[f"{layer}.conv.modulation.{parts[-1]}"] = tensor
            elif inner == "bias":
                torgb = parts[2] == "torgb"
                state[f"{layer}.bias" if torgb else f"{layer}.activate.bias"] = (
                    tensor.view(1, -1, 1, 1) if torgb else tensor
                )
            elif inner == "kernel":
                state[f"{layer}.conv.blur.kernel"] = 4 * tensor
            elif inner == "noise_strength":
                state[f"{layer}.noise.weight"] = tensor.view(1)
            else:
                state[f"noises.noise_{number + 1}"] = tensor[None, None]
    return {"g_ema": state, "latent_avg": generator.average.clone()}


def to_genforce(generator: StyleGAN2) -> dict:
    """A zoo file."""
    state: State = {"synthesis.upsample.kernel": resample_filter()[None, None]}
    for name, tensor in generator.state_dict().items():
        parts = name.split(".")
        if name == "average":
            state["truncation.w_avg"] = tensor
        elif name == "synthesis.const":
            state["synthesis.early_layer.const"] = tensor[None]
        elif parts[0] == "mapping" and parts[1] == "layers":
            state[f"mapping.dense{parts[2]}.{parts[3]}"] = tensor
        elif name.startswith("mapping.embed") and not generator.sizes.joint:  # as ADA has it
            state[name.replace("embed", "LabelEmbed")] = tensor
        elif name == "mapping.embed.weight":
            state["mapping.label_weight"] = tensor.T / math.sqrt(tensor.shape[1])
        elif parts[0] == "synthesis" and parts[2] != "join":
            level = int(math.log2(int(parts[1][1:]))) - 2
            number = max(2 * level - 1 + int(parts[2] == "conv1"), 0)
            layer = f"synthesis.output{level}" if parts[2] == "torgb" else f"synthesis.layer{number}"
            inner = ".".join(parts[3:]).replace("affine", "style").replace("noise_map", "noise")
            inner = inner.replace("kernel", "filter.kernel")
            if inner == "style.bias":
                tensor = tensor - 1
            elif inner == "weight" and parts[2] == "conv0":
                tensor = tensor.flip(2, 3)
            elif inner in ("noise", "filter.kernel"):
                tensor = tensor[None, None]
            state[f"{layer}.{inner}"] = tensor
    return {"generator": {}, "generator_smooth": state}


FORMATS: list[tuple[Format, Callable[[StyleGAN2], dict], str]] = [
    (nvidia, to_nvidia, "G_ema"),
    (rosinality, to_rosinality, "g_ema"),
    (genforce_stylegan2, to_genforce, "generator_smooth"),
]
every_format = pytest.mark.parametrize(("format", "write", "key"), FORMATS, ids=["nvidia", "rosinality", "genforce"])


@pytest.fixture(scope="module")
def small() -> StyleGAN2:
    return random_stylegan2()


@every_format
def test_the_same_network_in_every_format(format: Format, write: Callable, key: str, small: StyleGAN2) -> None:
    tree, latents = write(small), small.sample(range(3))
    assert [other.matches(tree) for other, _, _ in FORMATS] == [other is format for other, _, _ in FORMATS]
    read = format.read(tree, "file")
    assert read.sizes == small.sizes and not read.average_estimated
    assert (
        read.render(latents, RenderOptions(truncation=0.7, cutoff=3))
        - small.render(latents, RenderOptions(truncation=0.7, cutoff=3))
    ).abs().max() < 1e-6
    if format is not genforce_stylegan2:  # whose styles lose a bit in + 1 - 1
        assert read.fingerprint == small.fingerprint
    assert not any(parameter.requires_grad for parameter in read.parameters())


@pytest.mark.parametrize("architecture", ["orig", "resnet"])
@pytest.mark.parametrize("taps", [[1, 2, 1], [1, 3, 3, 2]])
def test_nvidia_in_every_architecture_with_any_filter(architecture: str, taps: list[int]) -> None:
    sizes = replace(SIZES, architecture=architecture, taps=len(taps), noise=False, colors=1)
    wanted = random_stylegan2(sizes, torch.tensor(taps))
    read = nvidia.read(to_nvidia(wanted), "file")
    assert read.sizes == sizes
    assert torch.equal(read.render(read.sample([1])), wanted.render(wanted.sample([1])))


def test_nvidia_with_long_filters_that_are_stored_as_taps() -> None:
    taps = torch.arange(1.0, 9.0)
    wanted = random_stylegan2(replace(SIZES, taps=8), taps)
    tree = to_nvidia(wanted)
    for side in ("b8", "b16"):
        state = tree["G_ema"]["state"]["_modules"]["synthesis"]["state"]["_modules"][side]["state"]
        state["_parameters"]["resample_filter"] = taps / taps.sum()
        state["_modules"]["conv0"]["state"]["_parameters"]["resample_filter"] = taps / taps.sum()
    read = nvidia.read(tree, "file")
    assert (read.render(read.sample([1])) - wanted.render(wanted.sample([1]))).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("arguments", "attributes", "clamp", "rate"),
    [
        ({"synthesis_kwargs": {}, "mapping_kwargs": {"lr_multiplier": 0.02}}, {}, None, 0.02),
        ({"synthesis_kwargs": {"conv_clamp": 0.5}}, {}, 0.5, 0.01),
        ({"mapping_kwargs": {"num_layers": 2}}, {}, 256.0, 0.01),
        ({"conv_clamp": None}, {}, None, 0.01),
        ({"conv_clamp": 0.75}, {}, 0.75, 0.01),
        ({}, {"synthesis.b4.conv1": {"conv_clamp": 0.25}, "mapping.fc0": {"bias_gain": 0.1}}, 0.25, 0.1),
        ({"conv_clamp": 256}, {"synthesis.b4.conv1": {"conv_clamp": None, "activation": "lrelu"}}, None, 0.01),
    ],
    ids=str,
)
def test_nvidia_settings_nested_flat_and_by_default(
    arguments: dict, attributes: dict, clamp: float | None, rate: float
) -> None:
    wanted = random_stylegan2(replace(SIZES, clamp=clamp, lr_multiplier=rate))
    read = nvidia.read(to_nvidia(wanted, arguments, attributes), "file")
    assert read.sizes == wanted.sizes
    assert torch.equal(read.render(read.sample([1])), wanted.render(wanted.sample([1])))


def test_conditional_networks() -> None:
    labels = torch.eye(3)[[0, 2]] + torch.tensor([[0.0, 0.5, 0.0]])
    for sizes, format, write in (
        (replace(SIZES, classes=3, embedding=6), nvidia, to_nvidia),
        (replace(SIZES, classes=3, embedding=6), genforce_stylegan2, to_genforce),
        (replace(SIZES, classes=3, embedding=7, joint=True), genforce_stylegan2, to_genforce),
    ):
        wanted = random_stylegan2(sizes)
        if sizes.joint:  # genforce's embedding has no bias
            wanted.mapping.embed.bias.data.zero_()
        read = format.read(write(wanted), "file")
        assert read.classes == 3 and read.sizes == wanted.sizes
        codes = Latents(wanted.sample([0, 1]).values, "z", labels)
        assert (read.render(codes) - wanted.render(codes)).abs().max() < 1e-5


@every_format
def test_a_missing_average_is_estimated(format: Format, write: Callable, key: str, small: StyleGAN2) -> None:
    tree = write(small)
    if format is nvidia:
        del tree[key]["state"]["_modules"]["mapping"]["state"]["_parameters"]["w_avg"]
    else:
        tree.pop("latent_avg", None)
        tree[key].pop("truncation.w_avg", None)
    read = format.read(tree, "file")
    assert read.average_estimated and read.sizes.average_estimated
    mean = read.map(read.sample(range(3000)), "w").values.mean(0)
    assert torch.allclose(read.average, mean, atol=0.2 * float(mean.abs().max()) + 0.05)
    assert read.fingerprint == format.read(tree, "file").fingerprint
    assert not read.average.requires_grad


def test_rosinality_wherever_it_is(small: StyleGAN2) -> None:
    whole = to_rosinality(small)
    state, average = whole["g_ema"], whole["latent_avg"]
    embedded = {"encoder.body.weight": torch.zeros(3)} | {f"decoder.{k}": v for k, v in state.items()}
    trees = [
        {"g": {}, "d": {}, "g_ema": state, "g_optim": {}, "args": None, "ada_aug_p": 0.1, "latent_avg": average},
        {"g": state, "latent_avg": average[None]},
        {"state_dict": embedded, "latent_avg": average.repeat(6, 1), "opts": {"output_size": 16}},
        {"g_ema": {f"module.{k}": v for k, v in state.items()}, "latent_avg": average},
    ]
    for tree in trees:
        assert rosinality.matches(tree)
        assert rosinality.read(tree, "file").fingerprint == small.fingerprint
    other = rosinality.read({**trees[2], "latent_avg": torch.randn(6, 6)}, "file")
    assert other.average.shape == (6, 6)


MMGENERATION = (
    (r"^style\.(\d+)\.", r"style_mapping.\1."),
    (r"^input\.input$", "constant_input.input"),
    (r"^noises\.noise_", "injected_noise_"),
    (r"\.modulation\.", ".style_modulation."),
    (r"\.noise\.weight$", ".noise_injector.weight"),
)


@pytest.mark.parametrize("prefix", ["generator_ema.", "generator_ema.module."])
@pytest.mark.parametrize("wrapped", [False, True])
def test_mmgeneration_renames_rosinality(prefix: str, wrapped: bool, small: StyleGAN2) -> None:
    state = to_rosinality(small)["g_ema"]
    for pattern, theirs in MMGENERATION:
        state = {re.sub(pattern, theirs, name): tensor for name, tensor in state.items()}
    if wrapped:  # layers that wrap a linear one, with equalised learning rate
        state = {
            re.sub(r"(style_mapping\.\d+|style_modulation)\.weight$", r"\1.linear.weight_orig", name): tensor
            for name, tensor in state.items()
        }
    named = {f"generator.{name}": torch.zeros_like(tensor) for name, tensor in state.items()}
    named |= {prefix + name: tensor for name, tensor in state.items()} | {"discriminator.a": torch.ones(1)}
    tree = {"meta": {"mmgen_version": "0.7"}, "state_dict": named, "optimizer": {}}
    assert mmgeneration.matches(tree) and not any(format.matches(tree) for format, _, _ in FORMATS)
    read, latents = mmgeneration.read(tree, "file"), small.sample(range(3))
    assert read.average_estimated
    assert (read.render(latents) - small.render(latents)).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("config", "turned"),
    [
        ("dict(type='Normalize', mean=[127.5], to_rgb=False)", True),
        ("dict(type='Normalize', mean=[127.5], to_rgb=True)", False),
        ("generator=dict(bgr2rgb=True), dict(type='Normalize', to_rgb=False)", False),
        ("model = dict()", False),
        (None, False),
    ],
)
def test_mmgeneration_says_whether_blue_comes_first(config: str | None, turned: bool, small: StyleGAN2) -> None:
    state = to_rosinality(small)["g_ema"]
    for pattern, theirs in MMGENERATION:
        state = {re.sub(pattern, theirs, name): tensor for name, tensor in state.items()}
    tree = {"meta": {"config": config}, "state_dict": {f"generator_ema.{n}": t for n, t in state.items()}}
    images, latents = build_generator(tree, "file"), small.sample(range(2))
    wanted = small.render(latents).flip(1) if turned else small.render(latents)
    assert (images.render(latents) - wanted).abs().max() < 1e-5
    assert bool(images.reading.assumed) == turned


def test_rosinality_without_buffers_has_the_usual_filter_and_no_noise(small: StyleGAN2) -> None:
    tree = to_rosinality(small)
    tree["g_ema"] = {k: v for k, v in tree["g_ema"].items() if "kernel" not in k and "noises" not in k}
    read, latents = rosinality.read(tree, "file"), small.sample([1, 2])
    assert torch.equal(
        read.render(latents, RenderOptions(noise="none")), small.render(latents, RenderOptions(noise="none"))
    )
    assert torch.equal(read.render(latents, RenderOptions(noise=3)), small.render(latents, RenderOptions(noise=3)))
    assert torch.equal(read.render(latents), read.render(latents, RenderOptions(noise="none")))


def test_genforce_snapshots_and_averages_per_layer(small: StyleGAN2) -> None:
    tree = to_genforce(small)
    snapshot = {"models": tree, "optimizers": {}, "running_metadata": {}}
    assert genforce_stylegan2.matches(snapshot)
    assert genforce_stylegan2.read(snapshot, "file").fingerprint == genforce_stylegan2.read(tree, "file").fingerprint
    tree["generator_smooth"]["truncation.w_avg"] = torch.arange(36.0)
    assert torch.equal(genforce_stylegan2.read(tree, "file").average, torch.arange(36.0).view(6, 6))


@every_format
@pytest.mark.parametrize("damage", ["missing", "shape", "extra", "nan", "hole", "text"])
def test_damage_is_named(format: Format, write: Callable, key: str, damage: str, small: StyleGAN2) -> None:
    tree = write(small)
    if format is nvidia:
        b8 = tree[key]["state"]["_modules"]["synthesis"]["state"]["_modules"]["b8"]
        tensors, name = b8["state"]["_modules"]["conv1"]["state"]["_parameters"], "weight"
    else:
        tensors = tree[key]
        name = "convs.1.conv.weight" if format is rosinality else "synthesis.layer2.weight"
    if damage == "missing":
        del tensors[
            "bias" if format is nvidia else name.replace("conv.weight", "activate.bias").replace("weight", "bias")
        ]
    elif damage == "shape":
        tensors[name] = tensors[name][..., :2]
    elif damage == "extra":
        tensors["iwt.ll"] = torch.zeros(2)
    elif damage == "nan":
        tensors[name] = tensors[name] * float("nan")
    elif damage == "hole":
        del tensors[name]
    else:
        tensors[name] = "weight"
    with pytest.raises(ValueError, match=r"^file") as caught:
        format.read(tree, "file")
    assert "\n" not in str(caught.value)


def test_other_nvidia_modules_are_refused(small: StyleGAN2) -> None:
    other = {"G_ema": module("Encoder", {"weight": torch.zeros(3)})}
    assert not nvidia.matches(other) and not nvidia.matches({"G_ema": {}}) and not nvidia.matches([1])
    with pytest.raises(ValueError, match=r"holds an object of the class Encoder .*, whose code would have to run"):
        build_generator(other, "file")
    with pytest.raises(ValueError, match="only networks with 'lrelu'"):
        nvidia.read(to_nvidia(small, attributes={"mapping.fc1": {"activation": "relu"}}), "file")
    with pytest.raises(ValueError, match="conv_clamp is -1: expected a number above 0"):
        nvidia.read(to_nvidia(small, {"conv_clamp": -1}), "file")


def options(name: str) -> tuple[float, int | None, str]:
    """Truncation, cutoff and noise of an array like "img_psi0.7_cut4_const"."""
    parts = name.split("_")
    psi = next(float(part[3:]) for part in parts if part.startswith("psi"))
    cutoff = next((int(part[3:]) for part in parts if part.startswith("cut")), None)
    return psi, cutoff, parts[-1] if parts[0] == "img" else "const"


ADA, ROSINALITY, GENFORCE = "nvidia_stylegan2ada/uncond32", "rosinality_stylegan2/g32", "genforce/stylegan2_32"
FILES = [
    *((nvidia, ADA, name) for name in ("gema_nosrc", "gema_nosrc_p2", "gema_nosrc_p5", "snapshot_nosrc")),
    (nvidia, ADA, "snapshot_nosrc_torch1.7.1_p3"),
    *((rosinality, ROSINALITY, name) for name in ("converted", "converted_legacy", "no_buffers")),
    (genforce_stylegan2, GENFORCE, "stylegan2_zoo"),
]


@pytest.mark.parametrize(("format", "case", "name"), FILES, ids=lambda part: part if isinstance(part, str) else "")
def test_foreign_files_give_what_their_own_code_gave(format: Format, case: str, name: str, shared: Path) -> None:
    folder = shared / "fixtures" / case
    generator = format.read(read_tree(next(folder.glob(f"{name}.p*"))), name)
    arrays = {key: torch.from_numpy(value) for key, value in np.load(folder / "ref.npz").items()}
    latents = Latents(arrays["z"], "z")
    checked = 0
    for key, expected in arrays.items():
        if key.startswith(("ws_", "wp_")):
            psi, cutoff, _ = options(key)
            found, most = generator.map(latents, "w+", RenderOptions(psi, cutoff)).values, 1e-5
        elif key.startswith("img_psi") and (name != "no_buffers" or key.endswith("none")):
            psi, cutoff, noise = options(key)
            found, most = generator.render(latents, RenderOptions(truncation=psi, cutoff=cutoff, noise=noise)), 1e-5
            styles = generator.map(latents, "s", RenderOptions(psi, cutoff))
            assert (generator.render(styles, RenderOptions(noise=noise)) - expected).abs().max() < most
        elif key == "img_wplus_const" and name != "no_buffers":
            found, most = generator.render(Latents(arrays["wplus"], "w+")), 1e-5
        elif key == "img_mix3_const" and name != "no_buffers":
            ws = generator.map(latents, "w+").values
            mixed = torch.cat((ws[:2, :3], ws[2:4, 3:]), 1)
            found, most = generator.render(Latents(mixed, "w+")), 1e-5
        elif key == "w":
            found, most = generator.map(latents, "w").values, 1e-5
        else:
            continue
        assert found.shape == expected.shape and (found - expected).abs().max() < most, key
        checked += 1
    assert checked >= 6
    if name != "no_buffers":
        check_activations(generator, latents, arrays)


INNER = {
    "act.synthesis.b4.conv1": "synthesis.b4.conv1",
    "act.synthesis.b8.conv0": "synthesis.b8.conv0",
    "act.synthesis.b16.0": "synthesis.b16.conv1",
    "act.synthesis.b16.1": "synthesis.b16.join",
    "act.synthesis.b32.torgb": "synthesis.b32.torgb",
    "style.synthesis.b8.conv0.affine": "synthesis.b8.conv0.affine",
    "style.synthesis.b8.torgb.affine": "synthesis.b8.torgb.affine",
    "act.conv1": "synthesis.b4.conv1",
    "act.convs.0": "synthesis.b8.conv0",
    "act.convs.3": "synthesis.b16.conv1",
    "act.synthesis.layer0.0": "synthesis.b4.conv1",
    "act.synthesis.layer0.1": "synthesis.b4.conv1.affine",
    "act.synthesis.layer1.0": "synthesis.b8.conv0",
    "act.synthesis.layer1.1": "synthesis.b8.conv0.affine",
    "act.synthesis.layer4.0": "synthesis.b16.conv1",
    "style.style02": "synthesis.b8.conv1.affine",
}
"""Names of inner arrays, and the modules of ours that give them."""


def check_activations(generator: StyleGAN2, latents: Latents, arrays: State) -> None:
    there = [key for key in INNER if key in arrays]
    assert len(there) >= 3
    for key in there:
        with read_layers(generator, [INNER[key]]) as found:
            generator.synthesize(latents[:2])
        values, expected = found[INNER[key]], arrays[key]
        assert (values[: len(expected)] - expected).abs().max() < 2e-5 * max(1.0, float(expected.abs().max())), key
