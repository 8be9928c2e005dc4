"""Published networks at their real sizes: the readers take names and shapes that their formats are known to have.

Tensors have shapes and no values here, so that a network of 1024 px takes no memory. The tables are written from
descriptions of the formats, not from our classes.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from latentwalk.checkpoints import assembly
from latentwalk.checkpoints.formats import build_generator
from latentwalk.generator import Generator
from latentwalk.safeload.plain_tree import Foreign
from nvidia_files import branch
from one_format import formats_of

State = dict[str, Tensor]


@pytest.fixture(autouse=True)
def weightless(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No tensor has values, so nobody asks for them."""
    monkeypatch.setattr(assembly, "check_finite", lambda tensors, where: None)
    monkeypatch.setattr("latentwalk.generator.fingerprint", lambda tensors: "")
    with FakeTensorMode(allow_non_fake_inputs=True):
        yield


def built(tree: Any, format: str) -> Generator:
    assert formats_of(tree) == [format]
    return build_generator(tree, "file")


def facts(generator: Generator) -> tuple[str, int, tuple[int, ...]]:
    """Family, side of the picture, and the shape of the codes of its second-last space."""
    spaces = [space.shape for name, space in generator.spaces.items() if name != "s"]
    return type(generator).__name__, generator.image_shape[-1], spaces[-1]


def shaped(**shapes: tuple[int, ...]) -> State:
    return {name.replace("__", "."): torch.empty(shape) for name, shape in shapes.items()}


def under(prefix: str, **shapes: tuple[int, ...]) -> State:
    return {f"{prefix}.{name}": tensor for name, tensor in shaped(**shapes).items()}


def sides(resolution: int) -> list[int]:
    return [2**k for k in range(2, resolution.bit_length())]


def nvidia_stylegan2(resolution: int, base: int, classes: int = 0, depth: int = 8, architecture: str = "skip") -> State:
    def width(side: int) -> int:
        return min(base // side, 512)

    state = shaped(mapping__w_avg=(512,), synthesis__b4__const=(width(4), 4, 4))
    for i in range(depth):
        inside = 512 if i or not classes else 1024
        state |= under(f"mapping.fc{i}", weight=(512, inside), bias=(512,))
    if classes:
        state |= under("mapping.embed", weight=(512, classes), bias=(512,))
    for side in sides(resolution):
        block, c, before = f"synthesis.b{side}", width(side), width(side // 2)
        state |= under(block, resample_filter=(4, 4))
        for conv, inside in (("conv0", before), ("conv1", c)) if side > 4 else (("conv1", c),):
            state |= under(f"{block}.{conv}", weight=(c, inside, 3, 3), bias=(c,), noise_strength=())
            state |= under(f"{block}.{conv}", noise_const=(side, side), resample_filter=(4, 4))
            state |= under(f"{block}.{conv}.affine", weight=(inside, 512), bias=(inside,))
        if architecture == "skip" or side == resolution:
            state |= under(f"{block}.torgb", weight=(3, c, 1, 1), bias=(3,))
            state |= under(f"{block}.torgb.affine", weight=(c, 512), bias=(c,))
        if architecture == "resnet" and side > 4:
            state |= under(f"{block}.skip", weight=(c, before, 1, 1), resample_filter=(4, 4))
    return state


def snapshot(state: State, arguments: dict[str, Any]) -> dict[str, Any]:
    tree = branch(state, {})
    tree["state"]["_init_kwargs"] = arguments
    return {"G": None, "D": None, "G_ema": tree}


FP16 = {"synthesis_kwargs": {"channel_base": 32768, "channel_max": 512, "num_fp16_res": 4, "conv_clamp": 256}}


@pytest.mark.parametrize(
    ("resolution", "base", "options", "arguments", "parameters"),
    [
        (1024, 32768, {}, FP16, 30_370_060),  # ffhq, metfaces: configuration F
        (1024, 16384, {}, {"channel_base": 16384}, None),  # configuration E, of stylegan3's code
        (512, 32768, {}, FP16, None),  # afhq
        (256, 16384, {}, FP16, 24_767_458),
        (32, 32768, {"classes": 10, "depth": 2}, FP16, None),  # cifar10
        (32, 32768, {"architecture": "orig"}, FP16, None),
        (256, 32768, {"architecture": "resnet"}, FP16, None),
    ],
)
def test_stylegan2_of_nvidia(
    resolution: int, base: int, options: dict, arguments: dict, parameters: int | None
) -> None:
    tree = snapshot(nvidia_stylegan2(resolution, base, **options), arguments)
    generator = built(tree, "NVIDIA StyleGAN2-ADA and StyleGAN3")
    assert facts(generator) == ("StyleGAN2", resolution, (2 * len(sides(resolution)), 512))
    assert generator.classes == options.get("classes", 0)
    if parameters is not None:  # as their training code counts them
        assert sum(weight.numel() for weight in generator.parameters()) == parameters


def test_stylegan2_of_tensorflow() -> None:
    names = {"4x4/Const/const": (1, 512, 4, 4)}
    for side in sides(1024):
        c, before = min(32768 // side, 512), min(65536 // side, 512)
        layers = [("Conv0_up", before, c, 3), ("Conv1" if side > 4 else "Conv", c, c, 3), ("ToRGB", c, 3, 1)]
        for number, (layer, inside, outside, kernel) in enumerate(layers if side > 4 else layers[1:]):
            name = f"{side}x{side}/{layer}"
            names |= {f"{name}/weight": (kernel, kernel, inside, outside), f"{name}/bias": (outside,)}
            names |= {f"{name}/mod_weight": (512, inside), f"{name}/mod_bias": (inside,)}
            if layer != "ToRGB":
                names |= {f"{name}/noise_strength": ()}
                names |= {f"noise{max(2 * side.bit_length() - 7 + number, 0)}": (1, 1, side, side)}
    dense = {f"Dense{i}/weight": (512, 512) for i in range(8)} | {f"Dense{i}/bias": (512,) for i in range(8)}
    mapping, synthesis, network = (Foreign("dnnlib.tflib.network.Network") for _ in range(3))
    for part, shapes in ((mapping, dense), (synthesis, names), (network, {"dlatent_avg": (512,)})):
        part["variables"] = [(name, torch.empty(shape)) for name, shape in shapes.items()]
    network["components"] = {"synthesis": synthesis, "mapping": mapping}
    network["static_kwargs"] = {
        "num_channels": 3,
        "resolution": 1024,
        "fmap_base": 32768,
        "resample_kernel": [1, 3, 3, 1],
    }
    generator = built((network, Foreign("dnnlib.tflib.network.Network"), network), "NVIDIA StyleGAN2 of TensorFlow")
    assert facts(generator) == ("StyleGAN2", 1024, (18, 512))
    assert sum(weight.numel() for weight in generator.parameters()) == 30_370_060


@pytest.mark.parametrize(("size", "multiplier"), [(256, 1), (256, 2), (1024, 2)])
def test_stylegan2_of_rosinality(size: int, multiplier: int) -> None:
    high = {64: 256, 128: 128, 256: 64, 512: 32, 1024: 16}

    def width(side: int) -> int:
        return high[side] * multiplier if side > 32 else 512

    def convolution(name: str, inside: int, outside: int) -> State:
        found = under(f"{name}.conv", weight=(1, outside, inside, 3, 3))
        found |= under(f"{name}.conv.modulation", weight=(inside, 512), bias=(inside,))
        return found | under(name, noise__weight=(1,), activate__bias=(outside,))

    def colors(name: str, inside: int) -> State:
        found = under(name, conv__weight=(1, 3, inside, 1, 1), bias=(1, 3, 1, 1))
        return found | under(f"{name}.conv.modulation", weight=(inside, 512), bias=(inside,))

    state = shaped(input__input=(1, 512, 4, 4), noises__noise_0=(1, 1, 4, 4))
    state |= convolution("conv1", 512, 512) | colors("to_rgb1", 512)
    for i in range(1, 9):
        state |= under(f"style.{i}", weight=(512, 512), bias=(512,))
    for k, side in enumerate(sides(size)[1:]):
        state |= convolution(f"convs.{2 * k}", width(side // 2), width(side))
        state |= convolution(f"convs.{2 * k + 1}", width(side), width(side))
        state |= colors(f"to_rgbs.{k}", width(side))
        state |= under(f"convs.{2 * k}.conv.blur", kernel=(4, 4)) | under(f"to_rgbs.{k}.upsample", kernel=(4, 4))
        for j in (2 * k + 1, 2 * k + 2):
            state |= under("noises", **{f"noise_{j}": (1, 1, side, side)})
    average = torch.empty(512)
    trees = [{"g_ema": state, "latent_avg": average}]
    trees.append({"state_dict": {f"decoder.{n}": t for n, t in state.items()}, "latent_avg": average, "opts": {}})
    for tree in trees:
        generator = built(tree, "rosinality StyleGAN2")
        assert facts(generator) == ("StyleGAN2", size, (2 * len(sides(size)), 512))


STYLEGAN3 = {
    ("t", 1024): "36_512 36_512 52_512 52_512 84_512 148_512 148_512 276_323 276_203 532_128 1044_81 1044_51 1044_32 "
    "1024_32 1024_3",
    ("r", 1024): "36_1024 36_1024 52_1024 52_1024 84_1024 148_1024 148_1024 276_645 276_406 532_256 1044_161 1044_102 "
    "1044_64 1024_64 1024_3",
    ("r", 512): "36_1024 36_1024 52_1024 52_1024 84_1024 84_1024 148_1024 148_967 276_645 276_431 532_287 532_192 "
    "532_128 512_128 512_3",
    ("t", 256): "36_512 36_512 36_512 52_512 52_512 84_512 84_512 148_512 148_512 148_362 276_256 276_181 276_128 "
    "256_128 256_3",
    ("t", 128): "36_512 36_512 36_512 52_512 52_512 52_512 84_512 84_512 84_512 148_512 148_456 148_342 148_256 "
    "128_256 128_3",
}
"""Side and channels of every layer of published configurations."""


@pytest.mark.parametrize(("configuration", "resolution"), STYLEGAN3)
def test_stylegan3(configuration: str, resolution: int) -> None:
    radial = configuration == "r"
    layers = [tuple(map(int, text.split("_"))) for text in STYLEGAN3[configuration, resolution].split()]
    first = layers[0][1]
    state = shaped(mapping__w_avg=(512,))
    for i in range(2):
        state |= under(f"mapping.fc{i}", weight=(512, 512), bias=(512,))
    state |= under("synthesis.input", freqs=(first, 2), phases=(first,), transform=(3, 3), weight=(first, first))
    state |= under("synthesis.input.affine", weight=(4, 512), bias=(4,))
    rates = [side - 20 if i < 13 else resolution for i, (side, _) in enumerate(layers)]
    for i, (side, channels) in enumerate(layers):
        before, previous = layers[max(i - 1, 0)][1], rates[max(i - 1, 0)]
        colors, kernel = i == 14, 1 if radial or i == 14 else 3
        name = f"synthesis.L{i}_{side}_{channels}"
        state |= under(name, weight=(channels, before, kernel, kernel), bias=(channels,), magnitude_ema=())
        state |= under(f"{name}.affine", weight=(before, 512), bias=(before,))
        if not colors:
            fine, critical = 2 * max(previous, rates[i]), i >= 12
            down = 6 * fine // rates[i]
            state |= under(name, up_filter=(6 * fine // previous,))
            state |= under(name, down_filter=(down, down) if radial and not critical else (down,))
    size = 65536 if radial else 32768
    arguments = {"img_resolution": resolution, "img_channels": 3, "channel_base": size, "channel_max": size // 64}
    arguments |= {"z_dim": 512, "w_dim": 512, "c_dim": 0, "magnitude_ema_beta": 0.9994456359721023}
    if radial:
        arguments |= {"conv_kernel": 1, "use_radial_filters": True}
    tree = snapshot(state, arguments)
    start = tree["G_ema"]["state"]["_modules"]["synthesis"]["state"]["_modules"]["input"]["state"]
    start["_buffers"] = {name: start["_parameters"].pop(name) for name in ("freqs", "phases", "transform")}
    generator = built(tree, "NVIDIA StyleGAN2-ADA and StyleGAN3")
    assert facts(generator) == ("StyleGAN3", resolution, (16, 512))


def genforce(state: State) -> dict[str, Any]:
    return {"generator": {}, "discriminator": {}, "generator_smooth": state}


def test_pggan_of_genforce() -> None:
    state = {"lod": torch.tensor(0.0)} | under("layer0", weight=(512, 512, 4, 4), bias=(512,))
    for b, side in enumerate(sides(1024)):
        c, before = min(16384 // side, 512), min(32768 // side, 512)
        if b:
            state |= under(f"layer{2 * b}", weight=(c, before, 3, 3), bias=(c,))
        state |= under(f"layer{2 * b + 1}", weight=(c, c, 3, 3), bias=(c,))
        state |= under(f"output{b}", weight=(3, c, 1, 1), bias=(3,))
    assert facts(built(genforce(state), "genforce")) == ("PGGAN", 1024, (512,))


@pytest.mark.parametrize("average", [(512,), (18 * 512,)])
def test_stylegan_of_genforce(average: tuple[int, ...]) -> None:
    state = {"synthesis.lod": torch.tensor(0.0)} | shaped(truncation__w_avg=average)
    state |= shaped(synthesis__layer0__const=(1, 512, 4, 4))
    for i in range(8):
        state |= under(f"mapping.dense{i}", weight=(512, 512), bias=(512,))
    for b, side in enumerate(sides(1024)):
        c, before = min(16384 // side, 512), min(32768 // side, 512)
        for i, inside in ((2 * b, before), (2 * b + 1, c)):
            layer = f"synthesis.layer{i}"
            state |= under(layer, bias=(c,)) | (under(layer, weight=(c, inside, 3, 3)) if i else {})
            state |= under(layer, apply_noise__noise=(1, 1, side, side), apply_noise__weight=(c,))
            state |= under(f"{layer}.style", weight=(2 * c, 512), bias=(2 * c,))
            state |= under(layer, blur__kernel=(c, 1, 3, 3)) if i and not i % 2 else {}
        state |= under(f"synthesis.output{b}", weight=(3, c, 1, 1), bias=(3,))
    generator = built(genforce(state), "genforce")
    assert facts(generator) == ("StyleGAN", 1024, (18, 512))


DEEP = {
    128: "F16,16 T16,16 F16,16 T16,8 F8,8 T8,4 F4,4 T4,2 F2,2 T2,1",
    256: "F16,16 T16,16 F16,16 T16,8 F8,8 T8,8 F8,8 T8,4 F4,4 T4,2 F2,2 T2,1",
    512: "F16,16 T16,16 F16,16 T16,8 F8,8 T8,8 F8,8 T8,4 F4,4 T4,2 F2,2 T2,1 F1,1 T1,1",
}
"""Whether a block doubles the side, and the multiples of channels that go in and come out."""


def spectral(name: str, *shape: int, bias: bool = True) -> State:
    found = under(name, weight_orig=shape, weight_u=(shape[0],), weight_v=(torch.Size(shape[1:]).numel(),))
    return found | (under(name, bias=(shape[0],)) if bias else {})


@pytest.mark.parametrize("side", DEEP)
def test_biggan_deep(side: int) -> None:
    ch, blocks = 128, [(text[0] == "T", *map(int, text[1:].split(","))) for text in DEEP[side].split()]
    state = shaped(embeddings__weight=(128, 1000)) | spectral("generator.gen_z", 16 * 16 * ch, 256)
    for k, (_, a, b) in enumerate(blocks):
        if k == 8:
            attention, c = f"generator.layers.{k}", a * ch
            state |= under(attention, gamma=(1,))
            for part, shape in (
                ("theta", (c // 8, c)),
                ("phi", (c // 8, c)),
                ("g", (c // 2, c)),
                ("o_conv", (c, c // 2)),
            ):
                state |= spectral(f"{attention}.snconv1x1_{part}", *shape, 1, 1, bias=False)
        layer, inside, narrow = f"generator.layers.{k + (k >= 8)}", a * ch, a * ch // 4
        for j, n in enumerate((inside, narrow, narrow, narrow)):
            state |= under(f"{layer}.bn_{j}", running_means=(51, n), running_vars=(51, n))
            state |= spectral(f"{layer}.bn_{j}.scale", n, 256, bias=False)
            state |= spectral(f"{layer}.bn_{j}.offset", n, 256, bias=False)
        kernels = [(narrow, inside, 1), (narrow, narrow, 3), (narrow, narrow, 3), (b * ch, narrow, 1)]
        for j, (o, i, size) in enumerate(kernels):
            state |= spectral(f"{layer}.conv_{j}", o, i, size, size)
    state |= under("generator.bn", running_means=(51, ch), running_vars=(51, ch), weight=(ch,), bias=(ch,))
    state |= spectral("generator.conv_to_rgb", ch, ch, 3, 3)
    config = {"output_dim": side, "z_dim": 128, "class_embed_dim": 128, "channel_width": ch, "num_classes": 1000}
    config |= {"layers": [list(block) for block in blocks], "attention_layer_position": 8, "eps": 1e-4, "n_stats": 51}
    generator = built({"state": state, "config": config}, "Hugging Face BigGAN-deep")
    assert facts(generator) == ("BigGANDeep", side, (1 + len(blocks), 128)) and generator.classes == 1000


@pytest.mark.parametrize(
    ("widths", "chunk", "embedding", "attention", "prefix"),
    [
        ([16, 16, 8, 4, 2, 1], 20, 128, 3, ""),  # 128 px, dim_z 120
        ([16, 16, 8, 8, 4, 2, 1], 20, 128, 3, ""),  # 256 px, dim_z 140
        ([16, 16, 8, 4, 2, 1], 20, 128, 3, "module."),
    ],
)
def test_biggan(widths: list[int], chunk: int, embedding: int, attention: int, prefix: str) -> None:
    ch, condition = 96, embedding + chunk

    def normed(name: str, *shape: int, bias: bool = True) -> State:
        found = under(name, weight=shape, u0=(1, shape[0]), sv0=(1,))
        return found | (under(name, bias=(shape[0],)) if bias else {})

    state = shaped(shared__weight=(1000, embedding)) | normed("linear", 16 * ch * 16, chunk)
    for i, (a, b) in enumerate(pairwise(widths)):
        a, b, block = a * ch, b * ch, f"blocks.{i}.0"
        state |= normed(f"{block}.conv1", b, a, 3, 3) | normed(f"{block}.conv2", b, b, 3, 3)
        state |= normed(f"{block}.conv_sc", b, a, 1, 1)
        for bn, n in (("bn1", a), ("bn2", b)):
            state |= under(f"{block}.{bn}", stored_mean=(n,), stored_var=(n,))
            state |= normed(f"{block}.{bn}.gain", n, condition, bias=False)
            state |= normed(f"{block}.{bn}.bias", n, condition, bias=False)
        if i == attention:
            state |= under(f"blocks.{i}.1", gamma=())
            for part, shape in (("theta", (b // 8, b)), ("phi", (b // 8, b)), ("g", (b // 2, b)), ("o", (b, b // 2))):
                state |= normed(f"blocks.{i}.1.{part}", *shape, 1, 1, bias=False)
    state |= under("output_layer.0", gain=(ch,), bias=(ch,), stored_mean=(ch,), stored_var=(ch,))
    state |= normed("output_layer.2", 3, ch, 3, 3)
    slots, side = len(widths), 4 * 2 ** (len(widths) - 1)
    generator = built({prefix + name: tensor for name, tensor in state.items()}, "BigGAN-PyTorch")
    assert facts(generator) == ("BigGAN", side, (slots, chunk)) and generator.spaces["z"].shape == (slots * chunk,)


@pytest.mark.parametrize("inner", [".module", ""])
def test_pgan_of_gan_zoo(inner: str) -> None:
    widths = [512, 512, 512, 512, 256, 128, 64, 32]  # 512 px
    state = under(f"formatLayer{inner}", weight=(16 * 512, 512), bias=(16 * 512,))
    state |= under(f"groupScale0.0{inner}", weight=(512, 512, 3, 3), bias=(512,))
    for i, c in enumerate(widths):
        state |= under(f"toRGBLayers.{i}{inner}", weight=(3, c, 1, 1), bias=(3,))
        if i:
            state |= under(f"scaleLayers.{i - 1}.0{inner}", weight=(c, widths[i - 1], 3, 3), bias=(c,))
            state |= under(f"scaleLayers.{i - 1}.1{inner}", weight=(c, c, 3, 3), bias=(c,))
    config = Foreign("models.utils.config.BaseConfig")
    config |= {"alpha": 0, "lossCriterion": "WGANGP", "depthScales": widths[1:], "equalizedlR": True}
    tree = {"config": config, "netG": {}, "netD": {}, "avgG": state}
    assert facts(built(tree, "pytorch_GAN_zoo")) == ("PGGAN", 512, (512,))
