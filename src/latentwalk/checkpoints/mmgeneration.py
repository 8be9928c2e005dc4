"""StyleGAN2 of MMGeneration and MMEditing: {"meta", "state_dict"} with the averaged generator under `generator_ema.`.

Its tensors are those of rosinality under other names, so its file becomes one of that layout.
"""

import re
from collections.abc import Mapping

from latentwalk.checkpoints import rosinality
from latentwalk.generators.stylegan2 import StyleGAN2

PREFIXES = ("generator_ema.module.", "generator_ema.", "generator.module.", "generator.", "")
"""Of the names of the generator, averaged ones first."""

KEY = re.compile(r"(.*\.)?conv1\.conv\.style_modulation\..+")
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


def matches(tree: object) -> bool:
    """Whether a tree holds a StyleGAN2 of this kind."""
    return any(KEY.fullmatch(str(name)) for name in _state(tree))


def read(tree: object, where: str) -> StyleGAN2:
    """The generator, frozen; its average code is an estimate. Raises ValueError that says what did not fit."""
    state = _state(tree)
    prefix = next((prefix for prefix in PREFIXES if any(str(name).startswith(prefix) for name in state)), "")
    renamed = {_name(str(n)[len(prefix) :]): tensor for n, tensor in state.items() if str(n).startswith(prefix)}
    return rosinality.read({"g_ema": renamed}, where)


def _state(tree: object) -> Mapping[object, object]:
    found = tree.get("state_dict", tree) if isinstance(tree, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _name(name: str) -> str:
    for pattern, theirs in NAMES:
        name = re.sub(pattern, theirs, name)
    return name
