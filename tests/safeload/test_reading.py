"""What a reader says that it ignored has no influence, and all the rest has."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from latentwalk.checkpoints.folders import read_path
from latentwalk.checkpoints.formats import build_generator

FILES = {
    "ajbrock_biggan/hier32/G_ema.pth": 27,
    "dcgan_family/tutorial64/netG.pth": 4,
    "huggingface_biggan_deep/deep32": 0,
    "nvidia_stylegan2ada/uncond32/gema_nosrc.pkl": 5,
    "nvidia_stylegan3/t32/gema_nosrc.pkl": 0,
    "pytorch_gan_zoo/dcgan32/avgG_state.pth": 3,
    "pytorch_gan_zoo/pgan32/avgG_state.pth": 6,
    "rosinality_stylegan2/g32/no_buffers.pt": 0,
}
"""Files that hold one network and nothing beside it, and how many of their tensors draw nothing."""

NESTING = {"G_ema", "g_ema", "state", "_modules", "_parameters", "_buffers", "module"}
"""Parts of a path that are no part of a name."""

TRIED = 6
"""Tensors of a file whose influence is tried."""


def tensors_of(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Tensor]]:
    """Every tensor of a tree by the name that its network has for it."""
    for key, value in tree.items() if isinstance(tree, dict) else ():
        if isinstance(value, Tensor):
            names = ".".join((*path, str(key))).split(".")
            yield ".".join(name for name in names if name not in NESTING), value
        else:
            yield from tensors_of(value, (*path, str(key)))


@pytest.mark.parametrize(("name", "count"), FILES.items())
def test_what_is_ignored_draws_nothing_and_nothing_else_is(shared: Path, name: str, count: int) -> None:
    path = shared / "fixtures" / name
    tree = read_path(path)
    found = {n: t for n, t in tensors_of(tree) if t.is_floating_point() or n.endswith("num_batches_tracked")}
    before = build_generator(tree, name)
    ignored = set(before.reading.ignored)
    assert len(ignored) == count and ignored <= found.keys()
    for tensor in (found[n] for n in ignored):
        tensor.copy_(tensor + 1)
    assert build_generator(tree, name).fingerprint == before.fingerprint
    acting = sorted(found.keys() - ignored)
    for tensor in (found[n] for n in acting[:: max(1, len(acting) // TRIED)]):
        kept = tensor.clone()
        tensor.copy_(tensor * torch.linspace(1.1, 1.9, tensor.numel()).view(tensor.shape) + 0.1)
        assert build_generator(tree, name).fingerprint != before.fingerprint
        tensor.copy_(kept)
    assert build_generator(tree, name).fingerprint == before.fingerprint
