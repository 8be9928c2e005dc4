"""The one pass that decompositions share: principal axes of activations, and least squares back to the code.

Activations are read code by code while their moments and those of the codes add up, so any number of codes needs the
memory of one batch. A component of the activations becomes a direction of the code by least squares (GANSpace,
Haerkoenen et al., 2020, section 2.2): the change of the code that goes with one more of the component, on average.
Both sides are centred on their exact means, which is what an intercept does.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.direction import PER_LAYER, Directions
from latentwalk.generator import Generator
from latentwalk.hooks import nearest, read_layers
from latentwalk.latents import Latents
from latentwalk.methods.principal_axes import Axes, of_codes, of_moments, of_sketch
from latentwalk.numerics.moments import Moments
from latentwalk.numerics.sketch import Sketch
from latentwalk.origin import Origin, Source
from latentwalk.progress import Progress, silent
from latentwalk.samples import CHUNK, Samples, sample_codes
from latentwalk.seeds import check_seed

WIDEST = 4096
"""Numbers in an activation up to which its covariance is computed; wider ones are sketched, five times as fast."""

ROUNDING = 1e-10
"""Variance, relative to the largest, that is nothing but rounding of float32 activations."""


@dataclass(frozen=True)
class Decomposition(ABC):
    """What is decomposed, the same for all methods.

    components: directions to keep.
    layer: whose activations, see `generator.layer_names`; None for the codes themselves.
    codes: how many fresh codes to draw, in the space of the samples and with their class labels in turn; None to take
    the samples themselves.
    seed: of the fresh codes, and of all that is random in the method.
    columns: width of the sketch of an activation of more than `widest` numbers; None for 6 per component and at least
    400. More are slower and more exact.
    """

    name: ClassVar[str]

    components: int = 10
    layer: str | None = None
    codes: int | None = None
    seed: int = 0
    columns: int | None = None
    widest: int = WIDEST

    def __post_init__(self) -> None:
        if self.components < 1:
            raise ValueError(f"the components to keep are 1 or more, got {self.components}")
        if self.codes is not None and self.codes < 2:
            raise ValueError(f"the codes to draw are 2 or more, got {self.codes}")
        if self.columns is not None and self.columns < self.components:
            raise ValueError(
                f"a sketch of {self.columns} columns has as many axes at most, "
                f"got {self.components} components: widen it or ask for fewer"
            )
        check_seed(self.seed)

    @abstractmethod
    def fit(
        self,
        generator: Generator,
        samples: Samples,
        progress: Progress = silent,
        sums: Moments | Sketch | None = None,
    ) -> Directions:
        """See `Method`. sums: as in `axes`."""

    def rows(
        self, generator: Generator, latents: Latents, progress: Progress = silent
    ) -> Iterator[Float[Tensor, "n d"]]:
        """What is decomposed [n, d], and beside it the codes [n, c] when these are not the same, batch by batch."""
        codes = latents.split(CHUNK) if self.codes is None else self._drawn(generator, latents)
        done, every = 0, self.codes or len(latents)
        for part in codes:
            if self.layer is None:
                yield base_codes(generator, part)
            else:
                yield from activations(generator, part, self.layer)
            done += len(part)
            progress("reading activations" if self.layer else "reading codes", done, every)

    def _drawn(self, generator: Generator, latents: Latents) -> Iterator[Latents]:
        assert self.codes is not None
        return sample_codes(generator, self.codes, self.seed, self.space_of(generator, latents), latents.labels)

    def axes(
        self,
        generator: Generator,
        latents: Latents,
        more: int = 0,
        progress: Progress = silent,
        sums: Moments | Sketch | None = None,
    ) -> Axes:
        """The principal axes: as many as components, and if there are some, `more`.

        sums: of all rows, where somebody has added them up; read and added here if None.
        Raises ValueError for a layer that does not exist, and for too few codes or numbers for the components.
        """
        size, count, code = self._sizes(generator, latents)
        wanted, columns = min(self.components + more, size, count - 1), self._columns(size)
        if sums is None:
            rows = self.rows(generator, latents, progress)
            sums = Sketch.over(rows, columns, code, self.seed) if columns else Moments.over(rows)
        if isinstance(sums, Sketch):
            axes = of_sketch(sums, min(wanted, sums.columns))
        else:
            axes = of_codes(sums, wanted) if self.layer is None else of_moments(sums, size, wanted)
        real = int((axes.values > ROUNDING * axes.values[0]).sum())
        if real < self.components:
            raise ValueError(
                f"{self.layer or 'a code'} varies along {real} axes only, got {self.components} components: "
                "ask for fewer"
            )
        return axes.first(real)

    def columns_of(self, generator: Generator, latents: Latents) -> int:
        """Columns of the sketch that `sums` of `axes` are, 0 where they are moments. Raises as `axes` does."""
        return self._columns(self._sizes(generator, latents)[0])

    def space_of(self, generator: Generator, latents: Latents) -> str:
        """The space of the codes that are read."""
        space = base_space(latents)
        return space if self.codes is not None and space in generator.spaces else latents.space

    def _columns(self, size: int) -> int:
        if self.layer is None or size <= self.widest:
            return 0
        return min(self.columns or max(400, 6 * self.components), size)

    def _sizes(self, generator: Generator, latents: Latents) -> tuple[int, int, int]:
        """Numbers in what is decomposed, codes, and numbers in a code, once they are enough. Raises ValueError."""
        if self.layer is not None and self.layer not in generator.layer_names:
            known = ", ".join(nearest(self.layer, generator.layer_names))
            raise ValueError(f"no layer {self.layer!r} to read: the nearest are {known}")
        code = base_codes(generator, latents[:1]).shape[1]
        row = next(replace(self, codes=None).rows(generator, latents[:1]))
        size = row.shape[1] - (code if self.layer else 0)
        if self.components > size:
            raise ValueError(
                f"{self.layer or 'a code'} has {size} numbers, got {self.components} components: ask for fewer"
            )
        count = len(latents) if self.codes is None else self.codes
        fewest = self.components + 1 if self.layer is None else max(self.components + 1, code + 2)
        if count < fewest:
            raise ValueError(
                f"{self.components} components of codes of {code} numbers need {fewest} codes or more, got {count}: "
                "draw more"
            )
        return size, count, code

    def coordinates(
        self, generator: Generator, latents: Latents, axes: Axes, most: int
    ) -> Iterator[Float[Tensor, "n k"]]:
        """Coordinates of the first codes along the axes, `most` at most: for what needs vectors, not moments."""
        for rows in self.rows(generator, latents):
            yield axes.coordinates(rows[:most])
            most -= len(rows)
            if most <= 0:
                return

    def result(
        self,
        generator: Generator,
        latents: Latents,
        axes: Axes,
        moves: Float[Tensor, "m c"],
        readout: Float[Tensor, "m k"],
        figures: dict[str, Float[Tensor, "m"]],
    ) -> Directions:
        """Directions along moves of the code, with figures for each; R is added when a layer was read.

        readout: the components as weights on coordinates along the axes.
        """
        names = [f"{self.name} {i + 1}" for i in range(len(moves))]
        items = tuple(axes.direction(name, move, base_space(latents)) for name, move in zip(names, moves, strict=True))
        columns = figures if self.layer is None else {**figures, "R": axes.correlations(readout)}
        rows = {name: {key: float(column[i]) for key, column in columns.items()} for i, name in enumerate(names)}
        origin = Origin(
            method=self.name,
            parameters=asdict(self),
            generator=Source.of(generator),
            summary={"codes": axes.count, **({"sketch": axes.sketch} if axes.sketch else {})},
            figures=rows,
        )
        return Directions(items, origin)


def base_space(latents: Latents) -> str:
    """The space of one code where these are codes per layer: w for w+, z for z+."""
    return latents.space.removesuffix(PER_LAYER)


def base_codes(generator: Generator, latents: Latents) -> Float[Tensor, "n c"]:
    """Codes as directions of their base space read them: in one piece, or the mean over layers of whole codes."""
    space, values = base_space(latents), latents.values
    if not latents.space.endswith(PER_LAYER):
        return values.flatten(1)
    size = generator.spaces[space].size if space in generator.spaces else values.shape[-1]
    return values.flatten(1) if values[0].numel() == size else values.mean(1)


def activations(generator: Generator, latents: Latents, layer: str) -> Iterator[Float[Tensor, "n d"]]:
    """Activations of a layer, flattened, and the codes behind them, batch by batch.

    Raises ValueError when these codes never pass the layer.
    """
    for part in generator.batches(latents):
        with torch.no_grad(), read_layers(generator, [layer]) as found:
            generator.synthesize(part)
        if layer not in found:
            raise ValueError(f"{latents.space} codes enter behind the layer {layer!r}: give z codes, which pass it")
        yield torch.cat([found[layer].flatten(1), base_codes(generator, part)], 1)
