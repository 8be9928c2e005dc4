"""What is held while codes walk: attributes, and the picture itself, which is led home after the walk (`Homing`)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from functools import cache

from pydantic import JsonValue

from latentwalk.generator import Generator
from latentwalk.inversion.metric import metric
from latentwalk.latents import Latents
from latentwalk.scores import Scorer, attribute_index
from latentwalk.settings import read_settings
from latentwalk.walk import Goal, Walk
from latentwalk.walks.homing import Homing

OTHERS, PICTURE = "others", "picture"
"""Words for all attributes that are not goals, and for what a picture shows besides them."""


def read_held(hold: str | Iterable[str], scorer: Scorer, goals: Sequence[Goal]) -> tuple[list[str], bool]:
    """Names of the attributes that are held, and whether the picture is.

    A scorer whose attribute is called "picture" means that attribute, and holds no pictures. Raises ValueError for an
    unknown attribute, or one that is a goal too.
    """
    wanted = {goal.attribute for goal in goals}
    names = [hold] if isinstance(hold, str) else list(hold)
    picture = PICTURE in names and PICTURE not in scorer.attributes
    held: list[str] = []
    for name in names:
        if name == PICTURE and picture:
            continue
        if name == OTHERS:
            held += [each for each in scorer.attributes if each not in wanted]
            continue
        attribute_index(scorer, name)
        if name in wanted:
            raise ValueError(f"{name!r} cannot be held and changed at once: leave it out of one of the two")
        held.append(name)
    return list(dict.fromkeys(held)), picture


def way_home(
    homing: Homing | None,
    generator: Generator,
    latents: Latents,
    scorer: Scorer,
    goals: Sequence[Goal],
    held: Sequence[str],
) -> Callable[[Walk], Walk]:
    """What leads a walk on so that its picture is held; without `homing` the walk stays as it is.

    The metric of a space is measured when the first walk has come to its end there, and kept in the cache.
    Raises ValueError as `Homing.check` does.
    """
    if homing is None:
        return lambda walk: walk
    homing.check(generator, latents, scorer, goals)
    measured = cache(lambda space: metric(generator, space))
    return lambda walk: homing.home(generator, walk, scorer, goals, held, measured(walk.latents.space))


def describe_homing(homing: Homing | None) -> dict[str, JsonValue] | None:
    """The way home as a receipt has it."""
    return None if homing is None else asdict(homing)


def read_homing(settings: dict[str, JsonValue] | None) -> Homing | None:
    """The way home of a receipt. Raises ValueError for settings that it does not have."""
    return None if settings is None else Homing(**read_settings("the way home of the receipt", Homing, settings))
