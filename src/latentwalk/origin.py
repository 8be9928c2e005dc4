"""Where directions come from: what found them in what, what that cost, and the command that makes them again."""

import json
import shlex
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from latentwalk.choices import Choices
from latentwalk.conditions import written
from latentwalk.filenames import readable
from latentwalk.options import RenderOptions


class Record(BaseModel):
    """Plain data that is read as strictly as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)  # of the dataclasses inside too


class Source(Record):
    """A generator or scorer: what it was loaded from, and the fingerprint of its weights ("" when it has none).

    delta: the file of what was added to the weights of a generator that was tuned, "" for others. choices: what was
    said of its file, None for nothing.
    """

    source: Annotated[str, BeforeValidator(readable)]
    fingerprint: str = ""
    delta: Annotated[str, BeforeValidator(readable)] = ""
    choices: Choices | None = None

    @staticmethod
    def of(network: object) -> "Source":
        """Of a generator or scorer of any kind, also a function that says nothing of itself."""
        return Source(
            source=getattr(network, "source", "") or "",
            fingerprint=getattr(network, "fingerprint", "") or "",
            choices=getattr(network, "choices", None) or None,
            delta=delta if isinstance(delta := getattr(network, "delta", ""), str) else "",
        )

    @property
    def words(self) -> list[str]:
        """What opens it, on the command line; a name stands in for one that has none."""
        return [self.source or "GENERATOR", *(self.choices.words if self.choices else [])]


UNKNOWN = Source(source="")


def _plain(value: Any) -> Any:
    """Tuples as lists, so that what is kept is what comes back from a file."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value


Facts = Annotated[Mapping[str, Any], BeforeValidator(_plain)]
"""What a method says in words and numbers of its own."""


class Cost(Record):
    """What it took; None where nobody counted.

    seconds: of the fit alone. images: rendered and scored. labels: given by hand.
    """

    seconds: float | None = None
    images: int | None = None
    labels: int | None = None


class Naming(Record):
    """How directions that nobody asked for got their names: by which scorer, on how many codes.

    before: what each was called by its method, by its name now.
    """

    scorer: Source
    codes: int
    before: dict[str, str] = {}


class Verdict(Record):
    """What an evaluation said: by which judge, on how many codes of which seed; figures by direction."""

    judge: str
    codes: int
    seed: int
    figures: Mapping[str, Facts] = {}


class Origin(Record):
    """Where directions come from. A method fills in the first five; the job `discover` the rest.

    method: a name in `METHODS`, or what they were read from. parameters: all hyperparameters, as it used them.
    figures: what it says of each direction, by name. summary: what it says of all together.
    generator: in which they were found. drawing: with which options of its pictures.
    scorer: whose scores or gradients taught it; None for methods that need none.
    samples: how many codes were sampled, with which seed, in which space directions were looked for, and with which
    class numbers or vectors in turn. attributes: those that were asked for, none for all. labels: the file of those
    by hand.
    runs: the folder of the job that scored the codes, "" where they were scored for these directions alone.
    photos: the folders of photographs with and without the attribute, or the table about them, where it was learned so.
    framing: how they were framed, see `framing.align.HOW`.
    options: hyperparameters that were given, as text; None when the job `discover` was not used.
    skipped: attributes that nothing was found for, and why.
    """

    method: str = ""
    parameters: Facts = {}
    figures: Mapping[str, Facts] = {}
    summary: Facts = {}
    generator: Source | None = None
    drawing: RenderOptions | None = None
    scorer: Source | None = None
    samples: int | None = None
    seed: int | None = None
    space: str | None = None
    classes: list[int] | list[list[float]] = []
    attributes: list[str] = []
    labels: str = ""
    runs: Annotated[str, BeforeValidator(readable)] = ""
    photos: tuple[str, ...] | None = None
    framing: str = "auto"
    options: dict[str, str] | None = None
    skipped: dict[str, str] = {}
    names: Naming | None = None
    cost: Cost = Cost()
    evaluation: Verdict | None = None

    def but(self, **changes: Any) -> "Origin":
        """The same with some fields changed. Raises ValueError for a field that is not there or does not fit."""
        return Origin.model_validate({**dict(self), **changes})

    @property
    def made_for(self) -> str:
        """The fingerprint of the generator, "" when it is not known."""
        return self.generator.fingerprint if self.generator else ""

    def command(self) -> str:
        """The shell line that finds the directions again; a comment when none does.

        A name stands in for a generator or a file of labels that has none.
        """
        if self.photos is not None:
            given = ("--labels",) if len(self.photos) == 1 else ("--with", "--without")
            words = ["latentwalk", "discover", *(self.generator or UNKNOWN).words, "--method", self.method]
            words += [word for pair in zip(given, self.photos, strict=True) for word in pair]
            words += ["--align", self.framing] if self.framing != "auto" else []
            return shlex.join([*words, *(["--space", self.space] if self.space else [])])
        if self.options is None:
            return f"# {self.method or 'directions'}: not found with latentwalk discover"
        scorer = self.scorer or (self.names.scorer if self.names else None)
        truncation = self.drawing.truncation if self.drawing else 1
        given = {
            "scorer": scorer.source if scorer else "",
            "labels": self.labels or ("LABELS.csv" if self.cost.labels else ""),
            "samples": self.runs or self.samples,
            "space": self.space,
            # a folder says the rest of its codes and pictures
            "seed": "" if self.runs else self.seed,
            "class": "" if self.runs else written(self.classes),
            "truncation": "" if self.runs or truncation == 1 else f"{truncation:g}",
        }
        parts = ["latentwalk", "discover", *(self.generator or UNKNOWN).words, "--method", self.method]
        for name, value in given.items():
            parts += [] if value in (None, "") else [f"--{name}", str(value)]
        for name in self.attributes:
            parts += ["--attribute", name]
        for key, value in self.options.items():
            parts += ["--option", f"{self.method}.{key}={value}"]
        return shlex.join(parts)

    @staticmethod
    def read(metadata: Mapping[str, str]) -> "Origin":
        """From the metadata of a file: "origin", or "source" as version 0.1 wrote it.

        Raises ValueError of one line for what is damaged, and for fields that this version does not know.
        """
        try:
            if "origin" in metadata:
                return Origin.model_validate_json(metadata["origin"])
            return _from_first_version(json.loads(metadata["source"]))
        except json.JSONDecodeError as error:
            raise ValueError(f"what it says of its origin is damaged: {error}") from None
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "origin"
            raise ValueError(
                f"what it says of its origin is damaged, or newer than this version: {where}: {first['msg']}"
            ) from None


RENAMED = {"reconstructor", "sketch", "converged", "codes"}
"""What methods of version 0.1 kept beside their figures, and keep in the summary now."""


def _from_first_version(old: Any) -> Origin:
    """What version 0.1 kept as one dictionary of plain values."""
    if not isinstance(old, dict):
        raise ValueError(f"what it says of its origin is damaged: expected a JSON object, got {type(old).__name__}")
    rest = dict(old)
    made_for, came_from = rest.pop("generator", ""), rest.pop("generator_source", "")
    scorer, mark = rest.pop("scorer", ""), rest.pop("scorer_fingerprint", "")
    summary = {name: rest.pop(name) for name in sorted(RENAMED & set(rest))}
    if isinstance(rest.get("names"), dict):
        rest["names"] = {**rest["names"], "scorer": {"source": rest["names"].get("scorer", "")}}
    return Origin.model_validate(
        {
            **rest,
            "summary": summary,
            "generator": {"source": came_from, "fingerprint": made_for} if made_for or came_from else None,
            "scorer": {"source": scorer, "fingerprint": mark} if scorer or mark else None,
        }
    )
