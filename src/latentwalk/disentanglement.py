"""What was measured of sets of directions against exact factors, as plain JSON: written by the job `benchmark`."""

from collections.abc import Callable
from pathlib import Path
from statistics import fmean, stdev

from pydantic import Field, ValidationError

from latentwalk.files import write_text
from latentwalk.origin import Record, Source

FIGURES = {
    "mig": "mutual information gap: what the best direction knows of a factor more than the second best",
    "disentanglement": "DCI: whether a direction matters for one factor alone",
    "completeness": "DCI: whether a factor needs one direction alone",
    "informativeness": "DCI: how well all directions together tell a factor, where they were not learned from",
    "sap": "separated attribute predictability: the same gap in how well one direction alone predicts",
    "modularity": "whether a direction knows of one factor alone, however little that is",
}
"""The figures and a line about each. All are in [0, 1], more is better."""


class Disentanglement(Record):
    """How well coordinates and factors go together: see `FIGURES`."""

    mig: float
    disentanglement: float
    completeness: float
    informativeness: float
    sap: float
    modularity: float


class Setup(Record):
    """All that the figures of a set of directions depend on beside its method, their number and the seed.

    generator, scorer, judge: the networks. drawing: how avatars are drawn here, see `training.avatars.drawing`.
    samples: codes that methods and encoder learn from. codes: others, whose pictures the judge reads.
    drawings: pictures with exact factors that the encoder reads; 0 for none. space: where directions were wanted, None
    for where each method looks by itself. version: of how it is measured.
    """

    generator: Source
    scorer: Source
    judge: Source
    drawing: str
    samples: int
    codes: int
    drawings: int
    space: str | None = None
    version: int = 1


class Trial(Record):
    """One set of directions that one method found with one seed, and how good it is.

    count: the directions that were asked for. names: of those that were found. space: where. seconds: of the fit.
    judged: coordinates of codes against what the judge reads in their pictures.
    drawn: what the encoder reads in drawings, against their exact factors; None without drawings.
    knows: [directions, factors], the mutual information of each pair over the entropy of the factor: of drawings where
    there are some, else as the judge has it.
    """

    method: str
    count: int
    seed: int
    names: list[str]
    space: str
    seconds: float
    judged: Disentanglement
    drawn: Disentanglement | None = None
    knows: list[list[float]]


class Spread(Record):
    """A figure over seeds: its mean, and its standard deviation (None for one seed)."""

    mean: float
    deviation: float | None = None


class Benchmark(Record):
    """Everything that one run of `benchmark` measured.

    factors: their names. trials: one per method, count and seed. left_out: methods that found nothing, and why.
    """

    latentwalk: str
    setup: Setup
    factors: list[str]
    trials: list[Trial]
    left_out: dict[str, str] = Field(default_factory=dict)
    seconds: float = 0.0

    @property
    def counts(self) -> list[int]:
        """How many directions were asked for, in order."""
        return sorted({trial.count for trial in self.trials})

    @property
    def seeds(self) -> list[int]:
        return sorted({trial.seed for trial in self.trials})

    def of(self, method: str, count: int) -> list[Trial]:
        """The trials of a method, one per seed."""
        return [trial for trial in self.trials if (trial.method, trial.count) == (method, count)]

    def ranking(self, count: int) -> list[str]:
        """Methods that were asked for so many directions, the largest MIG first (of drawings, where there are any)."""
        methods = list(dict.fromkeys(trial.method for trial in self.trials if trial.count == count))
        return sorted(methods, key=lambda method: -(self.figure(method, count, "mig") or Spread(mean=-1)).mean)

    def figure(self, method: str, count: int, name: str, judged: bool = False) -> Spread | None:
        """A figure of `FIGURES` over the seeds: on drawings, or as the judge has it; None where nobody measured.

        Without drawings it is always as the judge has it.
        """
        judged = judged or not self.setup.drawings
        pick: Callable[[Trial], Disentanglement | None] = (lambda t: t.judged) if judged else (lambda t: t.drawn)
        values = [float(getattr(seen, name)) for trial in self.of(method, count) if (seen := pick(trial))]
        if not values:
            return None
        return Spread(mean=fmean(values), deviation=stdev(values) if len(values) > 1 else None)

    def save(self, path: str | Path) -> None:
        """Write it as JSON, atomically."""
        write_text(path, self.model_dump_json(indent=1))

    @staticmethod
    def read(path: str | Path) -> "Benchmark":
        """A benchmark from its file. Raises ValueError when there is none or it is damaged."""
        try:
            return Benchmark.model_validate_json(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"cannot read the benchmark {path}: {error}") from error
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ValueError(f"the benchmark in {path} is damaged or foreign: {place}: {first['msg']}") from error
