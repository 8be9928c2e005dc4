"""What all pages are made with: one file that needs nothing else, in which every name is text and no markup."""

import base64
import io
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

QUALITY = 86
"""Of the JPEG pictures inside a page."""


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


def data_uri(picture: Image.Image) -> str:
    """The picture as text that a page can hold."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
