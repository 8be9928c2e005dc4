"""Names of files as text. It needs nothing heavy, so that commands may import it."""

import re
from pathlib import Path

UNREADABLE = re.compile("[\ud800-\udfff]")
"""What Python puts for the bytes of a name that are no UTF-8."""


def readable(name: str | Path) -> str:
    """The name of a file as text that every program can read.

    Where a system allows any bytes in a name, those that are no UTF-8 become escapes: r"mod\xe8le.pkl".
    """
    return UNREADABLE.sub(lambda byte: ascii(byte[0])[1:-1].replace(r"\udc", r"\x"), str(name))
