"""What is true of an avatar: twelve factors that are known exactly, and everything else that varies.

Nothing here needs torch, so that processes that only draw start fast.
"""

import colorsys
from collections.abc import Mapping, Sequence

import numpy as np

BINARY = ("glasses", "smile", "beard", "hat", "long_hair")
"""Factors that are 1 (there) or 0, with probability one half."""

CONTINUOUS = ("hair_tone", "skin_tone", "background_hue", "clothes_hue", "x", "size", "tilt")
"""Factors with a degree, uniform in [0, 1]: from dark to light, along the hues, from the left to the right, from small
to large, from tilted to the left to tilted to the right."""

FACTORS = BINARY + CONTINUOUS

SEED = 7
"""First part of the seed of every avatar; the second is its index."""

KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "glasses": (("none",), ("round", "square", "shades", "cat")),
    "mouth": (("flat", "ooh", "frown"), ("smile", "bigSmile", "laugh", "wideSmile", "grin")),
    "beard": (("none",), ("full", "mustache")),
    "hat": (("none",), ("cap", "beanie")),
    "top": (
        ("short", "spiky", "bowl", "sideSwept", "curly"),
        ("shoulderLength", "longStraight", "longWavy", "partedLong"),
    ),
}
"""Components of the style that the binary factors decide, in their order: the variants without, and those with. Those
in between, such as a smirk or stubble, are left out: nobody can tell which they are."""

NUISANCE: dict[str, tuple[str, ...]] = {
    "eyes": ("open", "soft", "happy", "sleepy", "side", "wide"),
    "eyebrows": ("flat", "raised", "angry", "soft"),
    "nose": ("block", "wide", "small", "tall"),
    "cheeks": ("none", "blush", "pixel", "freckles"),
    "outfit": ("plain", "stripes", "hoodie"),
}
"""Components that no factor decides."""

HATS = ("#c63d2f", "#f2f2f2", "#3d4f9f", "#e0a030", "#2f8f83", "#7a4fa0", "#1f5fa8", "#3a3a3a")
"""Colours of hats, which no factor decides."""

HAIR = ((28, 18, 16), (77, 46, 27), (138, 90, 48), (196, 154, 91), (240, 216, 144))
SKIN = ((90, 52, 32), (141, 86, 42), (185, 128, 80), (223, 176, 134), (255, 223, 196))
"""Colours (sRGB) along the tones, at equal distances: black to blond, dark to light."""

BACKGROUND_HUES, CLOTHES_HUES = (0.5, 1.05), (0.0, 0.75)
"""Of the colour circle. Never all of it, so that both ends differ."""

PLACE = {"x": ("translateX", -10.0, 10.0), "size": ("scale", 1.1, 1.45), "tilt": ("rotate", -12.0, 12.0)}
"""Option, and its value at 0 and at 1: percent of the width, a factor, degrees clockwise."""

Options = Mapping[str, str | float | bool]
"""What the style is asked for: a variant per component, a colour per part, where the head is."""


def factors(indices: Sequence[int]) -> np.ndarray:
    """The factors [n, 12] of some avatars, float64: columns are `FACTORS`."""
    return np.stack([_factors_of(_numbers(index)) for index in indices]) if len(indices) else np.zeros((0, 12))


def options(index: int, changed: Mapping[str, float] | None = None) -> Options:
    """What to ask the style for. changed: factors that are to be other ones; all else of the avatar stays as it is.

    Raises ValueError for an unknown factor, or a value that is none (1 or 0 for binary ones, [0, 1] for others).
    """
    numbers = _numbers(index)
    value = dict(zip(FACTORS, _factors_of(numbers).tolist(), strict=True)) | dict(changed or {})
    _check(changed or {})
    # Every choice has a number of its own, drawn whether it is used or not: what one factor is changes no other choice.
    rest = iter(numbers[len(FACTORS) :].tolist())
    chosen: dict[str, str | float | bool] = {}
    for factor, (component, kinds) in zip(BINARY, KINDS.items(), strict=True):
        without, there = (_pick(each, next(rest)) for each in kinds)
        chosen[f"{component}Variant"] = there if value[factor] else without
    for component, variants in NUISANCE.items():
        chosen[f"{component}Variant"] = _pick(variants, next(rest))
    chosen["hatColor"] = _pick(HATS, next(rest))
    chosen["hairColor"] = _tone(HAIR, value["hair_tone"])
    chosen["skinColor"] = _tone(SKIN, value["skin_tone"])
    chosen["backgroundColor"] = _hue(BACKGROUND_HUES, value["background_hue"], light=0.8, saturation=0.75)
    chosen["shirtColor"] = _hue(CLOTHES_HUES, value["clothes_hue"], light=0.5, saturation=0.65)
    for factor, (option, low, high) in PLACE.items():
        chosen[option] = low + (high - low) * value[factor]
    return chosen


def _numbers(index: int) -> np.ndarray:
    """All random numbers of an avatar, uniform in [0, 1): those of the factors first."""
    if index < 0:
        raise ValueError(f"avatars are counted from 0, got {index}")
    count = len(FACTORS) + 2 * len(KINDS) + len(NUISANCE) + 1
    return np.random.Generator(np.random.PCG64([SEED, index])).random(count)


def _factors_of(numbers: np.ndarray) -> np.ndarray:
    found = numbers[: len(FACTORS)].copy()
    found[: len(BINARY)] = found[: len(BINARY)] < 0.5
    return found


def _check(changed: Mapping[str, float]) -> None:
    for name, value in changed.items():
        if name not in FACTORS:
            raise ValueError(f"no factor {name!r}: avatars have {', '.join(FACTORS)}")
        if name in BINARY and value not in (0, 1):
            raise ValueError(f"the factor {name} is 1 or 0, got {value}")
        if not 0 <= value <= 1:
            raise ValueError(f"the factor {name} is in [0, 1], got {value}")


def _pick(things: Sequence[str], number: float) -> str:
    return things[int(number * len(things))]


def _tone(colours: Sequence[tuple[int, int, int]], position: float) -> str:
    places = np.linspace(0, 1, len(colours))
    return _hex([float(np.interp(position, places, channel)) for channel in zip(*colours, strict=True)])


def _hue(ends: tuple[float, float], position: float, light: float, saturation: float) -> str:
    hue = ends[0] + (ends[1] - ends[0]) * position
    return _hex([channel * 255 for channel in colorsys.hls_to_rgb(hue % 1, light, saturation)])


def _hex(channels: Sequence[float]) -> str:
    return "#" + "".join(f"{round(channel):02x}" for channel in channels)
