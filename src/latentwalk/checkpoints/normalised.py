"""Weights that a file keeps in parts, put together: spectral normalisation and weight normalisation of torch.

Spectral normalisation (Miyato et al., 2018) divides a weight by u' M v, where M has the output axis first; weight
normalisation (Salimans and Kingma, 2016) is g v / |v|. Hooks of older versions of torch and the parametrizations of
newer ones name the parts otherwise; all give the same weight.
"""

import re

import torch
from torch import Tensor

from latentwalk.checkpoints.candidates import State
from latentwalk.weights import check_numbers

SPELLINGS = (
    (re.compile(r"(.*\.)?parametrizations\.(\w+)\.original"), r"\1\2_orig"),
    (re.compile(r"(.*\.)?parametrizations\.(\w+)\.original0"), r"\1\2_g"),
    (re.compile(r"(.*\.)?parametrizations\.(\w+)\.original1"), r"\1\2_v"),
    (re.compile(r"(.*\.)?parametrizations\.(\w+)\.0\._([uv])"), r"\1\2_\3"),
    (re.compile(r"(.*\.)?(\w+)_bar"), r"\1\2_orig"),
)
"""Other names of the parts, and those of the hooks: weight_orig, weight_u and weight_v, or weight_g and weight_v."""

PART = re.compile(r"((?:.*\.)?weight)_(orig|u|v|g)")


def whole_weights(state: State, where: str) -> State:
    """The state with every normalised weight as it acts, computed in float64.

    A `weight_orig` without any vectors stays: some code bases call a weight so that has none.
    Raises ValueError when a weight lacks one of its parts.
    """
    if not any(PART.fullmatch(name) or ".original" in name or name.endswith("_bar") for name in state):
        return state
    tensors, parts = {}, {}
    for name, tensor in state.items():
        name = _spelled(name)
        if match := PART.fullmatch(name):
            check_numbers({name: tensor}, where)
            parts.setdefault(match[1], {})[match[2]] = tensor
        else:
            tensors[name] = tensor
    for name, part in parts.items():
        if part.keys() == {"orig"}:
            tensors[f"{name}_orig"] = part["orig"]
        elif part.keys() == {"orig", "u", "v"}:
            tensors[name] = spectral(part["orig"], part["u"], part["v"], name, where)
        elif part.keys() == {"g", "v"}:
            tensors[name] = weighted(part["v"], part["g"], name, where)
        elif name not in tensors:
            wanted = ("g", "v") if "g" in part else ("orig", "u", "v")
            lacks = [f"{name}_{each}" for each in wanted if each not in part]
            raise ValueError(
                f"{where}: the normalised weight {name!r} lacks {', '.join(map(repr, lacks))}: expected all of its "
                "parts; save the whole state dict, or take the normalisation off before (remove_spectral_norm, "
                "remove_weight_norm)"
            )
    return state.replaced(tensors)


def _spelled(name: str) -> str:
    for pattern, ours in SPELLINGS:
        if match := pattern.fullmatch(name):
            return match.expand(ours)
    return name


def spectral(weight: Tensor, u: Tensor, v: Tensor, name: str, where: str) -> Tensor:
    """The weight divided by u' M v. Which axis of it is that of the outputs, u and v say by their lengths.

    Where both fit, it is the one for which u is nearer to the direction of M v, which training makes it.
    """
    u, v, sizes = u.double().flatten(), v.double().flatten(), (u.numel(), v.numel())
    axes = [axis for axis in range(min(weight.ndim, 2)) if _split(weight, axis) == sizes]
    if not axes:
        raise ValueError(
            f"{where}: the spectral normalisation of {name!r}, of the shape {list(weight.shape)}, has vectors of "
            f"{sizes[0]} and {sizes[1]} numbers: the file is damaged, or of a variant that is not supported"
        )
    images = torch.stack([weight.double().movedim(axis, 0).flatten(1) @ v for axis in axes])
    fits = (images @ u).abs() / images.norm(dim=1)
    return (weight.double() / (images @ u).gather(0, fits.argmax(0, keepdim=True))).float()


def _split(weight: Tensor, axis: int) -> tuple[int, int]:
    """The sizes of the weight as a matrix that has this axis first."""
    return weight.shape[axis], weight.numel() // max(1, weight.shape[axis])


def weighted(v: Tensor, g: Tensor, name: str, where: str) -> Tensor:
    """g v / |v|, the norm over all axes along which g is constant."""
    if g.ndim not in (0, v.ndim) or any(size not in (1, of) for size, of in zip(g.shape, v.shape, strict=False)):
        raise ValueError(
            f"{where}: the weight normalisation of {name!r}, of the shape {list(v.shape)}, has factors of the shape "
            f"{list(g.shape)}: the file is damaged, or of a variant that is not supported"
        )
    axes = [axis for axis in range(v.ndim) if g.ndim == 0 or g.shape[axis] == 1]
    if not axes:
        return (g.double() * v.double().sign()).float()
    return (v.double() * (g.double() / torch.linalg.vector_norm(v.double(), dim=axes, keepdim=True))).float()
