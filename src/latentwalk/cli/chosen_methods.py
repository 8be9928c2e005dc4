"""The methods that a person asks for, and their hyperparameters, out of the words of the command line."""

from collections.abc import Iterable


def read_methods(wanted: list[str], scored: bool, scorer: bool, labelled: bool, spaces: Iterable[str]) -> list[str]:
    """The methods to run: those that were named, or the usual or all of those that have what they need.

    scored: whether there are scores; scorer: and what gives them.
    """
    from latentwalk.methods import METHODS

    if wanted and "all" not in wanted:
        return wanted
    have = {
        "codes",
        "nothing",
        *({"scores"} if scored else ()),
        *({"scorer"} if scorer else ()),
        *({"labels"} if labelled else ()),
    }
    able = {n: e for n, e in METHODS.items() if e.needs in have and (e.spaces is None or set(e.spaces) & set(spaces))}
    return [name for name, entry in able.items() if wanted or entry.usual or entry.needs == "labels"]


def read_options(texts: list[str], methods: list[str]) -> dict[str, dict[str, str]]:
    """{method: {key: value}} from "sefa.components=20". Raises ValueError for another form or a method not in use."""
    options: dict[str, dict[str, str]] = {}
    for text in texts:
        place, given, value = text.partition("=")
        name, dot, key = place.partition(".")
        if not (given and dot and key) or name not in methods:
            raise ValueError(
                f"--option {text}: expected METHOD.KEY=VALUE with a method that is in use, such as {methods[0]}.seed=1"
            )
        options.setdefault(name, {})[key] = value
    return options
