"""Which of several directions a person means: by its id, its name, or what is easier to type than its name."""

from collections.abc import Callable, Sequence

from latentwalk.hooks import nearest

LISTED = 12
"""Most names in an error message."""

SIGNS = str.maketrans("", "", " +-:,.")
"""What may be left out of a name."""


def find(key: str, names: Sequence[str]) -> int:
    """The position of a direction.

    key: its position as text, "0" for the first: the id, which stays when names change with the samples. Or its name,
    with or without spaces and signs, in any case; or the beginning of one name alone.
    Raises ValueError that lists ids and names for what is not there, and for what may mean several.
    """
    if key in names:
        return names.index(key)
    if key.lstrip("-").isdecimal():
        if not key.isdecimal() or int(key) >= len(names):
            raise ValueError(f"no direction {key}: ids count from 0, there are {listed(range(len(names)), names)}")
        return int(key)
    short = _short(key)
    ways: tuple[Callable[[str], bool], ...] = (
        lambda name: name.replace(" ", "").casefold() == key.replace(" ", "").casefold(),
        lambda name: _short(name) == short,
        lambda name: _short(name).startswith(short),
    )
    for matches in ways:
        meant = [i for i, name in enumerate(names) if matches(name)]
        if short and len(meant) == 1:
            return meant[0]
        if short and meant:
            raise ValueError(f"{key!r} may be {listed(meant, names)}: give more of the name, or its id")
    close = nearest(key, list(names), LISTED)
    raise ValueError(f"no direction {key!r}: there are {listed([names.index(name) for name in close], names)}")


def listed(which: Sequence[int], names: Sequence[str]) -> str:
    """Ids and names for a message: "0 (hat), 3 (hat - long_hair)"."""
    shown = ", ".join(f"{i} ({names[i]})" for i in which[:LISTED])
    left = len(names) - len(which[:LISTED])
    return (shown + (f" and {left} more" if left and len(which) >= LISTED else "")) or "none"


def _short(name: str) -> str:
    return name.casefold().translate(SIGNS)
