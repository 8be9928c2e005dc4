"""What a page has to know of a model before the first picture."""

from typing import Any

from latentwalk.studio.session import Session


def describe(session: Session) -> dict[str, Any]:
    """As JSON. models: names of all that can be opened. conditions: what classes are called, if known; exclusive:
    whether a picture is of one of them. people: whether anybody knows who is in a picture."""
    model = session.model
    generator = model.generator
    return {
        "name": session.name,
        "fingerprint": generator.fingerprint,
        "models": list(session.models),
        "size": list(generator.image_shape),
        "people": model.faces is not None,
        "classes": generator.classes,
        "conditions": list(generator.conditions.names),
        "exclusive": generator.conditions.exclusive,
        "options": sorted(generator.option_names),
        "spaces": {space.name: list(space.shape) for space in generator.spaces.values()},
        "attributes": list(model.scorer.attributes),
        "sliders": [
            {"id": id, "name": direction.name, "space": direction.space, "range": list(direction.range)}
            for id, direction in model.sliders.items()
        ],
    }
