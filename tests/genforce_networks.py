"""State dicts of genforce's PGGAN and StyleGAN with random weights, and plain implementations of what they draw."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

State = dict[str, Tensor]
Z, W, MIDDLE, CLASSES = 6, 7, 5, 3
WIDTHS = (6, 5, 4, 4)
WIDE = (4, 3, 3, 2, 2, 2)
"""Channels up to 32 px, and up to 128 px."""


def drawn(shapes: dict[str, tuple[int, ...]], seed: int = 0) -> State:
    random = torch.Generator().manual_seed(seed)
    return {name: torch.randn(shape, generator=random) for name, shape in shapes.items()}


def equalised(weight: Tensor, gain: float = 2**0.5) -> Tensor:
    return weight * (gain / math.sqrt(weight[0].numel()))


def normalised(x: Tensor) -> Tensor:
    return x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt()


def enlarged(image: Tensor, times: int = 1) -> Tensor:
    return F.interpolate(image, scale_factor=2**times, mode="nearest")


def outputs(state: State, prefix: str, features: list[Tensor], lod: float) -> Tensor:
    """What a network draws that has grown to a level of detail: a blend of two scales at the size of the last one."""
    images = [
        F.conv2d(x, equalised(state[f"{prefix}output{i}.weight"], 1), state[f"{prefix}output{i}.bias"])
        for i, x in enumerate(features)
    ]
    steps, share = int(lod), lod % 1
    image = images[-1 - steps]
    if share:
        image = (1 - share) * image + share * enlarged(images[-2 - steps])
    return enlarged(image, steps)


# PGGAN


def pggan_state(widths: tuple[int, ...] = WIDTHS, fused: bool = False, lod: float = 0.0) -> State:
    shapes: dict[str, tuple[int, ...]] = {"layer0.weight": (widths[0], Z, 4, 4), "layer0.bias": (widths[0],)}
    for i, width in enumerate(widths):
        before = widths[max(i - 1, 0)]
        if i:
            shapes[f"layer{2 * i}.weight"] = (before, width, 3, 3) if fused else (width, before, 3, 3)
            shapes[f"layer{2 * i}.bias"] = (width,)
        shapes[f"layer{2 * i + 1}.weight"] = (width, width, 3, 3)
        shapes[f"layer{2 * i + 1}.bias"] = (width,)
        shapes[f"output{i}.weight"], shapes[f"output{i}.bias"] = (3, width, 1, 1), (3,)
    return {"lod": torch.tensor(lod), **drawn(shapes)}


def pggan_images(state: State, z: Tensor, fused: bool = False) -> Tensor:
    """As the paper has it, with the layout of genforce."""
    features: list[Tensor] = []
    x = normalised(z)[:, :, None, None]
    for i in range(sum(name.startswith("layer") for name in state) // 2):
        weight, bias = state[f"layer{i}.weight"], state[f"layer{i}.bias"]
        x = normalised(x)
        if i and i % 2 == 0 and fused:
            scaled = weight * math.sqrt(2 / (9 * len(weight)))
            x = F.conv_transpose2d(x, shifted(scaled), bias, stride=2, padding=1)
        else:
            x = enlarged(x) if i and i % 2 == 0 else x
            x = F.conv2d(x, equalised(weight), bias, padding=1 if i else 3)
        x = F.leaky_relu(x, 0.2)
        if i % 2:
            features.append(normalised(x))
    return outputs(state, "", features, float(state["lod"]))


def shifted(weight: Tensor) -> Tensor:
    """Summed over its shifts by one pixel."""
    return sum(F.pad(weight, (a, 1 - a, b, 1 - b)) for a in (0, 1) for b in (0, 1))  # pyright: ignore


# StyleGAN


def stylegan_state(
    widths: tuple[int, ...] = WIDTHS,
    lod: float = 0.0,
    labels: bool = False,
    per_layer: bool = False,
    flat_average: bool = False,
) -> State:
    layers = 2 * len(widths)
    last = layers * W if per_layer else W
    shapes: dict[str, tuple[int, ...]] = {
        "mapping.dense0.weight": (MIDDLE, 2 * Z if labels else Z),
        "mapping.dense0.bias": (MIDDLE,),
        "mapping.dense1.weight": (last, MIDDLE),
        "mapping.dense1.bias": (last,),
        "truncation.w_avg": (layers * W if per_layer or flat_average else W,),
        "synthesis.layer0.const": (1, widths[0], 4, 4),
    }
    if labels:
        shapes["mapping.label_weight"] = (CLASSES, Z)
    for i in range(layers):
        name, width, before = f"synthesis.layer{i}.", widths[i // 2], widths[max(i - 1, 0) // 2]
        if i:
            shapes[name + "weight"] = (width, before, 3, 3)
        shapes |= {name + "bias": (width,), name + "apply_noise.weight": (width,)}
        shapes |= {name + "apply_noise.noise": (1, 1, 4 << i // 2, 4 << i // 2)}
        shapes |= {name + "style.weight": (2 * width, W), name + "style.bias": (2 * width,)}
    for i, width in enumerate(widths):
        shapes |= {f"synthesis.output{i}.weight": (3, width, 1, 1), f"synthesis.output{i}.bias": (3,)}
    state = drawn(shapes)
    for name in state:
        if name.startswith("mapping.dense"):
            state[name] *= 100  # stored divided by the multiplier of the learning rate
    blur = torch.outer(torch.tensor([1.0, 2.0, 1.0]), torch.tensor([1.0, 2.0, 1.0])) / 16
    for i in range(2, layers, 2):
        state[f"synthesis.layer{i}.blur.kernel"] = blur.expand(widths[i // 2], 1, 3, 3).clone()
    return {"synthesis.lod": torch.tensor(lod), **state}


def stylegan_codes(state: State, z: Tensor, classes: Tensor | None = None) -> Tensor:
    """Codes of every layer."""
    x = z if classes is None else torch.cat((z, classes @ state["mapping.label_weight"]), 1)
    x = normalised(x)
    for i in range(2):
        x = F.linear(x, 0.01 * equalised(state[f"mapping.dense{i}.weight"]), 0.01 * state[f"mapping.dense{i}.bias"])
        x = F.leaky_relu(x, 0.2)
    layers = sum(name.endswith("style.bias") for name in state)
    return x.unflatten(1, (layers, W)) if x.shape[1] != W else x[:, None].repeat(1, layers, 1)


def stylegan_images(state: State, codes: Tensor, noise: bool = True) -> Tensor:
    """As the paper has it, with the layout of genforce."""
    x, features = state["synthesis.layer0.const"].repeat(len(codes), 1, 1, 1), []
    for i in range(codes.shape[1]):
        layer = {name.removeprefix(f"synthesis.layer{i}."): tensor for name, tensor in state.items()}
        up = i > 0 and i % 2 == 0
        if up and 4 << i // 2 >= 128:
            x = F.conv_transpose2d(x, shifted(equalised(layer["weight"])).transpose(0, 1), stride=2, padding=1)
        elif i:
            x = F.conv2d(enlarged(x) if up else x, equalised(layer["weight"]), padding=1)
        if up:
            x = F.conv2d(x, layer["blur.kernel"], padding=1, groups=x.shape[1])
        if noise:
            x = x + layer["apply_noise.weight"][:, None, None] * layer["apply_noise.noise"]
        x = F.instance_norm(F.leaky_relu(x + layer["bias"][:, None, None], 0.2), eps=1e-8)
        style = F.linear(codes[:, i], equalised(layer["style.weight"], 1), layer["style.bias"])
        scale, shift = style[:, :, None, None].chunk(2, 1)
        x = x * (scale + 1) + shift
        if i % 2:
            features.append(x)
    return outputs(state, "synthesis.", features, float(state["synthesis.lod"]))
