"""Networks of genforce under the names that they had before: of InterFaceGAN, idinvert and the first SeFa.

Layers wrap what they multiply by (`conv`, `fc`, `linear`) and their bias (`wscale`), those of a StyleGAN have an
`epilogue`, and the kernels of fused doublings are laid out as in TensorFlow, [3, 3, in, out].
"""

import re
from collections.abc import Mapping

from torch import Tensor

from latentwalk.checkpoints import genforce
from latentwalk.checkpoints.state_dict import holds_tensors
from latentwalk.generator import Generator

NAMES = (
    (r"\.epilogue\.style_mod\.dense\.", ".style."),
    (r"\.epilogue\.", "."),
    (r"\.first_layer$", ".const"),
    (r"\.(?:conv|fc|linear)\.weight$", ".weight"),
    (r"\.wscale\.bias$", ".bias"),
)
"""Parts of the older names, and the present ones."""

SETTING = "truncation.truncation"
"""A buffer that is no weight: how much codes were truncated."""


def matches(tree: object) -> bool:
    """Whether a tree is the state dict of such a generator."""
    if not isinstance(tree, Mapping) or not holds_tensors(tree):
        return False
    names = {str(name): _present(str(name)) for name in tree}
    older = any(name != present for name, present in names.items())
    return older and genforce.matches(dict(zip(names.values(), tree.values(), strict=True)))


def read(tree: Mapping[str, Tensor], where: str) -> Generator:
    """The generator, frozen. Raises ValueError that says what did not fit."""
    wraps = {name.removesuffix("1.conv.weight") for name in map(str, tree) if name.endswith("layer1.conv.weight")}
    state: dict[str, Tensor] = {}
    for name, tensor in tree.items():
        match = re.fullmatch(r"((?:synthesis\.)?layer)(\d{1,3})\.(conv\.)?weight", str(name))
        if match and match[1] in wraps and int(match[2]) % 2 == 0 and match[2] != "0" and tensor.ndim == 4:
            fused = match[3] is None
            tensor = tensor.permute(3, 2, 0, 1) if fused else tensor
            tensor = genforce.doubled(tensor, int(match[2]), fused, styled=match[1] != "layer")
        state[_present(str(name))] = tensor
    state.pop(SETTING, None)
    return genforce.read(state, where)


def _present(name: str) -> str:
    for older, present in NAMES:
        name = re.sub(older, present, name)
    return name
