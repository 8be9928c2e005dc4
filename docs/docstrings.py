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
        thing.docstring.value = pointed(thing.docstring.value, names)


def pointed(text: str, names: list[str]) -> str:
    """The text with a point for every name, or names with commas, that a line or a sentence begins with and a colon
    ends; a line that begins otherwise, with a capital letter after a full stop, ends the list."""
    known = "|".join(map(re.escape, names))
    one = rf"(?:^|(?<=[.;\n] )|(?<=\n))((?:{known})(?:, (?:{known}))*): "
    listed = re.sub(one, r"\n- **\1**: ", text)
    return re.sub(r"(?m)(^- \*\*.*(?:\n(?!- \*\*|\n).*)*?[.;)])\n(?=[A-Z{])", r"\1\n\n", listed).replace("\n\n- **", "\n\n- **")
