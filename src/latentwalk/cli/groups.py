"""Options in groups: a command takes a dataclass, and typer sees each of its fields."""

from collections.abc import Callable
from copy import copy
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, getdoc, signature
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from rich.markup import escape


def flat(command: Callable[..., None]) -> Callable[..., None]:
    """The command as typer reads it: every parameter that is a dataclass is replaced by the fields of that.

    Fields are annotated as parameters are, and have the defaults of the dataclass; those with `init=False` are no
    options. Brackets in help are text, not markup.
    """
    hints = get_type_hints(command, include_extras=True)
    groups = {name: list(options(hint)) for name, hint in hints.items() if is_dataclass(hint)}
    parameters = [
        each
        for name, parameter in signature(command).parameters.items()
        for each in groups.get(name) or [as_keyword(name, hints[name], parameter.default)]
    ]

    @wraps(command)
    def called(**given: Any) -> None:
        taken = {
            name: hints[name](**{each.name: given.pop(each.name) for each in members})
            for name, members in groups.items()
        }
        command(**given, **taken)

    called.__signature__ = Signature(parameters)  # pyright: ignore[reportAttributeAccessIssue] - inspect reads it
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    called.__doc__ = escape(getdoc(command) or "")
    return called


def options(group: Any) -> list[Parameter]:
    """The fields of a dataclass as parameters."""
    hints = get_type_hints(group, include_extras=True)
    return [as_keyword(field.name, hints[field.name], default_of(field)) for field in fields(group) if field.init]


def default_of(field: "Field[Any]") -> Any:
    return Parameter.empty if field.default is MISSING else field.default


def as_keyword(name: str, hint: Any, default: Any) -> Parameter:
    """A parameter whose help is printed as it is written."""
    if get_origin(hint) is Annotated:
        kind, info = get_args(hint)
        info = copy(info)
        info.help = escape(info.help or "")
        hint = Annotated[kind, info]
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=hint)
