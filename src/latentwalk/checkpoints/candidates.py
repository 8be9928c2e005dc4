"""From any tree to the flat dicts of tensors in it that may be the generator, best first.

People wrap a generator in many ways: beside a discriminator and optimizers, under the name of a training framework,
with the prefixes of DataParallel, of compilation, or of a network that holds others. All of it is taken off here,
once, so that a reader sees a flat dict of the names that its own code base gives.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from torch import Tensor

from latentwalk.checkpoints.modules import Snapshot, flatten, is_module
from latentwalk.checkpoints.roles import Role, role_of
from latentwalk.safeload.nodes import shown
from latentwalk.safeload.reading import Foreign

DEEPEST = 6
"""Containers around the tensors of a network."""

WRAPPERS = frozenset({"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"})
"""Parts of names that torch adds around a network, wherever they stand."""

COUNTERS = frozenset({"n_averaged", "initted", "step"})
"""Numbers that averaging keeps beside the tensors."""

REBUILT = "torch._utils._rebuild_"
"""How what torch makes of tensors begins that are not dense: sparse ones, nested ones."""

MOST_PARTS = 64
"""Dicts that may lie side by side in one of them; other ones hold no networks."""

MOST_GROUPS = 4
"""Networks of unknown names that may lie side by side in one flat dict."""

Path = tuple[str, ...]
Value = TypeVar("Value")


class State(dict[str, Tensor]):
    """The tensors of one network by their names, and what a file says beside them.

    path: where it lay in the file, keys and prefixes. beside: what lay around it (a configuration, an average code),
    by name. others: names of what else was there. module: what its layers say of themselves, if it is a whole module.
    """

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        path: Path = (),
        beside: Mapping[str, Any] | None = None,
        others: tuple[str, ...] = (),
        module: Snapshot | None = None,
    ) -> None:
        super().__init__(tensors)
        self.path, self.beside, self.others, self.module = path, beside or {}, others, module

    @property
    def part(self) -> str:
        """What it is called: "state_dict.G_ema"; "" for all of the file."""
        return ".".join(self.path)

    @property
    def role(self) -> Role:
        """What its names say that it is."""
        return min(map(role_of, self.path), default=Role.UNKNOWN)

    @property
    def caller(self) -> Path:
        """Its path up to the last name that says its role."""
        places = [place for place, name in enumerate(self.path, 1) if role_of(name) is self.role]
        return self.path[: max(places, default=0)]

    def replaced(self, tensors: Mapping[str, Tensor]) -> "State":
        """The same part of the file with other tensors."""
        return State(tensors, self.path, self.beside, self.others, self.module)


def beside(tree: object) -> Mapping[str, Any]:
    """What lay around a state in its file; nothing around a dict of any other kind."""
    return tree.beside if isinstance(tree, State) else {}


def candidates(tree: object, where: str) -> list[State]:
    """What may be the generator, best first: averaged ones, then those called one, then the rest.

    Raises ValueError for one that cannot be read, where there is nothing else.
    """
    config = {}
    if isinstance(tree, Mapping) and tree.keys() == {"state", "config"}:  # of a folder, see `folders`
        tree, config = tree["state"], {"config": tree["config"]}
    states: list[State] = []
    damage: ValueError | None = None
    for found in _networks(tree, (), config, (), set()):
        try:
            states += _parts(_opened(*found, where), unknown=True)
        except ValueError as error:
            damage = damage or error
    if damage is not None and not states:
        raise damage
    return sorted(states, key=lambda state: state.role)


Found = tuple[Mapping[Any, Any], Path, Mapping[str, Any], tuple[str, ...]]
"""A dict with tensors or a module: itself, where it lay, what lay around it, and names of what else was there."""


def _networks(
    node: object, path: Path, around: Mapping[str, Any], others: tuple[str, ...], seen: set[int]
) -> Iterator[Found]:
    """Every dict of tensors and every module in a tree, each once."""
    if id(node) in seen or len(path) > DEEPEST:
        return
    seen.add(id(node))
    if isinstance(node, list | tuple) and len(node) <= MOST_PARTS:  # [generator, discriminator]
        node = {str(place): part for place, part in enumerate(node) if isinstance(part, Mapping)}
    if not isinstance(node, Mapping):
        return
    if is_module(node):
        yield node, path, around, others
        return
    holders = {str(name): part for name, part in node.items() if isinstance(part, Mapping | list | tuple) and part}
    if any(isinstance(value, Tensor) for value in node.values()):
        yield node, path, around, (*others, *_named(path, holders))
    for name, value in holders.items() if len(holders) <= MOST_PARTS else ():
        if role_of(name) is not Role.ASIDE:
            siblings = {str(each): part for each, part in node.items() if each != name}
            left = _named(path, [each for each in holders if each != name])
            yield from _networks(value, (*path, name), {**around, **siblings}, (*others, *left), seen)


def _named(path: Path, names: Iterable[str]) -> list[str]:
    return [".".join((*path, name)) for name in names]


def _opened(
    found: Mapping[Any, Any], path: Path, around: Mapping[str, Any], others: tuple[str, ...], where: str
) -> State:
    """Raises ValueError for a damaged module, and for tensors that are not dense."""
    if is_module(found):
        snapshot = flatten(found, where)
        return State(snapshot.tensors, path, around, others, snapshot)
    for name, value in found.items():
        if isinstance(value, Foreign) and value.name.startswith(REBUILT):
            raise ValueError(
                f"{where}: {shown(name)!r} is a {value.name.removeprefix(REBUILT).replace('_', ' ')}: expected dense "
                "ones, as .to_dense() or .dequantize() give them before they are saved"
            )
    tensors = {name: value for name, value in found.items() if isinstance(name, str) and isinstance(value, Tensor)}
    rest = {str(name): value for name, value in found.items() if name not in tensors}
    return State(tensors, path, {**around, **rest}, others)


def _parts(state: State, unknown: bool) -> Iterator[State]:
    """A state without wrappers, and the networks that its names say are in it.

    unknown: whether those of unknown names are taken for networks, too.
    """
    state = _unwrapped(state)
    groups: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for name, tensor in state.items():
        first, dot, rest = name.partition(".")
        groups[first if dot else ""][rest or name] = tensor
    loose = groups.pop("", {})
    aside = [name for name in groups if role_of(name) is Role.ASIDE]
    taken = [name for name in groups if name not in aside]
    if taken or loose:
        kept = {n: t for n, t in state.items() if n.partition(".")[0] not in aside} if aside else state
        yield State(kept, state.path, state.beside, (*state.others, *_named(state.path, aside)), state.module)
    for name in taken:
        known, alone = role_of(name) is not Role.UNKNOWN, len(taken) == 1 and not loose
        named = known or alone or (unknown and len(groups) <= MOST_GROUPS)
        fed = any(_feeds(groups[each]) and (not known or each.startswith(f"{name}_")) for each in taken if each != name)
        if len(state.path) < 2 * DEEPEST and named and not fed:
            others = _named(state.path, [each for each in groups if each != name])
            inside = _module_inside(state.module, name)
            part = State(groups[name], (*state.path, name), state.beside, (*state.others, *others), inside)
            yield from _parts(part, unknown=known or alone)


def _feeds(tensors: Mapping[str, Tensor]) -> bool:
    """Whether these are linear layers or embeddings alone, which another part of a network goes on from."""
    return max(tensor.ndim for tensor in tensors.values()) == 2


def _unwrapped(state: State) -> State:
    """Without the names of wrappers and the counters of averages."""
    names = {name: _bare(name) for name in state}
    if len(set(names.values())) < len(names):
        return state
    kept = {new: state[n] for n, new in names.items() if not (_leaf(new) in COUNTERS and state[n].numel() == 1)}
    module = state.module
    if module is not None and any(WRAPPERS & set(name.split(".")) for name in module.kinds):
        attributes = {_bare(name): value for name, value in module.attributes.items()}
        kinds = {_bare(name): kind for name, kind in module.kinds.items()}  # of a wrapper and what it wraps, the latter
        module = module._replace(attributes=attributes, kinds=kinds, tensors=kept)
    return State(kept, state.path, state.beside, state.others, module)


def _bare(name: str) -> str:
    return ".".join(part for part in name.split(".") if part not in WRAPPERS)


def _leaf(name: str) -> str:
    return name.rpartition(".")[2]


def _module_inside(module: Snapshot | None, name: str) -> Snapshot | None:
    """One of the modules in a module."""
    if module is None:
        return None
    return Snapshot(
        _under(module.tensors, name), module.arguments, _under(module.attributes, name), _under(module.kinds, name)
    )


def _under(named: Mapping[str, Value], name: str) -> dict[str, Value]:
    """What has a prefix, without it; the module of that name itself is ""."""
    inside = {key.removeprefix(f"{name}."): value for key, value in named.items() if key.startswith(f"{name}.")}
    return {"": named[name], **inside} if name in named else inside
