"""One small network of every format of tensors by names, so small that a damaged byte often tells."""

from typing import Any

import numpy
import torch
from torch import Tensor

from latentwalk.generators.stylegan3 import StyleGAN3, StyleGAN3Sizes
from reading import Persistent, TensorFlowNetwork

State = dict[str, Tensor]
Shapes = dict[str, tuple[int, ...]]


def state_dicts() -> dict[str, State]:
    """By what they are called in the table."""
    return {
        "InterFaceGAN PGGAN": _tensors(_interfacegan_pggan()) | {"lod": torch.tensor(0.5)},
        "InterFaceGAN StyleGAN": _tensors(_interfacegan_stylegan()),
        "genforce StyleGAN2": _tensors(_genforce_stylegan2()),
        "NVIDIA StyleGAN2, state dict": _tensors(_nvidia_stylegan2()),
        "NVIDIA StyleGAN3, state dict": _nvidia_stylegan3(),
        "rosinality StyleGAN2": _tensors(_rosinality_stylegan2()),
        "rosinality StyleGAN": _tensors(_rosinality_stylegan()),
        "lucidrains StyleGAN2": _tensors(_lucidrains())
        | {"GE.blocks.0.to_rgb.upsample.1.f": torch.tensor((1.0, 2, 1))},
        "StudioGAN DCGAN": _tensors(_studiogan()),
        "PyTorch-GAN DCGAN": _tensors(_pytorch_gan()),
        "an MLP": _tensors({"model.0.weight": (4, 3), "model.0.bias": (4,), "model.2.weight": (64, 4)}),
    }


def snapshots() -> dict[str, Persistent]:
    """A StyleGAN2 and a StyleGAN3 as modules of NVIDIA's code."""
    sizes = {"img_resolution": 16, "channel_base": 32, "channel_max": 2, "num_layers": 3}
    third = _persistent(_nvidia_stylegan3(), "Generator")
    third.meta["state"]["_init_kwargs"] = sizes
    return {"StyleGAN2": _persistent(_tensors(_nvidia_stylegan2()), "Generator"), "StyleGAN3": third}


def _persistent(state: State, name: str) -> Persistent:
    """The module of NVIDIA's code that has these tensors."""
    own = {leaf: tensor for leaf, tensor in state.items() if "." not in leaf}
    held: dict[str, State] = {}
    for path, tensor in state.items():
        if "." in path:
            first, _, rest = path.partition(".")
            held.setdefault(first, {})[rest] = tensor
    learned = {leaf: tensor for leaf, tensor in own.items() if leaf in ("weight", "bias", "const", "noise_strength")}
    rest = {leaf: tensor for leaf, tensor in own.items() if leaf not in learned}
    return Persistent(name, learned, rest, {each: _persistent(part, each) for each, part in held.items()})


def tensorflow_networks() -> dict[str, TensorFlowNetwork]:
    """PGGAN, StyleGAN and StyleGAN2 of 8 px, whole, so that what damage leaves of them is built."""
    return {"PGGAN": _old_pggan(), "StyleGAN": _old_stylegan(), "StyleGAN2": _old_stylegan2()}


def _tensors(shapes: Shapes) -> State:
    random = torch.Generator().manual_seed(0)
    draws = {name: torch.rand(shape, generator=random) - 0.3 for name, shape in shapes.items()}
    return {name: draw.abs() if name.endswith("running_var") else draw for name, draw in draws.items()}


def _norm(name: str, width: int) -> Shapes:
    return {f"{name}.{leaf}": (width,) for leaf in ("weight", "bias", "running_mean", "running_var")}


def _interfacegan_pggan() -> Shapes:
    shapes: Shapes = {"layer0.conv.weight": (2, 3, 4, 4), "layer2.weight": (3, 3, 2, 2), "lod": ()}
    shapes |= {f"layer{i}.conv.weight": (2, 2, 3, 3) for i in (1, 3)}
    shapes |= {f"layer{i}.wscale.bias": (2,) for i in range(4)}
    for i in range(2):
        shapes |= {f"output{i}.conv.weight": (3, 2, 1, 1), f"output{i}.wscale.bias": (3,)}
    return shapes


def _interfacegan_stylegan() -> Shapes:
    shapes: Shapes = {"mapping.dense0.fc.weight": (3, 3), "mapping.dense0.wscale.bias": (3,), "truncation.w_avg": (3,)}
    shapes |= {"synthesis.layer0.first_layer": (1, 2, 4, 4), "synthesis.lod": (), "truncation.truncation": (1, 4, 1)}
    for i in range(4):
        layer = f"synthesis.layer{i}."
        here, side = f"{layer}epilogue.", 4 << i // 2
        shapes |= {f"{layer}conv.weight": (2, 2, 3, 3)} if i else {}
        shapes |= {f"{here}apply_noise.noise": (1, 1, side, side), f"{here}apply_noise.weight": (2,)}
        shapes |= {f"{here}style_mod.dense.fc.weight": (4, 3), f"{here}style_mod.dense.wscale.bias": (4,)}
        shapes[f"{here}bias"] = (2,)
    for i in range(2):
        shapes |= {f"synthesis.output{i}.conv.weight": (3, 2, 1, 1), f"synthesis.output{i}.bias": (3,)}
    return shapes


def _genforce_stylegan2() -> Shapes:
    shapes: Shapes = {"mapping.dense0.weight": (3, 3), "mapping.dense0.bias": (3,), "truncation.w_avg": (3,)}
    shapes["synthesis.early_layer.const"] = (1, 2, 4, 4)
    for i in range(3):
        side = 4 if i == 0 else 8
        shapes |= _genforce_layer(f"synthesis.layer{i}", 3, 2)
        shapes |= {f"synthesis.layer{i}.noise_strength": (), f"synthesis.layer{i}.noise": (1, 1, side, side)}
    for i in range(2):
        shapes |= _genforce_layer(f"synthesis.output{i}", 1, 3)
    return shapes


def _genforce_layer(name: str, kernel: int, outside: int) -> Shapes:
    style: Shapes = {f"{name}.style.weight": (2, 3), f"{name}.style.bias": (2,)}
    return style | {f"{name}.weight": (outside, 2, kernel, kernel), f"{name}.bias": (outside,)}


def _nvidia_stylegan2() -> Shapes:
    shapes: Shapes = {"mapping.fc0.weight": (3, 3), "mapping.fc0.bias": (3,), "mapping.w_avg": (3,)}
    shapes["synthesis.b4.const"] = (2, 4, 4)
    for side, layers in ((4, ("conv1", "torgb")), (8, ("conv0", "conv1", "torgb"))):
        for layer in layers:
            here, (kernel, outside) = f"synthesis.b{side}.{layer}", (1, 3) if layer == "torgb" else (3, 2)
            shapes |= {f"{here}.affine.weight": (2, 3), f"{here}.affine.bias": (2,)}
            shapes |= {f"{here}.weight": (outside, 2, kernel, kernel), f"{here}.bias": (outside,)}
            if kernel == 3:
                shapes |= {f"{here}.noise_strength": (), f"{here}.noise_const": (side, side)}
                shapes[f"{here}.resample_filter"] = (4, 4)
    return shapes | {"synthesis.b8.resample_filter": (4, 4)}


def _nvidia_stylegan3() -> State:
    generator, state = StyleGAN3(StyleGAN3Sizes(2, 3, 16, channel_base=32, channel_max=2, num_layers=3)), {}
    layers = generator.sizes.layers()
    for name, tensor in generator.state_dict().items():
        first, _, rest = name.partition(".")
        if first == "layers":
            number, _, rest = rest.partition(".")
            layer = layers[int(number)]
            name = f"synthesis.L{number}_{layer.side}_{layer.channels}.{rest.replace('magnitude', 'magnitude_ema')}"
        name = name.replace("mapping.layers.", "mapping.fc").replace("waves.", "synthesis.input.")
        state["mapping.w_avg" if name == "average" else name] = torch.full(tensor.shape, 0.1)
    return state


def _rosinality_stylegan2() -> Shapes:
    shapes: Shapes = {"style.1.weight": (3, 3), "style.1.bias": (3,), "input.input": (1, 2, 4, 4)}
    sides = {"conv1": 4, "convs.0": 8, "convs.1": 8, "to_rgb1": 0, "to_rgbs.0": 0}
    for name, side in sides.items():
        outside, kernel = (2, 3) if side else (3, 1)
        shapes |= {f"{name}.conv.weight": (1, outside, 2, kernel, kernel)}
        shapes |= {f"{name}.conv.modulation.weight": (2, 3), f"{name}.conv.modulation.bias": (2,)}
        if side:
            shapes |= {f"{name}.noise.weight": (1,), f"{name}.activate.bias": (outside,)}
            shapes[f"noises.noise_{sum(each.startswith('noises') for each in shapes)}"] = (1, 1, side, side)
        else:
            shapes[f"{name}.bias"] = (1, outside, 1, 1)
    return shapes | {"convs.0.conv.blur.kernel": (4, 4), "to_rgbs.0.upsample.kernel": (4, 4)}


def _rosinality_stylegan() -> Shapes:
    shapes: Shapes = {"style.1.linear.weight_orig": (3, 3), "style.1.linear.bias": (3,)}
    for i in range(2):
        here, head = f"generator.progression.{i}.", f"generator.to_rgb.{i}.conv."
        if i:
            shapes |= {f"{here}conv1.1.conv.weight_orig": (2, 2, 3, 3), f"{here}conv1.1.conv.bias": (2,)}
            shapes[f"{here}conv1.2.weight"] = (2, 1, 3, 3)
        else:
            shapes[f"{here}conv1.input"] = (1, 2, 4, 4)
        shapes |= {f"{here}conv2.conv.weight_orig": (2, 2, 3, 3), f"{here}conv2.conv.bias": (2,)}
        for k in (1, 2):
            shapes |= {f"{here}noise{k}.weight_orig": (1, 2, 1, 1), f"{here}adain{k}.style.linear.bias": (4,)}
            shapes[f"{here}adain{k}.style.linear.weight_orig"] = (4, 3)
        shapes |= {f"{head}weight_orig": (3, 2, 1, 1), f"{head}bias": (3,)}
    return shapes


def _lucidrains() -> Shapes:
    shapes: Shapes = {"SE.net.0.weight": (3, 3), "SE.net.0.bias": (3,), "GE.initial_block": (1, 2, 4, 4)}
    shapes |= {"GE.initial_conv.weight": (2, 2, 3, 3), "GE.initial_conv.bias": (2,), "D.to_logit.bias": (1,)}
    for i in range(2):
        here = f"GE.blocks.{i}."
        for k in (1, 2):
            shapes |= {f"{here}to_style{k}.weight": (2, 3), f"{here}to_style{k}.bias": (2,)}
            shapes |= {f"{here}to_noise{k}.weight": (2, 1), f"{here}to_noise{k}.bias": (2,)}
            shapes[f"{here}conv{k}.weight"] = (2, 2, 3, 3)
        shapes |= {f"{here}to_rgb.to_style.weight": (2, 3), f"{here}to_rgb.to_style.bias": (2,)}
        shapes[f"{here}to_rgb.conv.weight"] = (3, 2, 1, 1)
    return shapes


def _studiogan() -> Shapes:
    shapes: Shapes = {
        "linear0.weight": (32, 3),
        "linear0.bias": (32,),
        "conv4.weight": (3, 2, 3, 3),
        "conv4.bias": (3,),
    }
    for i in range(2):
        shapes |= {f"blocks.{i}.0.deconv0.weight": (2, 2, 4, 4), f"blocks.{i}.0.deconv0.bias": (2,)}
        shapes |= _norm(f"blocks.{i}.0.bn0", 2)
    return shapes


def _pytorch_gan() -> Shapes:
    shapes: Shapes = {"l1.0.weight": (8, 3), "l1.0.bias": (8,), **_norm("conv_blocks.0", 2)}
    for place, outside in ((2, 2), (6, 2), (9, 1)):
        shapes |= {f"conv_blocks.{place}.weight": (outside, 2, 3, 3), f"conv_blocks.{place}.bias": (outside,)}
    return shapes | _norm("conv_blocks.3", 2) | _norm("conv_blocks.7", 2)


def _arrays(shapes: Shapes) -> dict[str, Any]:
    return {name: numpy.full(shape, 0.3, numpy.float32) for name, shape in shapes.items()}


def _old_pggan() -> TensorFlowNetwork:
    shapes: Shapes = {"4x4/Dense/weight": (3, 32), "4x4/Dense/bias": (2,), "lod": ()}
    for layer in ("4x4/Conv", "8x8/Conv0_up", "8x8/Conv1"):
        shapes |= {f"{layer}/weight": (3, 3, 2, 2), f"{layer}/bias": (2,)}
    for i in range(2):
        shapes |= {f"ToRGB_lod{i}/weight": (1, 1, 2, 3), f"ToRGB_lod{i}/bias": (3,)}
    return TensorFlowNetwork("Gs", _arrays(shapes))


def _old_stylegan() -> TensorFlowNetwork:
    synthesis: Shapes = {"4x4/Const/const": (1, 2, 4, 4), "lod": ()}
    for i, layer in enumerate(("4x4/Const", "4x4/Conv", "8x8/Conv0_up", "8x8/Conv1")):
        side = int(layer[0])
        synthesis |= {f"{layer}/Noise/weight": (2,), f"noise{i}": (1, 1, side, side), f"{layer}/bias": (2,)}
        synthesis |= {f"{layer}/StyleMod/weight": (3, 4), f"{layer}/StyleMod/bias": (4,)}
        synthesis |= {f"{layer}/weight": (3, 3, 2, 2)} if i else {}
    for i in range(2):
        synthesis |= {f"ToRGB_lod{i}/weight": (1, 1, 2, 3), f"ToRGB_lod{i}/bias": (3,)}
    return _with_mapping(_arrays(synthesis))


def _old_stylegan2() -> TensorFlowNetwork:
    synthesis: dict[str, Any] = {"4x4/Const/const": numpy.ones((1, 2, 4, 4), numpy.float32)}
    layers = {"4x4/Conv": (3, 2), "8x8/Conv0_up": (3, 2), "8x8/Conv1": (3, 2), "4x4/ToRGB": (1, 3), "8x8/ToRGB": (1, 3)}
    for number, (layer, (kernel, outside)) in enumerate(layers.items()):
        synthesis |= {f"{layer}/weight": numpy.ones((kernel, kernel, 2, outside), numpy.float32)}
        synthesis |= {f"{layer}/bias": numpy.zeros(outside, ">f4"), f"{layer}/mod_bias": numpy.zeros(2)}
        synthesis |= {f"{layer}/mod_weight": numpy.ones((3, 2), "f4", order="F")}
        if kernel == 3:
            maps = numpy.ones((1, 1, int(layer[0]), int(layer[0])))
            synthesis |= {f"{layer}/noise_strength": numpy.float32(0.5), f"noise{number}": maps}
    return _with_mapping(synthesis)


def _with_mapping(synthesis: dict[str, Any]) -> TensorFlowNetwork:
    mapping = TensorFlowNetwork("mapping", {"Dense0/weight": numpy.ones((3, 3)), "Dense0/bias": numpy.ones(3)})
    own = {"dlatent_avg": numpy.zeros(3), "lod": numpy.float32(0)}
    return TensorFlowNetwork("Gs", own, mapping=mapping, synthesis=TensorFlowNetwork("synthesis", synthesis))
