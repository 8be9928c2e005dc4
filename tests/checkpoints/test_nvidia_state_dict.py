"""State dicts of NVIDIA's networks, of many sizes, give these networks back; what they cannot say is said."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from foreign_cases import drawn_as_its_reference
from latentwalk.checkpoints import nvidia_state_dict
from latentwalk.checkpoints.formats import open_generator
from latentwalk.checkpoints.nvidia_state_dict import Layer, channel_base
from latentwalk.generators.layers.styled import resample_filter
from latentwalk.generators.stylegan2 import StyleGAN2, StyleGAN2Sizes
from latentwalk.generators.stylegan3 import StyleGAN3, StyleGAN3Sizes
from random_networks import SIZES, random_stylegan2, random_stylegan3

State = dict[str, Tensor]


@pytest.mark.parametrize("file", ["sg2ada.pt", "sg2ada_dict.pt", "sg3t.pt"])
def test_a_foreign_file_draws_its_own_pictures(shared: Path, file: str) -> None:
    generator = drawn_as_its_reference(shared, f"nvidia-state-dict/{file}")
    assert generator.reading.format == "NVIDIA StyleGAN2 and StyleGAN3 as a state dict"


def stylegan2_state(generator: StyleGAN2) -> State:
    state: State = {}
    for name, tensor in generator.state_dict().items():
        name = name.replace("mapping.layers.", "mapping.fc").replace("noise_map", "noise_const")
        name = name.replace("synthesis.const", "synthesis.b4.const").replace(".join.kernel", ".resample_filter")
        name = name.replace("shortcut", "skip").replace(".kernel", ".resample_filter")
        state["mapping.w_avg" if name == "average" else name] = tensor.contiguous()
    for side in generator.sizes.sides:  # stored by the format, and used nowhere
        state[f"synthesis.b{side}.conv1.resample_filter"] = resample_filter()
        state.setdefault(f"synthesis.b{side}.resample_filter", resample_filter())
    return state


def stylegan3_state(generator: StyleGAN3) -> State:
    layers, state = generator.sizes.layers(), {}
    for name, tensor in generator.state_dict().items():
        first, _, rest = name.partition(".")
        if first == "layers":
            number, _, rest = rest.partition(".")
            layer = layers[int(number)]
            name = f"synthesis.L{number}_{layer.side}_{layer.channels}.{rest.replace('magnitude', 'magnitude_ema')}"
        name = name.replace("mapping.layers.", "mapping.fc").replace("waves.", "synthesis.input.")
        state["mapping.w_avg" if name == "average" else name] = tensor.contiguous()
    return state


@pytest.mark.parametrize(
    "sizes",
    [
        SIZES,
        replace(SIZES, widths=(6,), colors=1),
        replace(SIZES, architecture="resnet", classes=3, embedding=4),
        replace(SIZES, architecture="orig", noise=False),
    ],
)
def test_stylegan2(sizes: StyleGAN2Sizes, tmp_path: Path) -> None:
    wanted = random_stylegan2(replace(sizes, clamp=256.0))
    save_file(stylegan2_state(wanted), tmp_path / "a.safetensors")
    torch.save({"G_ema": stylegan2_state(wanted), "cur_nimg": 25}, tmp_path / "a.pt")
    codes = wanted.sample([0, 1], labels=2 if sizes.classes else None)
    for file in ("a.safetensors", "a.pt"):
        read = open_generator(tmp_path / file)
        assert isinstance(read, StyleGAN2) and read.sizes == wanted.sizes
        assert torch.equal(read.render(codes), wanted.render(codes))


CONFIGURATION_R = {"conv_kernel": 1, "use_radial_filters": True}
SMALL = StyleGAN3Sizes(z=5, w=6, resolution=16, channel_base=64, channel_max=6)


@pytest.mark.parametrize(
    "sizes",
    [
        SMALL,
        replace(SMALL, channel_base=37, channel_max=9),
        replace(SMALL, channel_base=4096, channel_max=4, colors=1, num_layers=5),
        replace(SMALL, classes=3, embedding=6, mapping=3, filter_size=4, margin_size=10, **CONFIGURATION_R),
        replace(SMALL, resolution=32, channel_base=100, channel_max=7, num_layers=4),
        replace(SMALL, margin_size=4),
    ],
)
def test_stylegan3(sizes: StyleGAN3Sizes, tmp_path: Path) -> None:
    wanted = random_stylegan3(sizes)
    torch.save(stylegan3_state(wanted), tmp_path / "a.pt")
    read = open_generator(tmp_path / "a.pt")
    assert isinstance(read, StyleGAN3) and read.sizes.layers() == sizes.layers()
    codes = wanted.sample([0, 1], labels=2 if sizes.classes else None)
    assert torch.equal(read.render(codes), wanted.render(codes))


PUBLISHED = {
    "t 1024": (
        32768,
        "36_512 36_512 52_512 52_512 84_512 148_512 148_512 276_323 276_203 532_128 1044_81 1044_51 1044_32 1024_32 "
        "1024_3",
    ),
    "r 512": (
        65536,
        "36_1024 36_1024 52_1024 52_1024 84_1024 84_1024 148_1024 148_967 276_645 276_431 532_287 532_192 532_128 "
        "512_128 512_3",
    ),
    "t 256": (
        16384,
        "36_512 36_512 36_512 52_512 52_512 84_512 84_512 148_362 148_256 148_181 276_128 276_91 276_64 256_64 256_3",
    ),
}


@pytest.mark.parametrize("network", PUBLISHED)
def test_names_of_published_networks_tell_how_wide_they_are(network: str) -> None:
    base, names = PUBLISHED[network]
    layers = [Layer(f"L{i}_{name}", *map(int, name.split("_"))) for i, name in enumerate(names.split())]
    sizes = StyleGAN3Sizes(z=1, w=1, resolution=layers[-1].side, channel_max=max(layer.channels for layer in layers))
    assert channel_base(layers, sizes) == base


def test_settings_that_only_a_snapshot_knows_are_asked_for(tmp_path: Path) -> None:
    torch.save(stylegan3_state(random_stylegan3(replace(SMALL, num_critical=8))), tmp_path / "a.pt")
    with pytest.raises(ValueError, match=r"would have \d+ px and \d+ channels.*snapshot") as error:
        open_generator(tmp_path / "a.pt")
    assert str(error.value).startswith(str(tmp_path)) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("synthesis.L3_36_6.weight", "expected L0, L1 and so on"),
        ("synthesis.L3_36_6.bias", "lacks 'layers.3.bias'"),
        ("mapping.fc0.weight", "lacks the tensor 'mapping.layers.0.weight'"),
        ("synthesis.input.phases", "lacks 'waves.phases'"),
    ],
)
def test_what_is_missing_is_named(lost: str, message: str) -> None:
    state = stylegan3_state(random_stylegan3(SMALL))
    del state[lost]
    with pytest.raises(ValueError, match=message) as error:
        nvidia_state_dict.read(state, "here")
    assert str(error.value).startswith("here") and "\n" not in str(error.value)


def test_odd_shapes_are_refused_in_one_line() -> None:
    state = stylegan3_state(random_stylegan3(replace(SMALL, num_layers=3)))
    for name, tensor in state.items():
        for spoiled in (tensor[None], torch.ones(3, 2)):
            with pytest.raises(ValueError, match=r"^here") as error:
                nvidia_state_dict.read(state | {name: spoiled}, "here")
            assert "\n" not in str(error.value)
