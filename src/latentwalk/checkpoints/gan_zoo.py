"""Files of pytorch_GAN_zoo: the averaged generator of a PGAN (that is PGGAN) or a DCGAN.

The configuration beside a generator says what no shape shows: how far a scale has faded in (alpha) and the loss, which
decides whether a picture goes through a tanh. Without it, the settings are those that the code trains with by itself.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from latentwalk.checkpoints import plain
from latentwalk.checkpoints.assembly import assemble, naming, wanted_tensor
from latentwalk.checkpoints.candidates import beside
from latentwalk.checkpoints.plain import counters
from latentwalk.checkpoints.state_dict import holds_tensors
from latentwalk.generator import Generator, Reading
from latentwalk.generators.dcgan import DCGAN
from latentwalk.generators.pggan import LARGEST, PGGAN, SLOPE, PGGANSizes, doubling
from latentwalk.weights import check_finite

SQUASHING = ("DCGAN", "MSE")
"""Losses whose generators end in a tanh; the others (WGANGP, Logistic) end in nothing."""

State = Mapping[str, Tensor]


def matches(tree: object) -> bool:
    """Whether a state is a generator of pytorch_GAN_zoo."""
    return isinstance(tree, Mapping) and holds_tensors(tree) and "formatLayer.weight" in tree


def read(tree: State, where: str) -> Generator:
    """The generator, frozen. where: what to call it in errors. Raises ValueError that says what did not fit."""
    config = _config(beside(tree).get("config"))
    with naming(where):
        reader = read_pggan if tree["formatLayer.weight"].ndim == 2 else read_dcgan
        return reader(tree, config, where)


def _config(found: object) -> Mapping[str, Any]:
    """The configuration, be it a dict or the state of an object; empty where there is none."""
    inner = found.get("state", found) if isinstance(found, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def _number(config: Mapping[str, Any], name: str, default: float, where: str) -> float:
    value = config.get(name, default)
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{where}: the configuration has {name} {value!r}, expected a number")
    return float(value)


def read_pggan(state: State, config: Mapping[str, Any], where: str) -> PGGAN:
    """A PGGAN from the state dict of a PGAN. Raises ValueError that says what did not fit."""
    if not config.get("perChannelNormalization", True):
        raise ValueError(f"{where} was trained without pixel norm (perChannelNormalization): this is not supported")
    scales = 1 + max(
        (int(match[1]) for name in state if (match := re.fullmatch(r"toRGBLayers\.(\d{1,2})\.weight", name))),
        default=0,
    )
    if 2 << scales > LARGEST:
        raise ValueError(f"{where} has {scales} scales: expected at most {LARGEST} px")
    fade = _number(config, "alpha", 0.0, where) if scales > 1 else 0.0
    factor = bool(config.get("equalizedlR", True))
    names = {"formatLayer": "layers.0", "groupScale0.0": "layers.1", f"toRGBLayers.{scales - 1}": "picture.paint"}
    if fade:
        names[f"toRGBLayers.{scales - 2}"] = "picture.before"
    for i in range(1, scales):
        names |= {f"scaleLayers.{i - 1}.{j}": f"layers.{2 * i + j}" for j in (0, 1)}
    tensors = {name: tensor for name, tensor in state.items() if not name.startswith("toRGBLayers.")}
    ignored = [name for name in state if name not in tensors and name.rpartition(".")[0] not in names]
    for theirs, ours in names.items():
        dense = theirs == "formatLayer"
        weight = wanted_tensor(state, f"{theirs}.weight", 2 if dense else 4, where)
        bias = wanted_tensor(state, f"{theirs}.bias", 1, where)
        # The factor of equalised learning rate comes after the bias here, for colours too.
        scale = math.sqrt(2 / max(1, math.prod(weight.shape[1:]))) if factor else 1.0
        weight, bias = (weight.double() * scale).float(), (bias.double() * scale).float()
        if dense:  # from (channel, row, column) to (row, column, channel)
            weight, bias = _channels_last(weight, where), _channels_last(bias, where)
        elif re.fullmatch(r"scaleLayers\.\d+\.0", theirs):
            weight = doubling(weight)
        tensors |= {f"{ours}.weight": weight, f"{ours}.bias": bias}
        tensors.pop(f"{theirs}.weight", None)
        tensors.pop(f"{theirs}.bias", None)
    sizes = PGGANSizes(
        z=tensors["layers.0.weight"].shape[1],
        widths=tuple(len(tensors[f"layers.{2 * i + 1}.bias"]) for i in range(scales)),
        colors=len(tensors["picture.paint.bias"]),
        fade=fade,
        slope=_number(config, "leakyReluLeak", SLOPE, where),
        tanh=_squashes(config, default=False),
    )
    return assemble(lambda: PGGAN(sizes), tensors, where, ignored)


def read_dcgan(state: State, config: Mapping[str, Any], where: str) -> DCGAN:
    """A DCGAN from its state dict. Raises ValueError that says what did not fit."""
    check_finite(state, where)
    generator = plain.read_dcgan(state, where, _squashes(config, default=True)).freeze()
    generator.reading = Reading(ignored=counters(state))
    return generator


def _squashes(config: Mapping[str, Any], default: bool) -> bool:
    """Whether a picture goes through a tanh."""
    loss = config.get("lossCriterion")
    return default if loss is None else loss in SQUASHING


def _channels_last(rows: Tensor, where: str) -> Tensor:
    """Rows in the order channel, row, column of a 4x4 map, in the order row, column, channel."""
    if len(rows) % 16:
        raise ValueError(f"{where}: formatLayer gives {len(rows)} numbers, expected a multiple of 16 (a 4x4 map)")
    return rows.unflatten(0, (-1, 16)).transpose(0, 1).flatten(0, 1)
