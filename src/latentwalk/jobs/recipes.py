"""A walker as plain data for a receipt, and back."""

from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

from pydantic import JsonValue

from latentwalk.direction import Directions
from latentwalk.receipts import WalkRecipe, describe_direction, read_direction
from latentwalk.settings import read_settings
from latentwalk.walk import Walker
from latentwalk.walks import WALKS

WAYS = "ways"
"""The setting of a walker beside its directions that is directions, too."""


def describe_walker(walker: Walker) -> WalkRecipe:
    """What a receipt keeps of a walker: its kind, its settings, its directions."""
    kind = type(walker)
    name = next((name for name, each in WALKS.items() if each is kind), f"{kind.__module__}:{kind.__qualname__}")
    names = [field.name for field in fields(walker)] if is_dataclass(walker) else list(vars(walker))
    given = {each: getattr(walker, each) for each in names if not each.startswith("_")}
    laid = {each: value for each, value in given.items() if isinstance(value, Directions)}
    settings = {each: plain(value) for each, value in given.items() if each not in laid and each != WAYS}
    ways = laid.pop(WAYS, ())
    along = next(iter(laid.values()), ())
    directions, ways = ([describe_direction(one) for one in each] for each in (along, ways))
    return WalkRecipe(kind=name, settings=settings, directions=directions, ways=ways)


def read_walker(recipe: WalkRecipe) -> Walker:
    """The walker that a receipt describes. Nothing is imported because a receipt says so.

    Raises ValueError for a kind that is none of `WALKS`, and for settings that it does not have.
    """
    if recipe.kind not in WALKS:
        raise ValueError(
            f"the picture was made by the walk {recipe.kind!r}, which is none of latentwalk's ({', '.join(WALKS)}): "
            "if you trust it, hand it in with replay(..., walk=...)"
        )
    make = WALKS[recipe.kind]
    given: dict[str, Any] = read_settings(f"the walk {recipe.kind!r} of the receipt", make, recipe.settings)
    if "directions" in get_type_hints(make):
        given["directions"] = Directions(tuple(read_direction(one) for one in recipe.directions))
    if recipe.ways:
        given[WAYS] = Directions(tuple(read_direction(one) for one in recipe.ways))
    return make(**given)


def plain(value: Any) -> JsonValue:
    """A setting as JSON holds it; what JSON cannot hold by its text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return [plain(each) for each in value] if isinstance(value, list | tuple) else repr(value)
