"""Pickles of NVIDIA's PyTorch code in the variants that are published, made here, give their networks back."""

import functools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from latentwalk.checkpoints.formats import open_generator
from latentwalk.generators.stylegan2 import StyleGAN2
from latentwalk.generators.stylegan3 import StyleGAN3, StyleGAN3Sizes
from nvidia_files import branch, write_nvidia
from random_networks import SIZES, random_stylegan2

PROTOCOLS = (2, 3, 4, 5)


def stylegan2_tree(generator: StyleGAN2, arguments: dict[str, Any]) -> dict[str, Any]:
    """Weights of the last block as fp16 leaves them, channel by channel; settings as numpy scalars."""
    state: dict[str, Tensor] = {}
    last = f"b{generator.sizes.sides[-1]}.conv"
    for name, tensor in generator.state_dict().items():
        name = name.replace("mapping.layers.", "mapping.fc").replace("noise_map", "noise_const")
        name = name.replace("synthesis.const", "synthesis.b4.const").replace(".join.kernel", ".resample_filter")
        name = name.replace("shortcut", "skip").replace(".kernel", ".resample_filter")
        if last in name and tensor.ndim == 4:
            tensor = tensor.contiguous(memory_format=torch.channels_last)
        state["mapping.w_avg" if name == "average" else name] = tensor
    clamp = generator.sizes.clamp
    settings = {"synthesis.b4.conv1": {"conv_clamp": None if clamp is None else np.float64(clamp)}}
    settings["synthesis.b8.conv0"] = {"up": 2, "act_gain": np.sqrt(2), "activation": "lrelu"}
    tree = branch(state, settings)
    tree["state"]["_init_kwargs"] = arguments
    return tree


VARIANTS = {
    "ffhq": (replace(SIZES, clamp=256.0), {"synthesis_kwargs": {"num_fp16_res": 4, "conv_clamp": 256}}),
    "cifar10": (replace(SIZES, classes=10, embedding=6), {"c_dim": 10, "synthesis_kwargs": {}}),
    "no noise": (replace(SIZES, noise=False, architecture="orig"), {"synthesis_kwargs": {"use_noise": False}}),
    "resnet": (replace(SIZES, architecture="resnet"), {"synthesis_kwargs": {"architecture": "resnet"}}),
    "of stylegan3": (replace(SIZES, clamp=256.0), {"channel_base": 64, "num_fp16_res": 4}),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_stylegan2(variant: str, tmp_path: Path) -> None:
    sizes, arguments = VARIANTS[variant]
    wanted = random_stylegan2(sizes)
    tree = {"training_set_kwargs": {"path": "a"}, "G": None, "D": None, "G_ema": stylegan2_tree(wanted, arguments)}
    codes = wanted.sample([0, 1], labels=3 if sizes.classes else None)
    for protocol in PROTOCOLS:
        read = open_generator(write_nvidia(tmp_path / "network.bin", tree, protocol))
        assert isinstance(read, StyleGAN2) and read.sizes == sizes
        assert torch.equal(read.render(codes), wanted.render(codes))


ARGUMENTS = {"z_dim": 5, "w_dim": 6, "img_resolution": 16, "img_channels": 3, "channel_base": 40, "channel_max": 5}
CONFIGURATIONS = {
    "t": (StyleGAN3Sizes(z=5, w=6, resolution=16, channel_base=40, channel_max=5), {}),
    "r": (
        StyleGAN3Sizes(
            z=5, w=6, resolution=16, classes=3, embedding=6, channel_base=40, channel_max=5, conv_kernel=1,
            use_radial_filters=True, clamp=None,
        ),
        {"c_dim": 3, "conv_kernel": 1, "use_radial_filters": True, "conv_clamp": None},
    ),
}  # fmt: skip


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_stylegan3(configuration: str, tmp_path: Path) -> None:
    sizes, arguments = CONFIGURATIONS[configuration]
    wanted, random = StyleGAN3(sizes), torch.Generator().manual_seed(0)
    state: dict[str, Tensor] = {}
    for name, tensor in wanted.state_dict().items():
        tensor.copy_(torch.rand(tensor.shape, generator=random) + 0.1)
        name = name.replace("mapping.layers.", "mapping.fc").replace("waves.", "synthesis.input.")
        if match := re.fullmatch(r"layers\.(\d+)\.(.+)", name):
            layer = sizes.layers()[int(match[1])]
            leaf = match[2].replace("magnitude", "magnitude_ema")
            name = f"synthesis.L{match[1]}_{layer.side}_{layer.channels}.{leaf}"
        state["mapping.w_avg" if name == "average" else name] = tensor
    tree = branch(state, {"synthesis.L3_36_5": {"in_size": np.array([36, 36])}})
    tree["state"]["_init_kwargs"] = ARGUMENTS | arguments
    wanted.freeze()
    for protocol in PROTOCOLS:
        read = open_generator(write_nvidia(tmp_path / "network.bin", {"G_ema": tree, "augment_pipe": None}, protocol))
        assert isinstance(read, StyleGAN3) and read.sizes == sizes and read.fingerprint == wanted.fingerprint


def test_what_lies_beside_the_generator_may_be_of_any_class(tmp_path: Path) -> None:
    wanted = random_stylegan2()
    beside = {"p": functools.partial(max, 1), "old": np.random.RandomState(0), "new": np.random.default_rng(0)}
    tree = {"augment_pipe": beside, "training_set_kwargs": {"path": tmp_path, "names": np.array(["a"])}}
    tree |= {"G_ema": stylegan2_tree(wanted, {"synthesis_kwargs": {}})}
    for protocol in PROTOCOLS:
        read = open_generator(write_nvidia(tmp_path / "network.bin", tree, protocol))
        assert read.fingerprint == wanted.fingerprint
