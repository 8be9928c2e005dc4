"""Our own format: one safetensors file with the weights as the network uses them, and what that is built from.

The header says kind, version of the format, family, its sizes as JSON, and the fingerprint of the weights. Sizes are
checked like everything that comes from a file; they only describe the network, whose weights the tensors are.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from latentwalk.checkpoints.assembly import assemble, naming
from latentwalk.described import check_version, read_sizes, write_sizes
from latentwalk.files import write_tensors
from latentwalk.generator import Generator
from latentwalk.generators.biggan import BigGAN, BigGANSizes
from latentwalk.generators.biggan_deep import BigGANDeep, BigGANDeepSizes
from latentwalk.generators.conditional_dcgan import ConditionalDCGAN, ConditionalDCGANSizes
from latentwalk.generators.dcgan import DCGAN, DCGANSizes
from latentwalk.generators.mlp import MLP, MLPSizes
from latentwalk.generators.pggan import PGGAN, PGGANSizes
from latentwalk.generators.stylegan import StyleGAN, StyleGANSizes
from latentwalk.generators.stylegan2 import StyleGAN2, StyleGAN2Sizes
from latentwalk.generators.stylegan2_bilinear import BilinearStyleGAN2, BilinearStyleGAN2Sizes
from latentwalk.generators.stylegan3 import StyleGAN3, StyleGAN3Sizes
from latentwalk.generators.vae import VAE, VAESizes
from latentwalk.safeload.nodes import ADVICE, shown
from latentwalk.weights import fingerprint

KIND, VERSION = "latentwalk.generator", 1
"""What a file says that it is, and the newest version of the format that is known."""


class Family(NamedTuple):
    """What a network is built from, and how."""

    sizes: type
    build: Callable[[Any], Generator]


FAMILIES = {
    "DCGAN": Family(DCGANSizes, lambda sizes: DCGAN(sizes.empty(), sizes.tanh)),
    "ConditionalDCGAN": Family(
        ConditionalDCGANSizes,
        lambda sizes: ConditionalDCGAN(sizes.empty(), sizes.classes, sizes.tanh, sizes.conditions),
    ),
    "VAE": Family(VAESizes, VAE),
    "MLP": Family(MLPSizes, MLP),
    "PGGAN": Family(PGGANSizes, PGGAN),
    "StyleGAN": Family(StyleGANSizes, StyleGAN),
    "StyleGAN2": Family(StyleGAN2Sizes, StyleGAN2),
    "BilinearStyleGAN2": Family(BilinearStyleGAN2Sizes, BilinearStyleGAN2),
    "StyleGAN3": Family(StyleGAN3Sizes, StyleGAN3),
    "BigGAN": Family(BigGANSizes, BigGAN),
    "BigGANDeep": Family(BigGANDeepSizes, BigGANDeep),
}
"""By the name of the class."""


def write(generator: Generator, path: str | Path) -> None:
    """Write the generator to a file, atomically.

    Raises ValueError for a network of somebody's own, and for weights that are not those that were loaded any more.
    """
    name, tensors = type(generator).__name__, generator.state_dict()
    if name not in FAMILIES:
        raise ValueError(f"a {name} cannot be converted: a file cannot hold its code; expected {', '.join(FAMILIES)}")
    if fingerprint(tensors) != generator.fingerprint:
        raise ValueError(f"the weights were changed, or rounded to {generator.dtype}: convert the generator as loaded")
    header = {"kind": KIND, "version": str(VERSION), "family": name, "sizes": write_sizes(vars(generator)["sizes"])}
    write_tensors(path, tensors, {**header, "fingerprint": generator.fingerprint})


def kind_of(tree: object) -> str:
    """What a tree says that it is, "" for one that is no file of latentwalk's."""
    if not isinstance(tree, Mapping) or tree.keys() != {"metadata", "state"}:
        return ""
    metadata, state = tree["metadata"], tree["state"]
    if not isinstance(metadata, Mapping) or not all(isinstance(text, str) for text in metadata.values()):
        return ""  # a pickle can look like much
    tensors = isinstance(state, Mapping) and all(isinstance(tensor, Tensor) for tensor in state.values())
    return metadata.get("kind", "") if tensors else ""


def matches(tree: object) -> bool:
    """Whether a tree {"metadata": texts, "state": tensors} is a file that `write` made."""
    return kind_of(tree) == KIND


def read(tree: Mapping[str, Any], where: str) -> Generator:
    """The generator, frozen. where: what to call the file in errors. Raises ValueError that says what did not fit."""
    header, tensors = tree["metadata"], tree["state"]
    with naming(where):
        family, sizes = _described(header)
        try:
            generator = assemble(lambda: family.build(sizes), tensors, where)
        except (RuntimeError, LookupError, ArithmeticError) as error:  # torch builds no such layers
            raise ValueError(f"no network has the sizes {shown(sizes)}: the file is damaged, {ADVICE}") from error
    if generator.fingerprint != header.get("fingerprint"):
        raise ValueError(f"{where}: its weights are not those that were written: the file is damaged, {ADVICE}")
    return generator


def _described(header: Mapping[str, str]) -> tuple[Family, Any]:
    """The family and the sizes that a header names. Raises ValueError when they cannot be understood."""
    version, family, text = (header.get(name, "") for name in ("version", "family", "sizes"))
    check_version(version, VERSION)
    if family not in FAMILIES:
        raise ValueError(f"unknown family {shown(family)!r}: expected {', '.join(FAMILIES)}")
    return FAMILIES[family], read_sizes(FAMILIES[family].sizes, text)
