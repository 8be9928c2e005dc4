"""Snapshots as NVIDIA's PyTorch code has them: trees of persistent modules, and pickles of such trees."""

import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

from torch import Tensor, nn

State = dict[str, Tensor]


def module(name: str, tensors: State, attributes: dict | None = None, **children: dict) -> dict:
    """A persistent module, as the safe reader gives it."""
    state = {"training": False, "_parameters": tensors, "_buffers": {"absent": None}, "_modules": children}
    return {"class_name": name, "state": state | (attributes or {})}


def branch(tensors: State, attributes: dict[str, dict], path: str = "") -> dict:
    """A tree of persistent modules from flat names."""
    own, parts = {}, {}
    for name, tensor in tensors.items():
        head, _, rest = name.partition(".")
        if rest:
            parts.setdefault(head, {})[rest] = tensor
        else:
            own[name] = tensor
    children = {head: branch(rest, attributes, f"{path}.{head}") for head, rest in parts.items()}
    return module("Module", own, attributes.get(path.removeprefix(".")), **children)


class EasyDict(dict):
    """A dict that pickles under the name that NVIDIA's code gives to its own."""


EasyDict.__module__ = "dnnlib.util"


def _reconstruct_persistent_obj(meta: object) -> object:
    raise AssertionError(f"a reader called a global of the file with {meta}")


_reconstruct_persistent_obj.__module__ = "torch_utils.persistence"


class Persistent:
    """Pickles as a persistent object does; its source would stop whoever executes it."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self.tree = tree

    def __reduce__(self) -> tuple[Any, ...]:
        state = dict(self.tree["state"])
        buffers = {"w_avg", "resample_filter", "noise_const", "freqs", "phases", "transform", "magnitude_ema"}
        buffers |= {"up_filter", "down_filter"}
        held = {**state.get("_parameters", {}), **state.get("_buffers", {})}
        state["_parameters"] = {k: nn.Parameter(t) for k, t in held.items() if t is not None and k not in buffers}
        state["_buffers"] = {name: tensor for name, tensor in held.items() if tensor is None or name in buffers}
        state["_modules"] = {name: Persistent(part) for name, part in state.get("_modules", {}).items()}
        state["_init_kwargs"] = EasyDict(state.get("_init_kwargs", {}))
        meta = {"type": "class", "version": 6, "module_src": "raise SystemExit", "state": state}
        return _reconstruct_persistent_obj, (meta | {"class_name": self.tree["class_name"]},)


def write_nvidia(path: Path, tree: dict[str, Any], protocol: int) -> Path:
    """A snapshot {"G_ema": tree of a generator, ...} as a pickle."""
    modules = {"torch_utils": ModuleType("torch_utils"), "dnnlib": ModuleType("dnnlib")}
    modules |= {"torch_utils.persistence": ModuleType("persistence"), "dnnlib.util": ModuleType("util")}
    modules["torch_utils.persistence"]._reconstruct_persistent_obj = _reconstruct_persistent_obj  # type: ignore
    modules["dnnlib.util"].EasyDict = EasyDict  # type: ignore
    ready = {name: Persistent(part) if type(part) is dict and "state" in part else part for name, part in tree.items()}
    with mock.patch.dict(sys.modules, modules):
        path.write_bytes(pickle.dumps(ready, protocol))
    return path
