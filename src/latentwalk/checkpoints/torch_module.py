"""Whole DCGANs and MLPs as torch.save(network) writes them: objects of torch.nn, of which no code runs.

What a state dict leaves open, such objects say: strides, paddings, the eps of BatchNorm and the activations. Layers act
in the order in which they were made. What a `forward` does beside that is not seen: where no object is an activation,
ReLU and a tanh at the end are taken to be there, and said so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from latentwalk.checkpoints.candidates import State
from latentwalk.checkpoints.chain import EPS, Layer, Module, build_dcgan, halved, linear, ordinary, transposed
from latentwalk.checkpoints.linear import build_mlp
from latentwalk.checkpoints.modules import Snapshot
from latentwalk.checkpoints.plain import counters
from latentwalk.checkpoints.state_dict import ASSUMED
from latentwalk.generator import Generator
from latentwalk.generators.dcgan import LINEAR, RELU
from latentwalk.safeload.nodes import shown
from latentwalk.weights import check_finite

LAYERS = frozenset({"ConvTranspose2d", "Conv2d", "Linear"})
NORMS = frozenset({"BatchNorm1d", "BatchNorm2d"})
ACTIVATIONS = frozenset({"ReLU", "LeakyReLU"})
DOUBLING = frozenset({"Upsample", "UpsamplingNearest2d"})
ENDINGS = frozenset({"Tanh", "Sigmoid"})
NOTHING = frozenset({"Dropout", "Dropout2d", "Identity", "Flatten", "Unflatten", "UnFlatten", "Reshape", "View"})
"""What changes no number of a picture, or only its shape."""

KNOWN = LAYERS | NORMS | ACTIVATIONS | DOUBLING | ENDINGS | NOTHING

TANH = "a tanh at the end, which no object in the file is"


class Leaf(NamedTuple):
    """A module without modules in it: its name, its class, its tensors and its plain attributes."""

    name: str
    kind: str
    tensors: Module
    settings: Mapping[str, Any]


def matches(tree: object) -> bool:
    """Whether a state is that of a whole module with several layers of torch.nn, and no weights of other classes."""
    if not isinstance(tree, State) or tree.module is None:
        return False
    leaves = _leaves(tree, tree.module)
    known = {leaf.name for leaf in leaves if leaf.kind in LAYERS | NORMS}
    return {_holder(name) for name in tree} <= known and sum(leaf.kind in LAYERS for leaf in leaves) > 1


def read(tree: State, where: str) -> Generator:
    """The generator, frozen. Raises ValueError that says what did not fit."""
    check_finite(tree, where)
    if tree.module is None:
        raise ValueError(f"{where} holds no module: expected one of torch.nn")
    leaves = _leaves(tree, tree.module)
    layers, assumed = _activated(_layers(leaves, where), leaves, tree.module)
    ending = next((leaf.kind for leaf in leaves if leaf.kind in ENDINGS), None)
    if ending is None and _kind(tree.module.kinds.get("", "")) != "Sequential":
        ending, assumed = "Tanh", (*assumed, TANH)
    if ending == "Sigmoid":
        layers[-1] = halved(layers[-1], where)
    build = build_mlp if layers[-1].weight.ndim == 2 else build_dcgan
    generator = build(layers, where, ending is not None).freeze()
    generator.reading = generator.reading._replace(ignored=counters(tree), assumed=assumed)
    return generator


def _leaves(tree: State, module: Snapshot) -> list[Leaf]:
    """All modules without modules in them, in the order of the network."""
    holders = {_holder(name) for name in module.kinds if name}
    leaves = {name: Leaf(name, _kind(kind), {}, {}) for name, kind in module.kinds.items() if name not in holders}
    settings: dict[str, dict[str, Any]] = {name: {} for name in leaves}
    for name, value in module.attributes.items():
        holder, _, attribute = name.rpartition(".")
        settings.get(holder, {})[attribute] = value
    for name, tensor in tree.items():
        if _holder(name) in leaves:
            leaves[_holder(name)].tensors[name.rpartition(".")[2]] = tensor
    return [leaf._replace(settings=settings[name]) for name, leaf in leaves.items()]


def _holder(name: str) -> str:
    return name.rpartition(".")[0]


def _kind(name: str) -> str:
    return name.rpartition(".")[2]


def _layers(leaves: Sequence[Leaf], where: str) -> list[Layer]:
    """Every layer with the BatchNorm after it, without activations."""
    layers: list[Layer] = []
    doubled = active = False
    for leaf in leaves:
        if leaf.kind in LAYERS:
            layers.append(_layer(leaf, doubled, where))
            doubled = active = False
        elif leaf.kind in NORMS:
            if not layers or active or layers[-1].norm is not None:
                raise _strange(leaf, where, "a BatchNorm comes after a layer and before its activation")
            layers[-1] = replace(layers[-1], norm=leaf.tensors, eps=_number(leaf, "eps", EPS, where))
        elif leaf.kind in DOUBLING:
            if (
                leaf.settings.get("scale_factor") not in (2, (2, 2))
                or leaf.settings.get("mode") != "nearest"
                or doubled
            ):
                raise _strange(leaf, where, "only doubling by repeated pixels is drawn")
            doubled = True
        elif leaf.kind in ACTIVATIONS:
            active = True
        elif leaf.kind not in ENDINGS | NOTHING:
            raise _strange(
                leaf, where, f"expected {', '.join(sorted(LAYERS | NORMS | ACTIVATIONS | DOUBLING | ENDINGS))}"
            )
    if doubled:
        raise ValueError(f"{where}: a picture that is doubled at the end is not drawn: give the network to lw.wrap")
    return layers


def _layer(leaf: Leaf, doubled: bool, where: str) -> Layer:
    if "weight" not in leaf.tensors:
        raise ValueError(f"{where}: {leaf.name!r} has no weight: the file is damaged")
    if leaf.kind == "Linear" and not doubled:
        return linear(leaf.name, leaf.tensors)
    stride, padding = _side(leaf, "stride", where), _side(leaf, "padding", where)
    usual = leaf.settings.get("groups") == 1 and leaf.settings.get("padding_mode", "zeros") == "zeros"
    if not usual or _side(leaf, "dilation", where) != 1:
        raise _strange(leaf, where, "expected one group, zeros around, and no dilation")
    if leaf.kind == "ConvTranspose2d" and not doubled:
        return transposed(leaf.name, leaf.tensors, stride, padding, _side(leaf, "output_padding", where))
    if leaf.kind != "Conv2d" or stride != 1:
        raise _strange(leaf, where, "after doubling, and where a map is not doubled, expected a Conv2d of stride 1")
    return ordinary(leaf.name, leaf.tensors, padding, doubled)


def _activated(layers: list[Layer], leaves: Sequence[Leaf], module: Snapshot) -> tuple[list[Layer], tuple[str, ...]]:
    """The layers with their slopes, and what was assumed of them."""
    found = [leaf for leaf in leaves if leaf.kind in ACTIVATIONS]
    if not found and _kind(module.kinds.get("", "")) != "Sequential":
        return layers, (ASSUMED,)
    if len(found) == 1 and _shared(found[0], leaves, module):
        return [replace(layer, slope=_slope(found[0])) for layer in layers], ()
    slopes, place = [LINEAR] * len(layers), -1
    for leaf in leaves:
        if leaf.kind in LAYERS:
            place += 1
        elif leaf.kind in ACTIVATIONS and place >= 0:
            slopes[place] = _slope(leaf)
    return [replace(layer, slope=slope) for layer, slope in zip(layers, slopes, strict=True)], ()


def _shared(activation: Leaf, leaves: Sequence[Leaf], module: Snapshot) -> bool:
    """Whether one object is the activation of several layers: it stands beside them in a class of somebody's own."""
    holder = _holder(activation.name)
    beside = sum(leaf.kind in LAYERS and _holder(leaf.name) == holder for leaf in leaves)
    return beside > 2 and _kind(module.kinds.get(holder, "")) != "Sequential"


def _slope(leaf: Leaf) -> float:
    slope = leaf.settings.get("negative_slope", RELU)
    return float(slope) if isinstance(slope, int | float) else RELU


def _number(leaf: Leaf, name: str, usual: float, where: str) -> float:
    value = leaf.settings.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise ValueError(f"{where}: {leaf.name!r} has the {name} {shown(value)}: the file is damaged")
    return float(value)


def _side(leaf: Leaf, name: str, where: str) -> int:
    """One number that holds for both directions."""
    value = leaf.settings.get(name)
    if isinstance(value, tuple | list) and len(value) == 2 and value[0] == value[1]:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 100:
        raise _strange(leaf, where, f"its {name} is {shown(leaf.settings.get(name))}, expected the same both ways")
    return value


def _strange(leaf: Leaf, where: str, what: str) -> ValueError:
    return ValueError(
        f"{where}: {shown(leaf.name)!r} is a {shown(leaf.kind)} that is not drawn ({what}): "
        "make the network in Python and give it to lw.wrap"
    )
