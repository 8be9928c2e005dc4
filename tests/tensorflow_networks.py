"""Pickles in the layout of NVIDIA's TensorFlow code, from a StyleGAN2 of ours."""

import math
import pickle
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np

from latentwalk.generators.stylegan2 import StyleGAN2

MODULE = "dnnlib.tflib.network"


class Network:
    """Pickles as a network of that code does: a state, and nothing that acts."""

    def __init__(self, name: str, variables: dict[str, Any], arguments: dict[str, Any], **components: Any) -> None:
        self.state = {
            "version": 4,
            "name": name,
            "static_kwargs": arguments,
            "components": components,
            "build_module_src": "raise SystemExit('the source was executed')",
            "build_func_name": "G_main",
            "variables": list(variables.items()),
        }

    def __getstate__(self) -> dict[str, Any]:
        return self.state


Network.__module__ = MODULE


def to_tensorflow(generator: StyleGAN2, name: str = "Gs", arguments: dict[str, Any] | None = None) -> Network:
    """The network of a generator: variables as numpy arrays, [in, out] and [h, w, in, out]."""
    own: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {"mapping": {}, "synthesis": {}}
    for key, tensor in generator.state_dict().items():
        if key == "average":
            own["dlatent_avg"] = tensor.numpy()
        elif not key.endswith("kernel"):
            part, variable, array = _variable(key, tensor.numpy(), generator)
            parts[part][variable] = array
    if generator.sizes.joint:
        del parts["mapping"]["LabelConcat/bias"]
    given = {} if arguments is None else arguments
    return Network(name, own, given, **{part: Network(part, found, {}) for part, found in parts.items()})


def write_tensorflow(path: Path, content: object, protocol: int = 3, name: str = MODULE) -> Path:
    """content: networks, alone or in a tuple, pickled through a module of the name that such files expect."""
    module = ModuleType(name)
    module.Network = Network  # type: ignore[attr-defined]
    modules = mock.patch.dict(sys.modules, {"dnnlib": ModuleType("dnnlib"), name: module})
    with modules, mock.patch.object(Network, "__module__", name):
        path.write_bytes(pickle.dumps(content, protocol))
    return path


def _variable(key: str, array: np.ndarray, generator: StyleGAN2) -> tuple[str, str, Any]:
    """Component, name and array of a tensor of ours."""
    part, _, rest = key.partition(".")
    if part == "mapping":
        return part, *_mapping(rest, array, generator)
    if rest == "const":
        return part, "4x4/Const/const", array[None]
    match = re.fullmatch(r"b(\d+)\.(\w+)\.(.+)", rest)
    assert match is not None
    side, layer, leaf = int(match[1]), match[2], match[3].replace("affine.", "mod_")
    if leaf == "noise_map":
        number = max(0, 2 * int(math.log2(side)) - 5 + (layer == "conv1"))
        return part, f"noise{number}", array[None, None]
    if leaf == "weight":
        turned = array[:, :, ::-1, ::-1] if layer in ("conv0", "shortcut") else array
        array = np.ascontiguousarray(turned.transpose(2, 3, 1, 0))
    layer = {"conv0": "Conv0_up", "conv1": "Conv1" if side > 4 else "Conv", "torgb": "ToRGB"}.get(layer, "Skip")
    changed = {"mod_weight": array.T, "mod_bias": array - 1}.get(leaf, array)
    return part, f"{side}x{side}/{layer}/{leaf}", changed


def _mapping(rest: str, array: np.ndarray, generator: StyleGAN2) -> tuple[str, np.ndarray]:
    group, *_, leaf = rest.split(".")
    array = array.T
    if group == "layers":
        return f"Dense{rest.split('.')[1]}/{leaf}", array
    if not generator.sizes.joint:
        return f"LabelEmbed/{leaf}", array
    return f"LabelConcat/{leaf}", array / math.sqrt(generator.classes) if leaf == "weight" else array


def example(generator: StyleGAN2) -> tuple[Network, Network, Network]:
    """(G, D, Gs), of which the averaged generator is the one given."""
    other = {name: np.zeros(3, np.float32) for name in ("4x4/Dense0/weight", "16x16/FromRGB/weight")}
    return to_tensorflow(generator, "G"), Network("D", other, {}), to_tensorflow(generator)
