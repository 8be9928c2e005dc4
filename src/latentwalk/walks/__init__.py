"""Walks: ways to move a code to where it is wanted. A new one is a file here and a line in `WALKS`."""

from latentwalk.walk import Walker
from latentwalk.walks.auto import AutoWalk
from latentwalk.walks.boundary import BoundaryWalk
from latentwalk.walks.fixed import FixedWalk
from latentwalk.walks.gradient import GradientWalk

WALKS: dict[str, type[Walker]] = {
    "gradient": GradientWalk,
    "boundary": BoundaryWalk,
    "fixed": FixedWalk,
    "auto": AutoWalk,
}
"""Walks by the name that a receipt gives them."""
