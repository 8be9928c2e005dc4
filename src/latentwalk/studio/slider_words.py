"""What a page has to know of sliders."""

from collections.abc import Sequence
from typing import Any

from latentwalk.direction import PER_LAYER, Direction
from latentwalk.generator import Generator
from latentwalk.studio.model import Model
from latentwalk.studio.own_sliders import WrittenSlider
from latentwalk.studio.session import Session


def describe_sliders(model: Model) -> list[dict[str, Any]]:
    """Those of a model. fixed: a new name for it stays in the browser, as the file comes with the package."""
    return [
        _words(id, direction, card.name, card.group, model.generator) | {"fixed": card.file is None}
        for id, direction in model.sliders.items()
        for card in [model.cards[id]]
    ]


def describe_own(session: Session, written: Sequence[WrittenSlider]) -> list[dict[str, Any]]:
    """Those of a page. found: what it keeps, so that it can bring it back."""
    described = []
    for each in written:
        one = session.own.take(each.slider)
        words = _words(each.slider, one[0], one[0].name, one.origin.method, session.model.generator)
        described.append(words | {"own": True, "found": each.model_dump()})
    return described


def _words(id: str, direction: Direction, name: str, group: str, generator: Generator) -> dict[str, Any]:
    return {
        "id": id,
        "name": name,
        "group": group,
        "space": direction.space,
        "range": list(direction.range),
        "layers": layers_of(direction, generator),
        "moves": direction.layers,
        "effects": [[effect.attribute, round(effect.effect, 2)] for effect in direction.effects[:4]],
    }


def layers_of(direction: Direction, generator: Generator) -> int:
    """How many layers a direction may be kept to; 0 where codes have none."""
    space = direction.space if direction.space.endswith(PER_LAYER) else direction.space + PER_LAYER
    return generator.spaces[space].shape[0] if space in generator.spaces else 0
