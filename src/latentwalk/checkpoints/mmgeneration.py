"""StyleGAN2 of MMGeneration and MMEditing, whose files hold {"meta", "state_dict"}.

Its tensors are those of rosinality under other names, so its state becomes one of that layout.
"""

import re
from collections.abc import Mapping

from torch import Tensor

from latentwalk.checkpoints import rosinality
from latentwalk.checkpoints.adjusted import swapped
from latentwalk.checkpoints.candidates import beside
from latentwalk.generators.stylegan2 import StyleGAN2

LONGEST_CONFIG = 2**20

KEY = re.compile(r"conv1\.conv\.style_modulation\..+")
"""A tensor that tells this format from others."""

NAMES = (
    (r"^style_mapping\.", "style."),
    (r"^constant_input\.\w+$", "input.input"),
    (r"^injected_noise_(\d+)$", r"noises.noise_\1"),
    (r"\.style_modulation\.", ".modulation."),
    (r"\.noise_injector\.", ".noise."),
    (r"\.linear\.", "."),  # of layers that wrap one
    (r"_orig$", ""),  # of weights with equalised learning rate
)
"""What is called otherwise. Where files differ from version to version, all spellings are taken."""


BGR_TO_RGB, TO_RGB = re.compile(r"\bbgr2rgb\W*[:=]\s*True"), re.compile(r"\bto_rgb\W*[:=]\s*(True|False)")
"""In a configuration: whether a network turns its colours around itself, and whether pictures were, to learn from."""


def matches(tree: object) -> bool:
    """Whether a state is a StyleGAN2 of this kind."""
    return isinstance(tree, Mapping) and any(KEY.fullmatch(str(name)) for name in tree)


def read(tree: Mapping[str, Tensor], where: str) -> StyleGAN2:
    """The generator, frozen; its average code is an estimate. Raises ValueError that says what did not fit."""
    generator = rosinality.read({_name(name): tensor for name, tensor in tree.items()}, where)
    return swapped(generator, where) if draws_bgr(beside(tree).get("meta")) else generator


def draws_bgr(meta: object) -> bool:
    """Whether the configuration in a file says that blue comes first: it learned from pictures as OpenCV reads them."""
    config = meta.get("config", meta.get("cfg")) if isinstance(meta, Mapping) else None
    text = str(config)[:LONGEST_CONFIG]
    found = TO_RGB.search(text)
    return found is not None and found[1] == "False" and not BGR_TO_RGB.search(text)


def _name(name: str) -> str:
    for pattern, theirs in NAMES:
        name = re.sub(pattern, theirs, name)
    return name
