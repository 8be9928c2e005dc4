"""NVIDIA's snapshots of StyleGAN2-ADA and StyleGAN3 (PyTorch): a dict with the averaged generator under `G_ema`.

Which family it is, the tensors say: both call their class "Generator".
"""

from collections.abc import Mapping
from typing import Any

from latentwalk.checkpoints import nvidia_stylegan3
from latentwalk.checkpoints.nvidia_modules import flatten, is_module
from latentwalk.checkpoints.nvidia_stylegan2 import KEY, read_stylegan2
from latentwalk.generator import Generator

PREFERRED = ("G_ema", "G")
"""Where the generator is: averaged if there is one."""


def matches(tree: object) -> bool:
    """Whether a tree is a snapshot with a generator in it, or one such generator by itself."""
    return _generator(tree) is not None


def read(tree: object, where: str) -> Generator:
    """The generator of a snapshot, frozen. Raises ValueError that says what did not fit."""
    if nvidia_stylegan3.matches(tree):
        return nvidia_stylegan3.read(tree, where)
    found = _generator(tree)
    if found is None:
        raise ValueError(f"{where} is no snapshot of StyleGAN2-ADA or StyleGAN3: expected a module under 'G_ema'")
    snapshot = flatten(found, where)
    if KEY in snapshot.tensors:
        return read_stylegan2(snapshot, where)
    some = ", ".join(map(repr, sorted(snapshot.tensors)[:4])) or "no tensors"
    raise ValueError(
        f"{where} holds a {found['class_name']!r} that is neither StyleGAN2 nor StyleGAN3 (it has {some}): "
        "expected the generator of stylegan2-ada-pytorch or stylegan3"
    )


def _generator(tree: object) -> Mapping[str, Any] | None:
    if not isinstance(tree, Mapping):
        return None
    return next((tree[name] for name in PREFERRED if is_module(tree.get(name))), tree if is_module(tree) else None)
