"""What to say of a tree that no format reads: what it holds, what it is nearest to, and the way out."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from torch import Tensor

from latentwalk.checkpoints import own
from latentwalk.checkpoints.candidates import State
from latentwalk.checkpoints.chain import build_dcgan
from latentwalk.checkpoints.plain import layers_of, resembles
from latentwalk.checkpoints.roles import Role, role_of
from latentwalk.checkpoints.torch_module import KNOWN
from latentwalk.safeload.nodes import CheckpointError, shown
from latentwalk.safeload.reading import Foreign
from latentwalk.weights import check_numbers

SAVE = "save the generator alone with torch.save(network.state_dict(), path)"
WRAP = "or make the network in Python, load its weights and give it to lw.wrap"

SIGNS = {
    "StyleGAN2 of NVIDIA": "mapping synthesis fc0 const torgb affine w_avg noise_strength conv0 conv1",
    "StyleGAN2 of rosinality": "style input conv1 convs to_rgb1 to_rgbs modulation noises activate",
    "StyleGAN2 of MMGeneration": "style_mapping constant_input style_modulation noise_injector to_rgbs",
    "StyleGAN or PGGAN of genforce": "mapping synthesis layer0 output0 early_layer style apply_noise dense0",
    "BigGAN": "shared linear blocks bn1 bn2 gain output_layer conv_sc stored_mean",
    "BigGAN-deep of Hugging Face": "embeddings gen_z snconv1x1_theta conv_to_rgb running_means",
    "PGAN of pytorch_GAN_zoo": "formatLayer groupScale0 scaleLayers toRGBLayers",
}
"""Parts of names that tell families from others."""

DISCRIMINATOR_PARTS = ("fromrgb", "from_rgb", "final_conv", "final_linear", "mbstd", "discriminator", "critic")
TRAINING = frozenset(
    [
        "epoch",
        "itr",
        "iteration",
        "step",
        "args",
        "config",
        "best_fid",
        "best_FID",
        "running_metadata",
        "param_groups",
        "global_step",
    ]
)

STRANGE = "is not a generator of a known layout"

HOLDERS = frozenset({"Sequential", "ModuleList", "ModuleDict"})

SHOWN = 4
"""Keys, and names of a kind, that are listed: five lines with that of how many more there are."""


def unknown(tree: object, states: Sequence[State], formats: Iterable[str], where: str) -> CheckpointError:
    """What a tree is that no format reads, and what to do; where nothing else is known of it, with notes of its keys.

    states: its candidates. formats: names of those that are read. where: what to call it.
    """
    what = _what(tree, states, formats)
    error = CheckpointError(f"{where} {what}")
    if what.startswith(STRANGE) and "a DCGAN, but" not in what:
        for line in contained(tree):
            error.add_note(line)
    return error


def _what(tree: object, states: Sequence[State], formats: Iterable[str]) -> str:
    names = list(map(str, tree)) if isinstance(tree, Mapping) else []
    if own.kind_of(tree):
        return f"is a file of latentwalk and holds no generator but {shown(own.kind_of(tree))}: expected a checkpoint"
    modules = [state for state in states if state.module is not None]
    if modules or isinstance(tree, Foreign):
        return _of_objects(tree, modules)
    state = max(states, key=len, default=State({}))
    if _discriminates(state, names):
        return f"holds a discriminator and no generator (its names begin with {_some(list(state) or names)}): {SAVE}"
    if any(tensor.ndim for tensor in state.values()):
        return _of_tensors(state)
    if TRAINING & set(names) or any(role_of(name) is Role.ASIDE for name in names):
        return f"holds the state of a training and no generator (its names begin with {_some(names)}): {SAVE}"
    return f"holds {contents(tree)}, no generator and no state dict: expected one of {', '.join(formats)}; {SAVE}"


def contained(tree: object) -> list[str]:
    """The first keys of a tree, each on a line with the shape of what it holds: five lines at most."""
    pairs = list(tree.items()) if isinstance(tree, Mapping) else []
    lines = [f"  {shown(name)}: {_shape(value)}" for name, value in pairs[:SHOWN]]
    return [*lines, f"  and {len(pairs) - SHOWN} more"] if len(pairs) > SHOWN else lines


def contents(found: object) -> str:
    """In a few words, what a tree holds."""
    if isinstance(found, Foreign):
        return f"an object of the class {shown(found.name)}"
    if not isinstance(found, Mapping):
        return "one tensor" if isinstance(found, Tensor) else f"a {type(found).__name__}"
    for name, value in found.items():
        if isinstance(value, Foreign):
            return f"{shown(name)!r}, an object of the class {shown(value.name)}"
    return f"a dict of {', '.join(repr(shown(name)) for name in list(found)[:4]) or 'nothing'}"


def _discriminates(state: State, names: list[str]) -> bool:
    """Whether tensors, or where there are none the keys, are those of a discriminator."""
    if state:
        return any(part in name for name in state for part in DISCRIMINATOR_PARTS) or _narrows(state)
    aside = [name for name in names if role_of(name) is Role.ASIDE]
    return any(not re.search("optim|opt|sched|scaler|encoder|loss", name.lower()) for name in aside)


def _narrows(state: State) -> bool:
    """Whether convolutions lead from colours to one number."""
    if not resembles(state):
        return False
    shapes = [tensor.shape for tensor in state.values() if tensor.ndim == 4]
    return len(shapes) > 1 and shapes[0][1] in (1, 3) and shapes[-1][0] == 1 and shapes[0][0] == shapes[1][1]


def _of_objects(tree: object, modules: Sequence[State]) -> str:
    found = [(name, kind) for state in modules[:1] if state.module for name, kind in state.module.kinds.items()]
    kind = found[0][1] if found else tree.name if isinstance(tree, Foreign) else ""
    named = f" (its tensors begin with {_some(list(modules[0]))})" if modules and modules[0] else ""
    inside = sorted({kind for name, kind in found if name and kind.rpartition(".")[2] not in KNOWN | HOLDERS})
    parts = f", with {', '.join(map(shown, inside[:SHOWN]))} in it" if inside else ""
    return (
        f"holds an object of the class {shown(kind)}{named}{parts}, whose code would have to run: "
        f"expected a DCGAN or an MLP of torch.nn, or the names of a known family; {SAVE}, {WRAP}"
    )


def _of_tensors(state: State) -> str:
    differs = f"; nearest is {found}" if (found := _nearest(state)) else ""
    return (
        f"{STRANGE} (its tensors begin with {_some(list(state))}){differs}; "
        f"expected the names of a known family: {SAVE}, {WRAP}"
    )


def _nearest(state: State) -> str:
    """The family whose names or shapes are most like these, and what differs."""
    lacking = [name for name in state if name.endswith("_orig")]
    if lacking:
        return (
            f"a network with normalised weights, whose vectors ({lacking[0].removesuffix('_orig')}_u, _v) are missing"
        )
    if resembles(state):
        try:
            check_numbers(state, "it")
            build_dcgan(layers_of(state, "it"), "it")
        except ValueError as error:
            return f"a DCGAN, but {str(error).removeprefix('it: ').partition(';')[0]}"  # no discriminator: see above
    parts = {part for name in state for part in name.split(".")}
    family = max(SIGNS, key=lambda name: len(parts & set(SIGNS[name].split())))
    signs = SIGNS[family].split()
    has, lacks = [sign for sign in signs if sign in parts], [sign for sign in signs if sign not in parts]
    if len(has) < 2:
        return ""
    return f"a {family}: it has {', '.join(has[:SHOWN])} and lacks {', '.join(lacks[:SHOWN]) or 'none of its names'}"


def _shape(value: Any) -> str:
    if isinstance(value, Tensor):
        return str(list(value.shape))
    if isinstance(value, Mapping):
        return f"{len(value)} entries"
    return shown(value, 40)


def _some(names: list[str]) -> str:
    return ", ".join(repr(shown(name)) for name in sorted(names)[:4])
