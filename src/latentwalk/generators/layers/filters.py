"""The non-linearity of StyleGAN3 (Karras et al., 2021): a leaky ReLU between an up- and a down-sampling filter.

A pixelwise non-linearity invents frequencies that the grid cannot hold. So the map is interpolated to a finer grid,
bent there, and filtered before it is thinned out again. Filters are stored in the checkpoint and are symmetric, so
convolution and correlation are one. Everything is centred: the middle of a map stays the middle.
"""

import math
from collections.abc import Callable, Iterable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from latentwalk.generators.layers.tiles import Resampling, bend_tiles, maps_at_once

SLOPE = 0.2
"""Of the leaky ReLU below zero."""

FINE_PIXELS = 2**21
"""Pixels of the finer grid held at once, over channels and codes: the grid is up to 16 times the map."""

TOGETHER = 6
"""Maps that convolutions need at once to be fast. Where the grid of so many is too large, tiles are faster."""


def filtered_leaky_relu(
    x: Float[Tensor, "n c h w"],
    up_filter: Float[Tensor, " t"],
    up: int,
    down_filter: Float[Tensor, "*t2"],
    down: int,
    side: int,
    gain: float = math.sqrt(2),
    clamp: float | None = None,
    spare: bool = False,
) -> Float[Tensor, "n c s s"]:
    """gain * leaky ReLU, limited to [-clamp, clamp], on a grid `up` times as fine; then a map of side x side pixels.

    up_filter: [taps], a multiple of `up`, of sum one. down_filter: [taps], or [taps, taps] when it is radial.
    down: how many times coarser than the finer grid the result is. side: pixels of the result.
    spare: whether x may be overwritten: without gradients, the result then takes its place where it fits.
    """
    taps = up_filter * (up * math.sqrt(gain))  # a leaky ReLU of g x is g times that of x, so the gain goes first
    how = Resampling(taps, up, down_filter, down, side)
    maps = x.flatten(0, 1)  # all meet the same filters, of whatever code they are
    convolves = TOGETHER * how.fine**2 <= FINE_PIXELS
    draw, count = (bend_grid, FINE_PIXELS // how.fine**2) if convolves else (bend_tiles, maps_at_once(how))

    def bend(fine: Tensor) -> Tensor:
        if clamp is not None:  # before the leaky ReLU, whose gradient needs its result as it is
            fine = fine.clamp_(-clamp / SLOPE, clamp)
        return F.leaky_relu_(fine, SLOPE)

    def room() -> Tensor:
        fits = spare and min(maps.shape[1:]) >= side
        return maps[:, :side, :side] if fits else maps.new_empty(len(maps), side, side)

    return gather((draw(part, how, bend) for part in maps.split(count)), room, axis=0).unflatten(0, x.shape[:2])


def gather(parts: Iterable[Tensor], room: Callable[[], Tensor], axis: int) -> Tensor:
    """The parts in a row along an axis. Without gradients every one is put in its place as soon as it is there."""
    if torch.is_grad_enabled():
        return torch.cat(list(parts), axis)
    whole, start = room(), 0
    for part in parts:
        whole.narrow(axis, start, part.shape[axis]).copy_(part)
        start += part.shape[axis]
    return whole


def bend_grid(x: Float[Tensor, "m h w"], how: Resampling, bend: Callable[[Tensor], Tensor]) -> Float[Tensor, "m s s"]:
    """Maps to the finer grid, the non-linearity `bend` (which may work in place), and down again: by convolutions."""
    before, x = [how.before(pixels) for pixels in x.shape[1:]], x[None]
    x = interpolate(x, how.taps, how.up, before[1], how.fine, axis=3)
    x = bend(interpolate(x, how.taps, how.up, before[0], how.fine, axis=2))
    return decimate(x, how.down_filter, how.down)[0]


def interpolate(
    x: Float[Tensor, "n c h w"], taps: Float[Tensor, " t"], up: int, before: int, size: int, axis: int
) -> Float[Tensor, "n c h2 w2"]:
    """`size` samples along an axis (2 or 3) of the map with `up - 1` zeros after every pixel, filtered.

    before: zeros in front (negative: samples cut off). Every `up`-th sample meets the same few taps, so each of these
    phases is an ordinary convolution of the map itself, and they are woven together.
    """
    starts = [(before - phase) % up for phase in range(up)]  # first tap that meets a pixel
    shifts = [(phase + start - before) // up for phase, start in enumerate(starts)]  # and that pixel, for sample 0
    count, reach = -(-size // up), len(taps) // up - 1
    first, last = min(shifts), max(shifts) + count + reach
    edge = (-first, last - x.shape[axis])
    x = F.pad(x, edge if axis == 3 else (0, 0, *edge))
    phases = []
    for start, shift in zip(starts, shifts, strict=True):
        seen = x.narrow(axis, shift - first, count + reach)
        phases.append(F.conv2d(seen, each_channel(along(taps[start::up], axis), x), groups=x.shape[1]))
    return torch.stack(phases, axis + 1).flatten(axis, axis + 1).narrow(axis, 0, size)


def decimate(x: Float[Tensor, "n c h w"], taps: Float[Tensor, "*t"], down: int) -> Float[Tensor, "n c h2 w2"]:
    """The filtered map at every `down`-th sample; no zeros at the edges. taps: [t], or [t, t] when radial."""
    if taps.ndim == 2:
        return F.conv2d(x, each_channel(taps, x), stride=down, groups=x.shape[1])
    x = F.conv2d(x, each_channel(along(taps, 2), x), stride=(down, 1), groups=x.shape[1])
    return F.conv2d(x, each_channel(along(taps, 3), x), stride=(1, down), groups=x.shape[1])


def along(taps: Float[Tensor, " t"], axis: int) -> Float[Tensor, "h w"]:
    """A filter as a column (axis 2) or a row (axis 3)."""
    return taps[:, None] if axis == 2 else taps[None]


def each_channel(kernel: Float[Tensor, "h w"], x: Float[Tensor, "n c _ _"]) -> Float[Tensor, "c 1 h w"]:
    """The same kernel for every channel."""
    return kernel.expand(x.shape[1], 1, -1, -1)
