"""Settings of a method or a walk: read from a receipt or from text, checked against its own constructor."""

from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from latentwalk.hooks import nearest


def read_settings(owner: str, make: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments for a dataclass, or a partial of one, from plain values or their texts ("20", "true", "a,b").

    owner: its name in error messages. make: what is called with the result. Raises ValueError for a setting that is not
    there, with those that are, and for a value of another type.
    """
    types, fixed = get_type_hints(getattr(make, "func", make)), getattr(make, "keywords", {})
    known = [name for name in types if name not in fixed]
    read = {}
    for key, value in given.items():
        if key not in known:
            raise ValueError(f"{owner} has no option {key!r}: there are {', '.join(nearest(key, known, len(known)))}")
        read[key] = read_setting(f"{owner}.{key}", value, types[key])
    return read


def read_setting(name: str, value: Any, kind: Any) -> Any:
    """One value of this type. Raises ValueError."""
    if isinstance(value, str) and "tuple" in str(kind):
        value = value.split(",")
    try:
        return TypeAdapter(kind).validate_python(None if value == "none" else value)
    except ValidationError as error:
        raise ValueError(f"{name}={value}: {error.errors()[0]['msg']}") from None
