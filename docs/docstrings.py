"""How docstrings are read for the reference: what is said of each parameter or field becomes a point of a list.

Loaded by `make docs` alone, as an extension of griffe (see zensical.toml).
"""

import re

import griffe


class Points(griffe.Extension):
    """A docstring says "name: what it is." for names of the signature, one after the other; here each gets a line."""

    def on_function(self, *, func: griffe.Function, **_: object) -> None:
        _point(func, [parameter.name for parameter in func.parameters])

    def on_class(self, *, cls: griffe.Class, **_: object) -> None:
        _point(cls, [name for name, member in cls.members.items() if member.is_attribute])


def _point(thing: griffe.Object, names: list[str]) -> None:
    if thing.docstring is not None and names:
        paragraphs = re.sub(r"(?m)^#", r"\#", thing.docstring.value).split("\n\n")  # no headline
        thing.docstring.value = "\n\n".join(pointed(paragraph, names) for paragraph in paragraphs)


def pointed(text: str, names: list[str]) -> str:
    """A paragraph with a point for each name (or names, with commas) that begins a line or a sentence before a colon.

    A line within a point that begins a new sentence is no part of it any more.
    """
    known = "|".join(map(re.escape, names))
    starts = list(re.finditer(rf"(?:\A|(?<=[.;] )|(?<=\n))((?:{known})(?:, (?:{known}))*): ", text))
    if not starts:
        return text
    blocks = [text[: starts[0].start()].strip()]
    for start, end in zip(starts, [*(match.start() for match in starts[1:]), len(text)], strict=True):
        said, *rest = re.split(r"(?<=[.;)])\n(?=[A-Z{])", text[start.end() : end], maxsplit=1)
        blocks += [f"- **{start[1]}**: {said.strip()}", *rest]
    return "\n\n".join(filter(None, blocks))
