"""Every format that is read, tried by content in a fixed order. A new one is a file and a line here.

A format is a module with two functions: `matches(tree) -> bool` sees from names and types whether a tree (`lowering`,
`folders`) is of its kind, `read(tree, where) -> Generator` builds the generator, frozen, or raises ValueError.
"""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from latentwalk.checkpoints import (
    ajbrock,
    gan_zoo,
    genforce,
    huggingface,
    mmgeneration,
    nvidia,
    nvidia_tensorflow,
    own,
    rosinality,
    state_dict,
)
from latentwalk.checkpoints.folders import read_path
from latentwalk.checkpoints.state_dict import DISCRIMINATORS, contents, holds_tensors, unwrap
from latentwalk.generator import Generator
from latentwalk.safeload.nodes import CheckpointError, shown
from latentwalk.safeload.reading import Foreign

FORMATS: dict[str, ModuleType] = {
    "latentwalk": own,
    "NVIDIA StyleGAN2-ADA and StyleGAN3": nvidia,
    "NVIDIA StyleGAN2 of TensorFlow": nvidia_tensorflow,
    "rosinality StyleGAN2": rosinality,
    "MMGeneration StyleGAN2": mmgeneration,
    "genforce": genforce,
    "Hugging Face BigGAN-deep": huggingface,
    "BigGAN-PyTorch": ajbrock,
    "pytorch_GAN_zoo": gan_zoo,
    "a DCGAN or WGAN-GP state dict": state_dict,
}
"""By the name that errors call them."""

SAVE = "save the generator alone with torch.save(network.state_dict(), path)"

GENERATORS = frozenset({"G", "g", "netG", "generator", "gen", "G_ema", "g_ema", "generator_smooth", "avgG"})
DISCRIMINATOR_PARTS = ("fromrgb", "from_rgb", "final_conv", "final_linear", "mbstd", "discriminator", "critic")
TRAINING = frozenset(
    {"optimizer", "optimizers", "g_optim", "d_optim", "scheduler", "lr_scheduler", "epoch", "itr", "iteration", "step"}
) | frozenset({"args", "config", "best_fid", "best_FID", "running_metadata", "param_groups", "global_step"})


def open_generator(path: Path, classes: int | None = None) -> Generator:
    """The generator of a checkpoint file or folder: its content says which family it is of.

    classes: how many it was trained with, for files that cannot tell: see `genforce.with_classes`.
    Raises ValueError in one line that begins with the path.
    """
    generator = build_generator(read_path(path), str(path))
    return generator if classes is None else genforce.with_classes(generator, classes, str(path))


def build_generator(tree: Any, where: str) -> Generator:
    """The generator of a tree, by the first format that it is of. where: what to call it in errors."""
    for name, module in FORMATS.items():
        if module.matches(tree):
            generator = module.read(tree, where)
            generator.reading = generator.reading._replace(format=name)
            return generator
    if isinstance(tree, Mapping) and tree.keys() == {"state", "config"}:  # a configuration that nobody asked for
        return build_generator(tree["state"], where)
    raise CheckpointError(f"{where} {_what(tree)}")


def _what(tree: Any) -> str:
    """What a tree is that no format reads, and what to do."""
    found, names = unwrap(tree), list(map(str, tree)) if isinstance(tree, Mapping) else []
    inner = list(map(str, found)) if isinstance(found, Mapping) and holds_tensors(found) else []
    if own.kind_of(tree):
        return f"is a file of latentwalk and holds no generator but {shown(own.kind_of(tree))}: expected a checkpoint"
    if isinstance(tree, Foreign):
        return f"holds an object of the class {shown(tree.name)} whose code would have to run: expected tensors; {SAVE}"
    if not GENERATORS & set(names) and any(map(_of_discriminator, names + inner)):
        return f"holds a discriminator and no generator (its names begin with {_some(inner or names)}): {SAVE}"
    if inner:
        return (
            f"is not a generator of a known layout (its tensors begin with {_some(inner)}): expected one of "
            f"{', '.join(FORMATS)}; save the generator under the names of one of them"
        )
    if not GENERATORS & set(names) and TRAINING & set(names):
        return f"holds the state of a training and no generator (its names begin with {_some(names)}): {SAVE}"
    return f"holds {contents(tree)}, no generator and no state dict: expected one of {', '.join(FORMATS)}; {SAVE}"


def _of_discriminator(name: str) -> bool:
    return name in DISCRIMINATORS or any(part in name for part in DISCRIMINATOR_PARTS)


def _some(names: list[str]) -> str:
    return ", ".join(repr(shown(name)) for name in sorted(names)[:4])
