"""What all pages are made with: one file that needs nothing else, in which every name is text and no markup."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def rendered(template: str, filters: Mapping[str, Callable[..., Any]], **values: Any) -> str:
    """A page of the folder templates. filters: functions that it writes values with, by their names there."""
    environment = Environment(
        loader=PackageLoader("latentwalk.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= filters
    return environment.get_template(template).render(**values)
