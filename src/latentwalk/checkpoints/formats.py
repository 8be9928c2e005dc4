"""Every format that is read, tried by content in a fixed order. A new one is a file and a line here.

A format is a module with two functions: `matches(tree) -> bool` sees from names and types whether a tree is of its
kind, `read(tree, where) -> Generator` builds the generator, frozen, or raises ValueError. What it is given is a `State`
(`candidates`): the tensors of one network by their names. Formats of `TREES` are files of a shape of their own.
One that does not say how large its pictures are has `SIDED`, and its `read` takes their side as well.
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
from latentwalk.checkpoints.assembly import naming
from latentwalk.checkpoints.candidates import State, candidates
from latentwalk.checkpoints.folders import read_path
from latentwalk.checkpoints.normalised import whole_weights
from latentwalk.checkpoints.unknown import unknown
from latentwalk.choices import UNSAID, Choices
from latentwalk.generator import Generator
from latentwalk.safeload.nodes import shown
from latentwalk.weights import check_numbers

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


def open_generator(path: Path, choices: Choices = UNSAID) -> Generator:
    """The generator of a checkpoint file or folder: its content says which family it is of, and choices the rest.

    Raises ValueError in one line that begins with the path, as `build_generator` does.
    """
    return build_generator(read_path(path, everything=choices.part is not None), str(path), choices)


def build_generator(tree: Any, where: str, choices: Choices = UNSAID) -> Generator:
    """The generator of a tree, by the first format that it is of.

    where: what to call it in errors. choices: what the file cannot say. Its part is the place of the network in the
    file ("state_dict.G_ema") or a part of that ("G_ema"); without, it is the best one: an averaged one before others,
    a generator before what has any name. For the rest see `genforce.with_classes` and `adjusted`.
    Raises ValueError when no format reads it, when several networks have the same right to be taken, and for choices
    that mean nothing here.
    """
    generator = _generator(tree, where, choices)
    if choices.classes is not None:
        generator = genforce.with_classes(generator, choices.classes, where)
    if choices.activation is not None:
        generator = with_activation(generator, choices.activation, where)
    return swapped(generator, where) if choices.bgr else generator


def _generator(tree: Any, where: str, choices: Choices) -> Generator:
    part, side = choices.part, choices.side
    for name, module in TREES.items():
        if module.matches(tree):
            if part is not None:
                raise ValueError(f"{where} ({name}) is read as a whole: leave the part out, got {shown(part)!r}")
            return _read(module, name, tree, where, side)
    states = [] if own.kind_of(tree) else candidates(tree, where)
    if part is not None:
        states = _named(states, part, where)
    damage: list[ValueError] = []
    for _, equals in itertools.groupby(states, key=lambda state: state.role):
        known = [pair for state in equals if (pair := _recognised(state, where, damage)) is not None]
        found = _called_so(_distinct(known))
        if len(found) > 1:
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
    if isinstance(tree, State):
        check_numbers(tree, where)
    if side is not None and not hasattr(module, "SIDED"):
        sided = " or ".join(each for each, module in FORMATS.items() if hasattr(module, "SIDED"))
        raise ValueError(
            f"{where} ({name}) says itself how large its pictures are: leave the side out, only a file of {sided} "
            "needs it"
        )
    with naming(where):
        generator = module.read(tree, where) if side is None else module.read(tree, where, side)
    part, others = (tree.part, tree.others) if isinstance(tree, State) else ("", ())
    generator.reading = generator.reading._replace(format=name, part=part, others=tuple(dict.fromkeys(others)))
    return generator


def _named(states: Sequence[State], part: str, where: str) -> list[State]:
    """The networks of a name and those in them: one with this place in the file, else a part of a place."""
    inside = [state for state in states if f"{state.part}.".startswith(f"{part}.")]
    found = inside or [state for state in states if f".{part}." in f".{state.part}."]
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


def _called_so(found: Sequence[tuple[State, str]]) -> list[tuple[State, str]]:
    """Without those that are averaged, or a generator, by the name of what they lie in alone, where another in there is
    by a name of its own: ema-pytorch keeps `online_model` beside `ema_model`, and people keep both under "ema"."""
    callers = [state.caller for state, _ in found]
    return [
        pair
        for pair, caller in zip(found, callers, strict=True)
        if not any(len(each) > len(caller) and each[: len(caller)] == caller for each in callers)
    ]


def _inside(state: State, one: State) -> bool:
    """Whether a state is another one, or a part of it."""
    return state.path[: len(one.path)] == one.path


def _same(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all(
        tensor.shape == other[name].shape and bool(torch.equal(tensor, other[name])) for name, tensor in one.items()
    )
