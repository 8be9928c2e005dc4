"""The non-linearity of StyleGAN3 (Karras et al., 2021): a leaky ReLU between an up- and a down-sampling filter.

A pixelwise non-linearity invents frequencies that the grid cannot hold. So the map is interpolated to a finer grid,
bent there, and filtered before it is thinned out again. Filters are stored in the checkpoint and are symmetric, so
convolution and correlation are one. Everything is centred: the middle of a map stays the middle.

The finer grid is up to 16 times the map, and never there as a whole. The result is made tile by tile: what lies under a
tile is interpolated, bent and thinned out by four products with small band matrices, the same for every tile, while it
is in the processor's cache. That is ten times as fast as convolutions over the whole map.
"""

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

SLOPE = 0.2
"""Of the leaky ReLU below zero."""

TILE = 48
"""Samples of the result on the side of a tile: wider wastes more of the band matrices, narrower more of the edges."""

BAND = 2**19
"""Numbers of the finer grid, one tile high, that are held at once: channels are drawn in parts."""


class Axis(NamedTuple):
    """How the tiles along one axis read the map.

    matrix: [samples, pixels], interpolates the pixels under a tile. pad: zeros before and behind the map (negative:
    pixels that nobody reads). stride: pixels from tile to tile.
    """

    matrix: Float[Tensor, "s p"]
    pad: tuple[int, int]
    stride: int


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
    tile = up * -(-min(TILE, side) // up)  # a multiple of `up`, so that all tiles meet the same taps
    rows, columns = (axis(pixels, taps, up, len(down_filter), down, side, tile) for pixels in x.shape[2:])
    thin = [(decimation(a, down, tile), decimation(b, down, tile)) for a, b in separable(down_filter)]

    def under(length: int) -> int:
        return (length - 1) * down + len(down_filter)

    def bend(fine: Tensor, height: int, width: int) -> Tensor:
        """The tile of the samples under it."""
        if clamp is not None:  # before the leaky ReLU, whose gradient needs its result as it is
            fine = fine.clamp_(-clamp / SLOPE, clamp)
        fine = F.leaky_relu_(fine, SLOPE)
        parts = [a[:height, : under(height)] @ (fine @ b[:width, : under(width)].T) for a, b in thin]
        return parts[0] if len(parts) == 1 else torch.stack(parts).sum(0)

    lengths = [min(tile, side - start) for start in range(0, side, tile)]

    def draw(part: Tensor) -> Tensor:
        part, lines = F.pad(part, (*columns.pad, *rows.pad)), []
        for i, height in enumerate(lengths):
            band = rows.matrix[: under(height)] @ part.narrow(2, i * rows.stride, rows.matrix.shape[1])
            reads = [band.narrow(3, j * columns.stride, columns.matrix.shape[1]) for j in range(len(lengths))]
            tiles = zip(reads, lengths, strict=True)
            lines.append(torch.cat([bend(read @ columns.matrix[: under(w)].T, height, w) for read, w in tiles], 3))
        return torch.cat(lines, 2)

    channels = max(1, BAND // (len(x) * under(tile) * max(x.shape[3], side)))

    def room() -> Tensor:
        fits = spare and min(x.shape[2:]) >= side
        return x[:, :, :side, :side] if fits else x.new_empty(*x.shape[:2], side, side)

    return gather((draw(part) for part in x.split(channels, 1)), room, axis=1)


def gather(parts: Iterable[Tensor], room: Callable[[], Tensor], axis: int) -> Tensor:
    """The parts in a row along an axis. Without gradients every one is put in its place as soon as it is there."""
    if torch.is_grad_enabled():
        return torch.cat(list(parts), axis)
    whole, start = room(), 0
    for part in parts:
        whole.narrow(axis, start, part.shape[axis]).copy_(part)
        start += part.shape[axis]
    return whole


def centre(pixels: int, up: int, taps: int, fine: int) -> int:
    """Zeros before the first pixel on the finer grid, so that `fine` filtered samples lie around the middle.

    Half a sample that is left over goes to the front.
    """
    total = fine + taps - 1 - pixels * up
    return (total + up) // 2


def axis(pixels: int, taps: Float[Tensor, " t"], up: int, down_taps: int, down: int, side: int, tile: int) -> Axis:
    """What tiles of `tile` samples need along an axis of `pixels`, where the result has `side` samples."""
    before = centre(pixels, up, len(taps), (side - 1) * down + down_taps)
    samples = (tile - 1) * down + down_taps
    first = -(before // up)  # pixel that the first sample meets
    count = (samples + len(taps) - 2 - before) // up - first + 1
    stride = tile * down // up
    read = (-(-side // tile) - 1) * stride + count
    return Axis(interpolation(taps, up, before, samples, first, count), (-first, read + first - pixels), stride)


def interpolation(
    taps: Float[Tensor, " t"], up: int, before: int, samples: int, first: int, pixels: int
) -> Float[Tensor, "s p"]:
    """What each of the first samples takes of each pixel from `first` on.

    The map has `up - 1` zeros after every pixel and `before` zeros in front (negative: samples cut off).
    """
    place = up * (first + _count(pixels, taps)) + before - _count(samples, taps)[:, None]
    return _band(taps, place)


def decimation(taps: Float[Tensor, " t"], down: int, size: int) -> Float[Tensor, "size s"]:
    """What each of `size` samples takes of the finer ones, of which it stands at every `down`-th."""
    fine = (size - 1) * down + len(taps)
    return _band(taps, _count(fine, taps) - down * _count(size, taps)[:, None])


def separable(taps: Float[Tensor, "*t"]) -> list[tuple[Float[Tensor, " t"], Float[Tensor, " t"]]]:
    """Filters of columns and of rows whose products add up to the filter: one pair, or for a radial filter a few."""
    if taps.ndim == 1:
        return [(taps, taps)]
    u, s, v = torch.linalg.svd(taps.double())
    count = int((s > torch.finfo(taps.dtype).eps * s[0]).sum())
    return [((s[i] * u[:, i]).to(taps), v[i].to(taps)) for i in range(count)]


def _band(taps: Float[Tensor, " t"], place: Int[Tensor, "a b"]) -> Float[Tensor, "a b"]:
    """The taps at these places, zero outside of the filter."""
    last = len(taps) - 1
    return taps[place.clamp(0, last)] * ((place >= 0) & (place <= last))


def _count(n: int, like: Tensor) -> Int[Tensor, " n"]:
    return torch.arange(n, device=like.device)
