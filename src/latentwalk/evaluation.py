"""What was measured of directions, as plain JSON: written by the job `evaluate`, read by whoever shows it.

Effects are counted in standard deviations of the judge's logits over unedited pictures, strengths in units of a
direction. An interval is one of 95% from a bootstrap over the codes. None stands where nothing can be said.
"""

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, ValidationError

from latentwalk.files import write_text
from latentwalk.notebook import MOST_ROWS, Shown, bar, card, counted, heat, image, table, text
from latentwalk.options import RenderOptions
from latentwalk.receipts import Record, Source

MAP = 48
"""Pixels that the map of a direction's changes is shown wide."""

NONE = "none moves an attribute that the judge can tell"


class Estimate(Record):
    """A figure and its 95% interval; low and high are None for figures that are no mean over codes."""

    value: float
    low: float | None = None
    high: float | None = None


class MadeBy(Record):
    """What made a direction, in brief.

    file: where it is kept, "" when it was given in memory. method: what found it, with which parameters.
    seconds, images, labels: what it cost, as far as its file says; labels are those given by hand.
    """

    file: str = ""
    method: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)
    seconds: float | None = None
    images: int | None = None
    labels: int | None = None


class Point(Record):
    """What one strength of a direction does.

    changes: mean change per attribute, in standard deviations of that attribute.
    on: the change of the direction's own attribute, positive when there is more of it; None without an attribute.
    off, off_max: mean and largest over all other attributes of |mean change|. Without an attribute over all of them.
    dependency: the same mean, of each picture's own |change| (attribute dependency).
    success: share of the codes without the attribute that have it here; of those with it that lost it where `on` is
    negative; None when there are none.
    identity: cosine of the embeddings before and after. perceptual: distance of the features. pixels: mean |change|
    of a pixel, in [0, 2]. These three are of the codes that were looked at closely.
    """

    strength: float
    changes: dict[str, float]
    on: Estimate | None = None
    off: float | None = None
    off_max: float | None = None
    dependency: float | None = None
    success: float | None = None
    identity: float | None = None
    perceptual: float | None = None
    pixels: float | None = None


class DirectionResult(Record):
    """What one direction does.

    key: its name among all that were judged together, "file:name"; no two are the same.
    attribute: the attribute of the judge that it changes. matched: "name" when it is named so, "measured" when this is
    what it was seen to move most, "none" when it moves nothing that the judge can tell.
    sign: 1, or -1 when a positive strength gives less of the attribute.
    disagreement: what the judge sees change most ("more mouth_open", "nothing") where the name promises something else;
    "" when they agree, or the name promises nothing.
    points: one per strength, in order; strength 0 is among them.
    rescoring: change per unit and attribute, the slope of the mean changes.
    leakage: mean |rescoring| of all other attributes, over that of its own; None without an attribute.
    metrics: by the names in `metrics.METRICS`; None where one cannot be measured.
    range: strengths between which it works: see `recommended`.
    change_map: mean |change| of the pixels at the largest strengths, at most 32 x 32, rows from the top.
    """

    key: str
    name: str
    space: str
    layers: tuple[int, int] | None = None
    unit: float
    origin: MadeBy
    attribute: str | None = None
    matched: str = "none"
    sign: int = 1
    disagreement: str = ""
    points: list[Point]
    rescoring: dict[str, Estimate]
    leakage: float | None = None
    metrics: dict[str, Estimate | None]
    range: tuple[float, float]
    change_map: list[list[float]] = Field(default_factory=list)


class Ranked(Record):
    """One direction at the common change of a comparison.

    reached: whether it gets there within the strengths that were tried; if not, all that follows is None.
    strength: where it does, in its units. off, off_max: mean and largest |change| of another attribute, picture by
    picture (attribute dependency). behind: off minus that of the best, paired over codes; None for the best itself.
    identity, perceptual: see `Point`.
    """

    key: str
    reached: bool
    strength: float | None = None
    off: Estimate | None = None
    off_max: Estimate | None = None
    behind: Estimate | None = None
    identity: float | None = None
    perceptual: float | None = None


class Comparison(Record):
    """All directions of one attribute at the same mean change of it, the one that leaks least first.

    change: the common change, in standard deviations of the attribute.
    """

    attribute: str
    change: float
    ranking: list[Ranked]


class Stability(Record):
    """How alike what one method found with two seeds is.

    files: the two. value: mean |cosine| of every direction with its partner, in [0, 1].
    """

    method: str
    files: tuple[str, str]
    value: float


class MetricCard(Record):
    """How to read a metric: what is better ("higher" or "lower"), its unit, and one line for people."""

    better: str
    unit: str
    about: str


class Evaluation(Record, Shown):
    """Everything that one run of `evaluate` measured.

    drawing: options of the pictures. codes: how many, all held out. close: how many of them were looked at closely.
    seed: of the codes, see
    `samples.fresh_seeds`. classes: class numbers that the codes got in turn.
    strengths: in order, 0 among them. attributes: of the judge. spread: standard deviation of each logit over codes.
    features: what identity, perceptual change and quality look at.
    floor: the metrics of quality for pictures that nobody edited; what is left is chance.
    cards: how to read the metrics. missing: what was not measured, and why.
    cosines: between the directions, in their order; None between spaces.
    stabilities: of methods that are there with several seeds.
    images: how many were rendered. seconds: how long it took.
    """

    latentwalk: str
    generator: Source
    drawing: RenderOptions = RenderOptions()
    judge: Source
    attributes: list[str]
    spread: dict[str, float]
    codes: int
    close: int
    seed: int
    classes: list[int] = Field(default_factory=list)
    strengths: list[float]
    features: str
    floor: dict[str, float] = Field(default_factory=dict)
    cards: dict[str, MetricCard]
    missing: dict[str, str] = Field(default_factory=dict)
    directions: list[DirectionResult]
    comparisons: list[Comparison] = Field(default_factory=list)
    cosines: list[list[float | None]] = Field(default_factory=list)
    stabilities: list[Stability] = Field(default_factory=list)
    images: int = 0
    seconds: float = 0.0

    def __getitem__(self, key: str) -> DirectionResult:
        """One direction by its key. Raises ValueError that lists the keys."""
        for result in self.directions:
            if result.key == key:
                return result
        raise ValueError(f"no direction {key!r}: there are {', '.join(result.key for result in self.directions)}")

    def _repr_html_(self) -> str:
        """The best direction of each attribute, what it drags along, and where it changes pictures."""
        facts = {"judge": self.judge.source or "a scorer", "codes": f"{self.codes:,}", "seed": self.seed}
        facts |= {"pictures": f"{self.images:,}", "seconds": f"{self.seconds:.1f}"}
        rows = [self._best(comparison) for comparison in self.comparisons[:MOST_ROWS]]
        heads = ["attribute", "best direction", "at", "its change", "others change", "", "identity", "where"]
        best = table(heads, rows, len(self.comparisons)) if rows else text(NONE)
        return card(self._title, facts, best)

    def __str__(self) -> str:
        best = [f"{made.attribute}: {made.ranking[0].key}" for made in self.comparisons]
        return "\n".join([f"{self._title}; the best for", *best] if best else [f"{self._title}; {NONE}"])

    @property
    def _title(self) -> str:
        return f"{counted(len(self.directions), 'direction')} of {self.generator.source or 'a generator'}"

    def _best(self, comparison: Comparison) -> list[object]:
        """A row of the card: the direction that leaks least, at the common change."""
        best, result = comparison.ranking[0], self[comparison.ranking[0].key]
        off = best.off.value if best.off else None
        return [
            comparison.attribute,
            best.key + (f" (! the judge sees {result.disagreement})" if result.disagreement else ""),
            "-" if best.strength is None else f"{best.strength:+.1f}",
            f"{comparison.change:.2f}",
            "-" if off is None else f"{off:.2f}",
            "" if off is None else bar(off, comparison.change),
            "-" if best.identity is None else f"{best.identity:.2f}",
            image(heat(np.array(result.change_map)), MAP) if result.change_map else "",
        ]

    def to_json(self) -> str:
        return self.model_dump_json(indent=1)

    def save(self, path: str | Path) -> None:
        """Write it as JSON, atomically."""
        write_text(path, self.to_json())

    @staticmethod
    def read(path: str | Path) -> "Evaluation":
        """An evaluation from its file. Raises ValueError when there is none or it is damaged."""
        try:
            return Evaluation.model_validate_json(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"cannot read the evaluation {path}: {error}") from error
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ValueError(f"the evaluation in {path} is damaged or foreign: {place}: {first['msg']}") from error
