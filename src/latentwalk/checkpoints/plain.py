"""State dicts of the DCGAN / WGAN family: what a layer does, its shape says; which comes first, the names.

A state dict says nothing about strides, padding and activations. Networks of this kind differ in little: transposed
convolutions whose channels chain from the code to the colours, each with a BatchNorm or none, and

- kernels of 4 with stride 2 and padding 1, the first one (4, or 7 for 28x28) on a map of one pixel, as in the paper;
  kernels of 2, 5 and 6 double as well;
- kernels of 3 with stride 2 and no padding, among them 4 with stride 1, at the end 4 with stride 2;
- a linear layer first, then kernels as above;
- kernels of 3 or 1 where the first is none of 3: ordinary convolutions that keep the size, but where no other kernel
  could double, those of 3 that take what comes before as a transposed convolution does.

Activations are taken to be ReLU, see `with_activation`.
"""

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from torch import Tensor

from latentwalk.checkpoints.assembly import listed
from latentwalk.checkpoints.chain import Layer, Module, build_dcgan, ordinary, transposed
from latentwalk.generators.dcgan import DCGAN

LEAVES = frozenset({"weight", "bias", "running_mean", "running_var", "num_batches_tracked"})
"""Tensors of linear layers, convolutions and BatchNorm."""

STAGED = re.compile(r"(?:.*\.)?(initial|pyramid|extra-layers|final)(?:-(\d{1,9}))?[:.](?:\d+-)?(\d{1,9})[:.](\w+)")
"""Names of the older WGAN: a stage, its number, and the channels that come out of it, which a pyramid halves."""

DOUBLING = (2, 4, 5, 6)
"""Kernels that double a map, with a padding that fits."""

FIRST = re.compile(r"pre|init|format|first|fc|lin|dense|proj|embed|input|l1")
LAST = re.compile(r"out|final|last|.*rgb|colou?r")
"""Words for the layers at both ends, in names that may have no number."""


def counters(tensors: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Names of the tensors that count steps of a training, which have no part in the picture."""
    return tuple(name for name in tensors if name.endswith("num_batches_tracked"))


def is_plain(tensors: Mapping[str, Tensor]) -> bool:
    """Whether these are the layers of such a network, which chain from a code to a picture."""
    if not resembles(tensors):
        return False
    try:
        layers = layers_of(tensors, "")
    except ValueError:
        return False
    inside = [layer.weight.ndim for layer in layers]
    return len(layers) > 1 and set(inside[1:]) == {4} and _chains(layers) and _opens(layers)


def resembles(tensors: Mapping[str, Tensor]) -> bool:
    """Whether these are such layers, be they a generator or not."""
    leaves = {name.rpartition(".")[2] for name in tensors}
    return leaves <= LEAVES and any(tensor.ndim == 4 for tensor in tensors.values())


def read_dcgan(tensors: Mapping[str, Tensor], where: str, tanh: bool = True) -> DCGAN:
    """A generator from a plain state dict. tanh: whether pictures go through one.

    where: what to call the file in errors. Raises ValueError that says what did not fit.
    """
    return build_dcgan(layers_of(tensors, where), where, tanh)


def layers_of(tensors: Mapping[str, Tensor], where: str) -> list[Layer]:
    """The layers in their order, each with its BatchNorm. Raises ValueError for a layer that has no place."""
    strange = [name for name in tensors if name.rpartition(".")[2] not in LEAVES]
    if strange or not tensors:
        some = ", ".join(map(repr, sorted(tensors)[:4])) or "nothing"
        which = f", among them {listed(strange)}" if strange else ""
        raise ValueError(
            f"{where} is not a generator of a known layout (its tensors begin with {some}{which}): expected a DCGAN, "
            "whose layers have a weight, a bias and the statistics of BatchNorm"
        )
    modules = _modules(tensors)
    maps = any(tensor.ndim == 4 for tensor in tensors.values())
    by_names = sorted(modules, key=lambda item: (*_place(*item, maps), "running_mean" in item[1]))
    for order in (by_names, modules, _by_shapes(modules)):  # names may tell no order, in a file that kept it or not
        with suppress(ValueError):
            if _chains(layers := _layers(order, where)):
                return layers
    return _layers(by_names, where)


def _chains(layers: Sequence[Layer]) -> bool:
    """Whether every map goes into the next layer, and every BatchNorm is one."""
    weights = [layer.weight for layer in layers if layer.weight.ndim == 4]
    if any(layer.norm is not None and "running_mean" not in layer.norm for layer in layers):
        return False
    return all(before.shape[1] == after.shape[0] for before, after in itertools.pairwise(weights))


def _opens(layers: Sequence[Layer]) -> bool:
    """Whether a linear layer in front gives a square map of the channels that the next one takes."""
    rows, taken = layers[0].weight.shape[0], max(1, layers[1].weight.shape[0])
    return layers[0].weight.ndim == 4 or math.isqrt(rows // taken) ** 2 * taken == rows


def _layers(modules: Sequence[tuple[str, Module]], where: str) -> list[Layer]:
    """The layers of modules in this order."""
    pairs = _pairs(modules, where)
    weights = [module["weight"] for _, module, _ in pairs]
    kernels = [list(weight.shape[2:]) for weight in weights if weight.ndim == 4]
    later = kernels[1:] if weights and weights[0].ndim == 4 else kernels
    threes = len(later) < len(kernels) and kernels[0] == [3, 3] and ([3, 3] in later or len(later) == 1)
    maps = [weight.shape for weight in weights if weight.ndim == 4]
    chain = len(later) > 1 and maps[-len(later)][1] == maps[1 - len(later)][0]  # as transposed convolutions do
    alone = chain and not any(kernel[0] in DOUBLING for kernel in later)
    layers: list[Layer] = []
    for place, (name, module, norm) in enumerate(pairs):
        last = place == len(pairs) - 1
        layer = _tripled(name, module, layers, last) if threes else _layer(name, module, layers, alone)
        if layer is None:
            raise ValueError(
                f"{where} has the kernels {kernels}: expected a square one, then 2, 4, 5 or 6 for every doubling (3 or "
                "1 where the size stays), or 3 with 4 at the end"
            )
        layers.append(replace(layer, norm=norm))
    return layers


def _tripled(name: str, module: Module, before: Sequence[Layer], last: bool) -> Layer | None:
    """What a module does among kernels of 3 that double a map, None where its kernel does not say."""
    weight = module["weight"]
    strides = {3: 2, 4: 2 if last else 1}
    if weight.ndim != 4 or weight.shape[2] != weight.shape[3] or weight.shape[2] not in strides:
        return None
    return transposed(name, module, strides[weight.shape[2]] if before else 1, 0)


def _layer(name: str, module: Module, before: Sequence[Layer], alone: bool) -> Layer | None:
    """What a module does, None where its kernel does not say. alone: no other kernels than those of 3 could double."""
    weight = module["weight"]
    if weight.ndim == 2:
        return Layer(name, weight, module.get("bias"))
    kernel = weight.shape[2]
    if weight.shape[3] != kernel:
        return None
    if not before:
        return transposed(name, module, 1, 0)
    given = before[-1].weight.shape[1] if before[-1].weight.ndim == 4 else None
    takes = given in (None, weight.shape[0])  # as a transposed convolution does
    if kernel in DOUBLING and (takes or given != weight.shape[1] or kernel % 2 == 0):
        return transposed(name, module, 2, (kernel - 1) // 2, extra=kernel % 2)
    if kernel == 3 and alone and takes:
        return transposed(name, module, 2, 1, extra=1)
    if kernel % 2 and (given == weight.shape[1] or (given is None and kernel in (1, 3))):
        return ordinary(name, module, kernel // 2)
    return transposed(name, module, 1, kernel // 2) if kernel in (1, 3) else None


def _by_shapes(modules: Sequence[tuple[str, Module]]) -> list[tuple[str, Module]]:
    """In the order in which channels chain, if these say it: each BatchNorm after the layer whose channels it has.

    As given where names have numbers, or it does not fit: the other way round, those of a discriminator chain as well.
    """
    if any(re.search(r"\d", name) for name, _ in modules):
        return list(modules)
    layers = {module["weight"].shape[0]: (name, module) for name, module in modules if _holds(module, 4)}
    given = {module["weight"].shape[1] for _, module in layers.values()}
    norms = {
        len(vector): item
        for item in modules
        if (vector := item[1].get("running_mean")) is not None and vector.ndim == 1
    }
    linear = [item for item in modules if _holds(item[1], 2)]
    starts = [taken for taken in layers if taken not in given]
    if not norms or len(starts) != 1 or starts == [1] or len(linear) + len(layers) + len(norms) < len(modules):
        return list(modules)
    order, taken = linear, starts[0]
    while taken in layers:
        order.append(layers.pop(taken))
        taken = order[-1][1]["weight"].shape[1]
        order += [norms.pop(taken)] if taken in norms else []
    return list(modules) if norms or layers else order


def _holds(module: Module, dimensions: int) -> bool:
    return "weight" in module and module["weight"].ndim == dimensions


def _modules(tensors: Mapping[str, Tensor]) -> list[tuple[str, Module]]:
    """The tensors of each module, as they are stored."""
    modules: dict[str, Module] = {}
    for name, tensor in tensors.items():
        module, _, leaf = name.rpartition(".")
        modules.setdefault(module, {})[leaf] = tensor
    return list(modules.items())


def _place(name: str, module: Module, maps: bool) -> tuple[int, tuple[int, ...]]:
    """Where a module stands: at the beginning, in between or at the end, and there by the numbers in its name."""
    if staged := STAGED.fullmatch(name):
        stage = ("initial", "pyramid", "extra-layers", "final").index(staged[1])
        return stage, (int(staged[2] or 0), -int(staged[3]))
    words = re.findall(r"[a-z]+\d*", name.lower())
    numbers = tuple(int(number[:9]) for number in re.findall(r"\d+(?![\dd])", name))
    is_linear = "weight" in module and module["weight"].ndim == 2 and "running_mean" not in module
    if maps and (is_linear or any(map(FIRST.match, words))):
        return -1, numbers  # in front of the maps
    return int(any(map(LAST.match, words))), numbers


def _pairs(modules: Sequence[tuple[str, Module]], where: str) -> list[tuple[str, Module, Module | None]]:
    """Every layer with a weight of its own, and the BatchNorm that follows it, or None."""
    pairs: list[tuple[str, Module, Module | None]] = []
    for name, module in modules:
        weight = module.get("weight")
        norm = weight.ndim == 1 if weight is not None else "running_mean" in module
        if norm and pairs and pairs[-1][2] is None:
            pairs[-1] = (*pairs[-1][:2], module)
            continue
        if weight is None or not weight.is_floating_point() or not weight.numel():
            raise ValueError(f"{where}: a layer has {sorted(module)} but no weight of floating point numbers")
        if norm or weight.ndim not in (2, 4) or "running_mean" in module:
            raise ValueError(
                f"{where}: a layer with a weight of the shape {list(weight.shape)} is out of place: "
                "expected transposed convolutions [in, out, k, k], each followed by a BatchNorm or by nothing"
            )
        pairs.append((name, module, None))
    return pairs
