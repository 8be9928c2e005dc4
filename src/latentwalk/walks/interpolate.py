"""Codes between codes: on the sphere or on the line, between two or through several."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.latents import Latents, concatenate

SAMPLED = ("z", "z+")
"""Spaces of normal codes; z+ is z by slots or by layers."""

TINY = 1e-6
"""Below this, two unit vectors are parallel."""


def interpolate(start: Latents, end: Latents, steps: int = 10, how: str | None = None) -> Latents:
    """Codes from one to another, both included exactly: [steps, ...].

    start, end: one code each, of one space. steps: at least 2.
    how: "slerp" turns the code evenly and lets its length go evenly from one to the other, for normal codes (z), which
    live on a sphere (White, 2016, arXiv 1609.04468, and Shoemake, 1985); "lerp" is the straight line, for mapped ones.
    None: `usual(space)`.
    Raises ValueError for other numbers of codes or steps, codes of different spaces or shapes, or an unknown `how`.
    """
    for name, code in (("start", start), ("end", end)):
        if len(code) != 1:
            raise ValueError(f"expected one {name} code, got {len(code)}: choose one with codes[i]")
    if start.values.shape != end.values.shape:
        shapes = f"{list(start.values.shape[1:])} and {list(end.values.shape[1:])}"
        raise ValueError(f"expected codes of one shape, got {shapes}: take both from one generator")
    return through(concatenate([start, end]), steps, how)


def through(codes: Latents, steps: int = 10, how: str | None = None, loop: bool = False) -> Latents:
    """Codes that pass through all of several in turn: [(n - 1) * (steps - 1) + 1, ...].

    codes: the n >= 2 keyframes; frame i * (steps - 1) is exactly keyframe i. steps: frames of one leg, both ends
    included, at least 2. how: as in `interpolate`.
    loop: come back to the first, which is not repeated at the end: [n * (steps - 1), ...], ready to play in a loop.
    Class vectors are interpolated on the line; class numbers must be the same for all.
    Raises ValueError as `interpolate` does.
    """
    if len(codes) < 2:
        raise ValueError(f"expected at least 2 codes to go through, got {len(codes)}")
    if steps < 2:
        raise ValueError(f"expected at least 2 steps (both ends count), got {steps}")
    how = usual(codes.space) if how is None else how
    if how not in HOW:
        raise ValueError(f"no interpolation {how!r}: there are {', '.join(HOW)}")
    values = _legs(codes.values.flatten(1), steps, HOW[how], loop).unflatten(1, codes.values.shape[1:])
    return Latents(values, codes.space, _labels(codes, steps, loop, len(values)))


def usual(space: str) -> str:
    """How codes of a space are interpolated by default: normal ones (z, z+) on the sphere, mapped ones on the line."""
    return "slerp" if space in SAMPLED else "lerp"


Between = Callable[[Float[Tensor, "d"], Float[Tensor, "d"], Float[Tensor, "t 1"]], Float[Tensor, "t d"]]


def lerp(a: Float[Tensor, "d"], b: Float[Tensor, "d"], t: Float[Tensor, "t 1"]) -> Float[Tensor, "t d"]:
    """The straight line from a (t = 0) to b (t = 1)."""
    return a + t * (b - a)


def slerp(a: Float[Tensor, "d"], b: Float[Tensor, "d"], t: Float[Tensor, "t 1"]) -> Float[Tensor, "t d"]:
    """The arc from a (t = 0) to b (t = 1), with lengths in between.

    Written with the part of b across a, so that nothing is divided by the sine of the angle. Parallel codes stay on
    their ray, opposite ones go round by a fixed perpendicular, and from or to 0 there is only the line.
    """
    lengths = a.norm(), b.norm()
    if min(lengths) == 0:
        return lerp(a, b, t)
    first, last = a / lengths[0], b / lengths[1]
    across = last - (first @ last) * first
    angle = torch.atan2(across.norm(), first @ last)
    if across.norm() < TINY:
        across = _perpendicular(first)
    across = across / across.norm()
    return ((angle * t).cos() * first + (angle * t).sin() * across) * (lengths[0] + t * (lengths[1] - lengths[0]))


HOW: dict[str, Between] = {"slerp": slerp, "lerp": lerp}


def _perpendicular(unit: Float[Tensor, "d"]) -> Float[Tensor, "d"]:
    """A vector at a right angle: the coordinate axis that leans least towards `unit`, made upright."""
    axis = torch.zeros_like(unit)
    axis[unit.abs().argmin()] = 1
    return axis - (axis @ unit) * unit


def _legs(keys: Float[Tensor, "n d"], steps: int, between: Between, loop: bool) -> Float[Tensor, "m d"]:
    """All frames, leg after leg; each leg leaves its last frame, a keyframe, to the next."""
    t = torch.arange(1, steps - 1, dtype=torch.float64, device=keys.device)[:, None] / (steps - 1)
    ends = keys.roll(-1, 0)
    legs = len(keys) if loop else len(keys) - 1
    frames = [
        torch.cat([keys[i : i + 1], between(keys[i].double(), ends[i].double(), t).to(keys)]) for i in range(legs)
    ]
    return torch.cat(frames if loop else [*frames, keys[-1:]])


def _labels(codes: Latents, steps: int, loop: bool, count: int) -> Tensor | None:
    labels = codes.labels
    if labels is None:
        return None
    if labels.is_floating_point():
        return _legs(labels.flatten(1), steps, lerp, loop).unflatten(1, labels.shape[1:])
    if not bool((labels == labels[:1]).all()):
        raise ValueError("codes of different class numbers have no class in between: give class vectors, or one class")
    return labels[:1].expand(count, *labels.shape[1:])
