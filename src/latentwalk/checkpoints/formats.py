"""Every format that is read, tried by content in a fixed order. A new one is a file and a line here.

A format is a module with two functions: `matches(tree) -> bool` sees from names and types whether a tree is of its
kind, `read(tree, where) -> Generator` builds the generator, frozen, or raises ValueError. What it is given is a `State`
(`candidates`): the tensors of one network by their names. Formats of `TREES` are files of a shape of their own.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from latentwalk.checkpoints import (
    ajbrock,
    gan_zoo,
    genforce,
    huggingface,
    interfacegan,
    linear,
    lucidrains,
    mmgeneration,
    nvidia,
    nvidia_state_dict,
    nvidia_tensorflow,
    nvidia_tensorflow_older,
    own,
    pytorch_gan,
    rosinality,
    rosinality_stylegan,
    state_dict,
    studiogan,
    torch_module,
)
from latentwalk.checkpoints.adjusted import swapped, with_activation
from latentwalk.checkpoints.candidates import State, candidates
from latentwalk.checkpoints.folders import read_path
from latentwalk.checkpoints.normalised import whole_weights
from latentwalk.checkpoints.unknown import unknown
from latentwalk.generator import Generator
from latentwalk.safeload.nodes import shown

TREES: dict[str, ModuleType] = {
    "latentwalk": own,
    "NVIDIA PGGAN and StyleGAN of TensorFlow": nvidia_tensorflow_older,
    "NVIDIA StyleGAN2 of TensorFlow": nvidia_tensorflow,
}
"""Formats of whole files, by the name that errors call them."""

STATES: dict[str, ModuleType] = {
    "NVIDIA StyleGAN2-ADA and StyleGAN3": nvidia,
    "NVIDIA StyleGAN2 and StyleGAN3 as a state dict": nvidia_state_dict,
    "rosinality StyleGAN2": rosinality,
    "rosinality StyleGAN": rosinality_stylegan,
    "MMGeneration StyleGAN2": mmgeneration,
    "lucidrains StyleGAN2": lucidrains,
    "InterFaceGAN": interfacegan,
    "genforce": genforce,
    "Hugging Face BigGAN-deep": huggingface,
    "BigGAN-PyTorch": ajbrock,
    "pytorch_GAN_zoo": gan_zoo,
    "StudioGAN DCGAN": studiogan,
    "PyTorch-GAN DCGAN": pytorch_gan,
    "a whole DCGAN or MLP (torch.nn)": torch_module,
    "a DCGAN or WGAN-GP state dict": state_dict,
    "an MLP state dict": linear,
}
"""Formats of the tensors of one network."""

FORMATS = TREES | STATES

SIDED = ("rosinality StyleGAN",)
"""Formats of networks that are built for larger pictures than they were trained for; `read` takes a side as well."""


def open_generator(
    path: Path,
    classes: int | None = None,
    part: str | None = None,
    activation: str | None = None,
    bgr: bool = False,
    side: int | None = None,
) -> Generator:
    """The generator of a checkpoint file or folder: its content says which family it is of.

    The rest is what a file cannot say. classes: how many it was trained with, see `genforce.with_classes`. part: which
    network of the file, and side: of its pictures, see `build_generator`. activation, bgr: see `adjusted`.
    Raises ValueError in one line that begins with the path.
    """
    where = str(path)
    generator = build_generator(read_path(path, everything=part is not None), where, part, side)
    if classes is not None:
        generator = genforce.with_classes(generator, classes, where)
    if activation is not None:
        generator = with_activation(generator, activation, where)
    return swapped(generator, where) if bgr else generator


def build_generator(tree: Any, where: str, part: str | None = None, side: int | None = None) -> Generator:
    """The generator of a tree, by the first format that it is of.

    where: what to call it in errors. part: the network to take, by its place in the file ("state_dict.G_ema") or the
    end of that ("G_ema"); the best one if None: an averaged one before others, a generator before what has any name.
    side: of the pictures, for the formats of `SIDED`.
    Raises ValueError when no format reads it, and when several networks have the same right to be taken.
    """
    for name, module in TREES.items():
        if module.matches(tree):
            return _read(module, name, tree, where, side)
    states = [] if own.kind_of(tree) else candidates(tree, where)
    if part is not None:
        states = _named(states, part, where)
    damage: list[ValueError] = []
    for _, equals in itertools.groupby(states, key=lambda state: state.role):
        found = _distinct([pair for state in equals if (pair := _recognised(state, where, damage)) is not None])
        if len(found) > 1 and part is None:
            raise ValueError(
                f"{where} holds {len(found)} generators of which none comes first, "
                f"{', '.join(repr(shown(state.part)) for state, _ in found[:4])}: choose one with "
                f"part={found[0][0].part!r} (on the command line --part {shown(found[0][0].part)})"
            )
        if found:
            state, name = found[0]
            return _read(STATES[name], name, state, where, side)
    if damage:
        raise damage[0]
    raise unknown(tree, states, FORMATS, where)


def _read(module: ModuleType, name: str, tree: Any, where: str, side: int | None) -> Generator:
    if side is not None and name not in SIDED:
        raise ValueError(
            f"{where} ({name}) says itself how large its pictures are: leave the side out, only a file of "
            f"{' or '.join(SIDED)} needs it"
        )
    generator = module.read(tree, where) if side is None else module.read(tree, where, side)
    part, others = (tree.part, tree.others) if isinstance(tree, State) else ("", ())
    generator.reading = generator.reading._replace(format=name, part=part, others=tuple(dict.fromkeys(others)))
    return generator


def _named(states: Sequence[State], part: str, where: str) -> list[State]:
    """The networks of a name, whole or its end."""
    found = [state for state in states if f".{state.part}".endswith(f".{part}")]
    if not found:
        outer = _distinct([(state, "") for state in states if state.path])
        names = ", ".join(repr(shown(state.part)) for state, _ in outer[:8]) or "nothing that has a name"
        raise ValueError(f"{where} has no part {shown(part)!r}: expected one of {names}")
    return found


def _recognised(state: State, where: str, damage: list[ValueError]) -> tuple[State, str] | None:
    """A state with its weights whole, and the format that it is of. damage: takes what is wrong with others."""
    try:
        state = whole_weights(state, where)
    except ValueError as error:
        damage.append(error)
        return None
    return next(((state, name) for name, module in STATES.items() if module.matches(state)), None)


def _distinct(found: Sequence[tuple[State, str]]) -> list[tuple[State, str]]:
    """Without networks inside of ones before them, and without copies of them."""
    kept: list[tuple[State, str]] = []
    for state, name in found:
        if not any(_inside(state, one) or _same(one, state) for one, _ in kept):
            kept.append((state, name))
    return kept


def _inside(state: State, one: State) -> bool:
    """Whether a state is another one, or a part of it."""
    return state.path[: len(one.path)] == one.path


def _same(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all(
        tensor.shape == other[name].shape and bool(torch.equal(tensor, other[name])) for name, tensor in one.items()
    )
