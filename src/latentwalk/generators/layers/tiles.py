"""The filtered non-linearity of StyleGAN3 on large maps (see `filters`), by rows of tiles.

The finer grid is up to 16 times the map, and here it is never there as a whole: what lies under a row of tiles is
interpolated, bent and thinned out by four products with small band matrices, the same for every tile. Where
convolutions of the grid would go channel by channel, this is ten times as fast; on small maps it is slower.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

TILE = 48
"""Samples of the result on the side of a tile: wider wastes more of the band matrices, narrower more of the edges."""

BAND = 2**18
"""Numbers of the finer grid under a row of tiles that are held at once: channels go in parts."""


class Resampling(NamedTuple):
    """A grid `up` times as fine as the map, and a result of side x side samples, one at every `down`-th of the grid.

    taps: [t], filter of either axis on the way up, with all gains. down_filter: [t], or [t, t] when it is radial.
    """

    taps: Tensor
    up: int
    down_filter: Tensor
    down: int
    side: int

    @property
    def fine(self) -> int:
        """Samples of the finer grid on a side."""
        return (self.side - 1) * self.down + len(self.down_filter)

    def before(self, pixels: int) -> int:
        """Zeros before the first of `pixels` on the finer grid, so that its samples lie around the middle.

        Half a sample that is left over goes to the front.
        """
        return (self.fine + len(self.taps) - 1 - pixels * self.up + self.up) // 2


class Axis(NamedTuple):
    """How the tiles along one axis read the map.

    matrix: [samples, pixels], interpolates the pixels under a tile. pad: zeros before and behind the map (negative:
    pixels that nobody reads). stride: pixels from tile to tile.
    """

    matrix: Tensor
    pad: tuple[int, int]
    stride: int


def bend_tiles(x: Float[Tensor, "m h w"], how: Resampling, bend: Callable[[Tensor], Tensor]) -> Float[Tensor, "m s s"]:
    """Maps to the finer grid, the non-linearity `bend` (which may work in place), and down again."""
    tile = -(-how.side // -(-how.side // TILE))  # as wide as the others, so that the last is hardly wasted
    tile = how.up * -(-tile // how.up)  # a multiple of `up`, so that all tiles meet the same taps
    rows, columns = (axis(pixels, how, tile) for pixels in x.shape[1:])
    thin = [(decimation(a, how.down, tile), decimation(b, how.down, tile)) for a, b in separable(how.down_filter)]
    reach = columns.matrix.shape[1]

    def line(band: Tensor) -> Tensor:
        """A row of tiles [m, tile, side], from the samples under it in the columns of the map."""
        fine = bend(band.unfold(2, reach, columns.stride) @ columns.matrix.T)  # [m, samples, tiles, samples]
        parts = [a @ (fine @ b.T).flatten(2) for a, b in thin]
        return (parts[0] if len(parts) == 1 else torch.stack(parts).sum(0))[..., : how.side]

    x = F.pad(x, (*columns.pad, *rows.pad))
    starts = [start * rows.stride // tile for start in range(0, how.side, tile)]
    return torch.cat([line(rows.matrix @ x.narrow(1, start, rows.matrix.shape[1])) for start in starts], 1)[
        :, : how.side
    ]


def maps_at_once(how: Resampling) -> int:
    """Maps that best go together."""
    return max(1, BAND // (min(TILE, how.side) * how.down * how.fine))


def axis(pixels: int, how: Resampling, tile: int) -> Axis:
    """What tiles of `tile` samples need along an axis of `pixels`."""
    before, samples = how.before(pixels), (tile - 1) * how.down + len(how.down_filter)
    first = -(before // how.up)  # pixel that the first sample meets
    count = (samples + len(how.taps) - 2 - before) // how.up - first + 1
    stride = tile * how.down // how.up
    read = (-(-how.side // tile) - 1) * stride + count
    return Axis(interpolation(how.taps, how.up, before, samples, first, count), (-first, read + first - pixels), stride)


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
