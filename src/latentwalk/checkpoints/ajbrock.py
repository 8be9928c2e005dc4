"""BigGAN as the PyTorch code of its author saves it: G_ema.pth or G.pth, beside it state_dict.pth with the flags.

Every size is read from the shapes; the flags, where they are, say only what no shape shows (the activation, the
epsilons). Spectral normalisation is one power iteration from the stored vector u0, whose factor is folded into the
weights. Statistics are found under each of the names that the flags for batch normalisation give them.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from latentwalk.checkpoints.assembly import assemble, renamed, wanted_tensor
from latentwalk.checkpoints.candidates import beside
from latentwalk.generators.biggan import BigGAN, BigGANSizes

FIRST = "blocks.0.0.conv1.weight"
"""A tensor that every file of this kind has."""

SN_EPS, BN_EPS = 1e-6, 1e-5
"""What normalisations add where no flags are: the values of the published models."""

IGNORED = re.compile(r".*\.(u\d+|sv\d+|accumulation_counter|num_batches_tracked)")
"""Spectral vectors and counters: they are in the weights by now, or have no influence."""

NAMES = (
    (r"shared\.weight", "embedding"),
    (r"linear\.(weight|bias)", r"dense.\1"),
    (r"blocks\.(\d+)\.0\.conv_sc\.(weight|bias)", r"blocks.\1.shortcut.\2"),
    (r"blocks\.(\d+)\.0\.(conv[12]\.(?:weight|bias))", r"blocks.\1.\2"),
    (r"blocks\.(\d+)\.0\.bn([12])\.gain\.weight", r"blocks.\1.norm\2.gain"),
    (r"blocks\.(\d+)\.0\.bn([12])\.bias\.weight", r"blocks.\1.norm\2.offset"),
    (r"blocks\.(\d+)\.0\.bn([12])\.(?:bn\.)?(?:stored|running)_(mean|var)", r"blocks.\1.norm\2.\3"),
    (r"blocks\.(\d+)\.1\.gamma", r"blocks.\1.attention.gamma"),
    (r"blocks\.(\d+)\.1\.theta\.weight", r"blocks.\1.attention.query"),
    (r"blocks\.(\d+)\.1\.phi\.weight", r"blocks.\1.attention.key"),
    (r"blocks\.(\d+)\.1\.g\.weight", r"blocks.\1.attention.value"),
    (r"blocks\.(\d+)\.1\.o\.weight", r"blocks.\1.attention.out"),
    (r"output_layer\.0\.(?:bn\.)?(?:gain|weight)", "norm.gain"),
    (r"output_layer\.0\.(?:bn\.)?bias", "norm.offset"),
    (r"output_layer\.0\.(?:bn\.)?(?:stored|running)_(mean|var)", r"norm.\1"),
    (r"output_layer\.2\.(weight|bias)", r"paint.\1"),
)
"""Foreign names and ours."""


def matches(tree: object) -> bool:
    """Whether a state is a BigGAN of this code base."""
    return isinstance(tree, Mapping) and FIRST in tree and "linear.weight" in tree


def read(state: Mapping[str, Tensor], where: str) -> BigGAN:
    """The generator, frozen; its flags lie beside it. Raises ValueError that says what did not fit."""
    flags = _flags(beside(state).get("config"))
    _check_flags(flags, where)
    sizes = _sizes(state, flags.get("BN_eps", BN_EPS), where)
    folded = fold_spectral(state, flags.get("SN_eps", SN_EPS))
    tensors = {renamed(name, NAMES): tensor for name, tensor in folded.items() if not IGNORED.fullmatch(name)}
    ignored = [name for name in state if IGNORED.fullmatch(name) and not name.endswith(".u0")]
    return assemble(lambda: BigGAN(sizes), {n: _our_shape(n, t, sizes) for n, t in tensors.items()}, where, ignored)


def fold_spectral(state: Mapping[str, Tensor], eps: float) -> dict[str, Tensor]:
    """Every weight divided by the norm that one power iteration from its u0 finds, computed in float64."""
    folded = dict(state)
    for name, start in state.items():
        weight = state.get(name.removesuffix("u0") + "weight")
        if name.endswith(".u0") and weight is not None and start.numel() == len(weight):
            matrix = weight.double().flatten(1)
            v = F.normalize(start.double().flatten() @ matrix, dim=0, eps=eps)
            u = F.normalize(matrix @ v, dim=0, eps=eps)
            folded[name.removesuffix("u0") + "weight"] = (weight.double() / (u @ matrix @ v)).float()
    return folded


def _flags(found: object) -> Mapping[str, Any]:
    """The flags of the training run, which lie in the config of its state_dict.pth; none where that is absent."""
    inner = found.get("config", found) if isinstance(found, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def _check_flags(flags: Mapping[str, Any], where: str) -> None:
    known = {"G_nl": ("relu", "inplace_relu"), "norm_style": ("bn",), "G_param": ("SN",)}
    for flag, values in known.items():
        if flags.get(flag, values[0]) not in values:
            raise ValueError(f"{where} was trained with {flag} {flags[flag]!r}: only {', '.join(values)} is supported")
    for flag in ("BN_eps", "SN_eps"):
        eps = flags.get(flag, BN_EPS)
        if not isinstance(eps, int | float) or not 0 < eps < 1:
            raise ValueError(f"{where} was trained with {flag} {eps!r}: expected a small positive number")


def _sizes(state: Mapping[str, Tensor], eps: float, where: str) -> BigGANSizes:
    if "blocks.0.0.conv3.weight" in state:
        raise ValueError(f"{where} is a BigGAN-deep of this code base (G_depth 2): only its BigGAN is supported")
    blocks = 1 + max(int(m[1]) for n in state if (m := re.fullmatch(r"blocks\.(\d{1,3})\.0\.conv1\.weight", n)))
    convs = [wanted_tensor(state, f"blocks.{i}.0.conv1.weight", 4, where) for i in range(blocks)]
    gain = wanted_tensor(state, "blocks.0.0.bn1.gain.weight", 2, where)
    out, chunk = wanted_tensor(state, "linear.weight", 2, where).shape
    first = convs[0].shape[1]
    bottom = math.isqrt(out // first) if first else 0
    shared = "shared.weight" in state
    classes, embedding = wanted_tensor(state, "shared.weight", 2, where).shape if shared else (len(gain), 0)
    return BigGANSizes(
        classes=classes,
        embedding=embedding,
        chunk=chunk,
        hierarchical=shared and gain.shape[1] > embedding,
        bottom=bottom,
        channels=(first, *(len(conv) for conv in convs)),
        attention=frozenset(i for i in range(blocks) if f"blocks.{i}.1.gamma" in state),
        colors=len(wanted_tensor(state, "output_layer.2.weight", 4, where)),
        eps=float(eps),
    )


def _our_shape(name: str, tensor: Tensor, sizes: BigGANSizes) -> Tensor:
    """Statistics get the one row that they are, and tables by class [classes, c] become maps of class vectors."""
    if re.fullmatch(r"(.*\.)?norm\d?\.(mean|var)", name):
        return tensor[None]
    if not sizes.embedding and re.fullmatch(r"blocks.*norm\d\.(gain|offset)", name):
        return tensor.T
    return tensor.reshape(()) if name.endswith("gamma") and tensor.numel() == 1 else tensor
