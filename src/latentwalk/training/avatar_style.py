"""How avatars are drawn: "Voxel Art" (DiceBear, CC0 1.0), changed so that its factors are independent, as pixels.

Nothing here needs torch, so that processes that only draw start fast.
"""

import io
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, files, version
from typing import Any

import numpy as np
from PIL import Image

from latentwalk.training.avatar_factors import KINDS, NUISANCE, Options

PACKAGES = ("dicebear-core", "dicebear-styles", "resvg-py")
"""What draws. All of them are in `latentwalk[avatars]`."""

HATS = ("cap", "beanie")
"""Kinds of hair of the published style that are hats."""

MOUTH = 1.6
"""How much larger than published mouths are: at 64 pixels the others cannot be told apart."""

DOWN = 11.0
"""How much lower than published a head is, in percent of the picture: to its middle, now that there are no legs."""


def draw(options: Options, size: int) -> np.ndarray:
    """An avatar as bytes [size, size, 3]; the same options give the same bytes.

    options: everything that varies (`avatar_factors.options`).
    Raises ValueError when `latentwalk[avatars]` is not installed.
    """
    style = _style()  # first, because it says what is not installed
    import resvg_py
    from dicebear import Avatar

    svg = Avatar(style, {**options, "translateY": DOWN, "idRandomization": False}).to_string()
    png = resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size, skip_system_fonts=True)
    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        return np.asarray(picture.convert("RGB"))


def draw_all(options: Sequence[Options], size: int) -> np.ndarray:
    """Several avatars as bytes [n, size, size, 3]."""
    return np.stack([draw(each, size) for each in options])


def versions() -> str:
    """What is installed of the packages that draw, for one line."""
    return ", ".join(f"{package} {version(package)}" for package in PACKAGES)


def derive(published: Mapping[str, Any]) -> dict[str, Any]:
    """A definition of our own from the published one of Voxel Art; that one is not changed.

    Hats were kinds of hair, so that nobody with a hat had long hair: now they are a component of their own, drawn above
    the hair. Mouths are enlarged about their centre, legs and shoes are dropped, and nothing is animated. Only variants
    that avatars have are kept, beside an empty one called "none", and only options decide.
    """
    definition = json.loads(json.dumps(published))
    definition["meta"] = {}  # would be written into every drawing
    components = definition["components"]
    upper = next(each for each in definition["canvas"]["elements"] if each["name"] == "g")
    definition["canvas"]["elements"] = [upper]  # what stands before it is the legs
    upper["children"] = [each for each in upper["children"] if each["name"] != "animation"]
    upper["children"].append({"name": "hat", "type": "component"})
    del components["animation"]
    whole = {key: value for key, value in components["top"].items() if key != "variants"}
    components["hat"] = {**whole, "variants": {name: components["top"]["variants"].pop(name) for name in HATS}}
    components["mouth"]["scale"] = {"min": MOUTH, "max": MOUTH}
    drawn = {name: {*without, *there} for name, (without, there) in KINDS.items()}
    drawn |= {name: set(variants) for name, variants in NUISANCE.items()}
    for name, component in components.items():
        component["probability"] = 100
        known = component["variants"] | {"none": {"elements": []}}
        component["variants"] = {variant: known[variant] for variant in sorted(drawn[name])}
    return definition


@cache
def _style() -> Any:
    """The derived style, checked once by DiceBear itself."""
    install = "use pip install latentwalk[avatars]"
    try:
        listed = {package: files(package) or [] for package in PACKAGES}
    except PackageNotFoundError as error:
        raise ValueError(f"avatars need the package {error.name}, which is not installed: {install}") from error
    path = next((entry for entry in listed["dicebear-styles"] if entry.name == "voxel-art.json"), None)
    if path is None:
        raise ValueError(f"the installed package dicebear-styles has no style voxel-art: {install}")
    from dicebear import Style

    return Style(derive(json.loads(path.read_text("utf-8"))))
