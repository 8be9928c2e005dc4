"""The one pass that decompositions share: principal axes of activations, and least squares back to the code.

Activations are read code by code while their moments and those of the codes add up, so any number of codes needs the
memory of one batch. A component of the activations becomes a direction of the code by least squares (GANSpace,
Haerkoenen et al., 2020, section 2.2): the change of the code that goes with one more of the component, on average.
Both sides are centred on their exact means, which is what an intercept does.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.direction import PER_LAYER, Direction, Directions
from latentwalk.generator import Generator
from latentwalk.hooks import nearest, read_layers
from latentwalk.latents import Latents
from latentwalk.numerics.moments import Moments, principal
from latentwalk.numerics.sketch import Sketch
from latentwalk.origin import Origin, Source
from latentwalk.progress import Progress, silent
from latentwalk.samples import CHUNK, sample_codes
from latentwalk.seeds import check_seed

WIDEST = 4096
"""Numbers in an activation up to which its covariance is computed; wider ones are sketched, five times as fast."""

ROUNDING = 1e-10
"""Variance, relative to the largest, that is nothing but rounding of float32 activations."""


@dataclass(frozen=True)
class Decomposition:
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
        space = base_space(latents)
        space = space if space in generator.spaces else latents.space
        return sample_codes(generator, self.codes, self.seed, space, latents.labels)

    def axes(self, generator: Generator, latents: Latents, more: int = 0, progress: Progress = silent) -> "Axes":
        """The principal axes: as many as components, and if there are some, `more`.

        Raises ValueError for a layer that does not exist, and for too few codes or numbers for the components.
        """
        size, count, code = self._sizes(generator, latents)
        rows, wanted = self.rows(generator, latents, progress), min(self.components + more, size, count - 1)
        if self.layer is None:
            axes = _of_codes(Moments.over(rows), wanted)
        elif size <= self.widest:
            axes = _of_moments(Moments.over(rows), size, wanted)
        else:
            columns = min(self.columns or max(400, 6 * self.components), size)
            axes = _of_sketch(Sketch.over(rows, columns, code, self.seed), min(wanted, columns))
        real = int((axes.values > ROUNDING * axes.values[0]).sum())
        if real < self.components:
            raise ValueError(
                f"{self.layer or 'a code'} varies along {real} axes only, got {self.components} components: "
                "ask for fewer"
            )
        return axes.first(real)

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
        self, generator: Generator, latents: Latents, axes: "Axes", most: int
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
        axes: "Axes",
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


@dataclass(frozen=True, eq=False)
class Axes:
    """Principal axes, and how the codes [c] go with them; covariances are unbiased.

    count: of vectors. mean: [d] of what is decomposed. values: variances [k] along the axes. vectors: [k, d],
    orthonormal. variance: of everything in all directions. centre: [c] the mean code. codes: [c, c] their covariance.
    along: [c, k] covariance of codes with coordinates along the axes. columns, missed, residuals: see `Sketch`; 0 and
    None without one.
    """

    count: int
    mean: Float[Tensor, "d"]
    values: Float[Tensor, "k"]
    vectors: Float[Tensor, "k d"]
    variance: float
    centre: Float[Tensor, "c"]
    codes: Float[Tensor, "c c"]
    along: Float[Tensor, "c k"]
    columns: int = 0
    missed: float | None = None
    residuals: Float[Tensor, "k"] | None = None

    def first(self, count: int) -> "Axes":
        """The largest of them alone."""
        return replace(
            self,
            values=self.values[:count],
            vectors=self.vectors[:count],
            along=self.along[:, :count],
            residuals=None if self.residuals is None else self.residuals[:count],
        )

    @property
    def sketch(self) -> dict[str, float] | None:
        """For the source of directions: how wide the sketch was, and the share of the variance outside of it."""
        return None if self.missed is None else {"columns": self.columns, "missed": self.missed}

    def coordinates(self, rows: Float[Tensor, "n d"]) -> Float[Tensor, "n k"]:
        """Coordinates of vectors along the axes, from the mean."""
        return (rows[:, : len(self.mean)].detach().cpu().double() - self.mean) @ self.vectors.T

    def mixing(self, readout: Float[Tensor, "m k"]) -> Float[Tensor, "m k"]:
        """The same on the side of what is decomposed: what goes with one more of each component, along the axes."""
        spread = readout * self.values
        return torch.linalg.solve(spread @ readout.T, spread)

    def to_codes(self, readout: Float[Tensor, "m k"]) -> Float[Tensor, "m c"]:
        """Least squares from components back to codes: what goes with one more of each while the others stay.

        readout: components as weights on coordinates along the axes.
        """
        return torch.linalg.solve(readout * self.values @ readout.T, (self.along @ readout.T).T)

    def correlations(self, readout: Float[Tensor, "m k"]) -> Float[Tensor, "m"]:
        """Multiple correlation of each component with the code, in [0, 1]: its square is the share of the component
        that a linear function of the code explains, less what chance explains (adjusted; Ezekiel, 1930)."""
        with_codes = self.along @ readout.T
        explained = (with_codes * (torch.linalg.pinv(self.codes, hermitian=True, rtol=1e-9) @ with_codes)).sum(0)
        share = explained / (readout.square() @ self.values)
        chance = (self.count - 1) / (self.count - 1 - len(self.centre))
        return (1 - (1 - share) * chance).clamp(0, 1).sqrt()

    def direction(self, name: str, move: Float[Tensor, "c"], space: str) -> Direction:
        """Along a move of the code; the unit is the standard deviation of the codes, 0 is at the mean code."""
        norm = float(move.norm())
        if not norm > 0:
            raise ValueError(f"no change of the code goes with {name!r}: read another layer, or ask for fewer")
        vector = move / norm
        unit = float((vector @ self.codes @ vector).clamp(min=0).sqrt())
        return Direction(name, vector.float(), space, unit, -float(self.centre @ vector))


def _of_codes(moments: Moments, count: int) -> Axes:
    covariance = moments.covariance
    values, vectors = principal(covariance, count)
    total = float(covariance.trace())
    along = vectors.T * values
    return Axes(moments.count, moments.mean, values, vectors, total, moments.mean, covariance, along)


def _of_moments(moments: Moments, size: int, count: int) -> Axes:
    freedom = moments.count - 1
    scatter, with_codes, codes = (
        moments.scatter[:size, :size],
        moments.scatter[size:, :size],
        moments.scatter[size:, size:],
    )
    values, vectors = principal(scatter, count)
    total = float(scatter.trace()) / freedom
    mean, centre = moments.mean[:size], moments.mean[size:]
    along = with_codes @ vectors.T / freedom
    return Axes(moments.count, mean, values / freedom, vectors, total, centre, codes / freedom, along)


def _of_sketch(sketch: Sketch, count: int) -> Axes:
    values, vectors, residuals, missed = sketch.principal(count)
    size, beside = sketch.size, sketch.beside
    mean, centre, along = sketch.mean[:size], sketch.mean[size:], beside[:size].T @ vectors.T
    return Axes(
        sketch.count, mean, values, vectors, sketch.variance, centre, beside[size:], along, sketch.columns, missed,
        residuals,
    )  # fmt: skip


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
