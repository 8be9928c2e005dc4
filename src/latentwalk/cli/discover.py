"""`latentwalk discover`: directions of a generator that change one thing each, by any methods."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentwalk.bundled import check_scorer
from latentwalk.cli.chosen_methods import read_methods, read_options
from latentwalk.cli.console import say, say_files, say_json, say_next, working
from latentwalk.cli.discover_photos import from_folders, from_table, names_photos
from latentwalk.cli.engine_options import EngineOptions
from latentwalk.cli.errors import remark
from latentwalk.cli.found import say_directions, summary
from latentwalk.cli.options import (
    OUTPUT,
    Force,
    GeneratorName,
    Json,
    SampledOptions,
    ScorerName,
    check_file,
    check_generator,
    classes_of,
    load_generator,
)
from latentwalk.cli.outputs import check_ending, outputs
from latentwalk.cli.photos import WAYS

if TYPE_CHECKING:
    from latentwalk.direction import Directions
    from latentwalk.generator import Generator
    from latentwalk.progress import Progress

SUFFIX, CONTRAST = ".safetensors", "contrast"
MOST_SAMPLES = 10**8
METHOD = "Methods"
"""Panel of the help that says how directions are found."""


@dataclass(frozen=True)
class FindOptions:
    """What to find, and how."""

    method: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="How: a name that `latentwalk info` lists, such as sefa, or all. Repeatable. Default: "
            "interfacegan, regression, sefa, ganspace; without a scorer the last two.",
            rich_help_panel=METHOD,
            show_default=False,
        ),
    ] = None
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="What to find a direction for. Repeatable. Default: every attribute of the scorer.",
            show_default=False,
        ),
    ] = None
    scorer: ScorerName = None
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Hand labels, a CSV that `latentwalk label` wrote, for fewshot; or one about photographs, whose first "
            "column `photo` names their files, for contrast.",
            show_default=False,
        ),
    ] = None
    having: Annotated[
        Path | None,
        typer.Option(
            "--with",
            metavar="FOLDER",
            help="Photographs with the attribute, at least 4; with --without. They are inverted, and the direction is "
            "what the two sets differ by (method contrast).",
            show_default=False,
        ),
    ] = None
    lacking: Annotated[
        Path | None,
        typer.Option("--without", metavar="FOLDER", help="Photographs without it.", show_default=False),
    ] = None
    align: Annotated[
        str, typer.Option(metavar="HOW", help="How photographs are framed, as in latentwalk invert: auto, none, ...")
    ] = "auto"
    samples: Annotated[
        str,
        typer.Option(
            metavar="N|FOLDER",
            help="How many codes to sample and score, above 20,000 in a folder that is gone on with; or the folder of "
            "`latentwalk score`, whose scores are taken.",
        ),
    ] = "20000"
    space: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The latent space: z, w, s, ... Default: w where there is one, else z.",
            show_default=False,
        ),
    ] = None
    option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METHOD.KEY=VALUE",
            help="A hyperparameter of a method, such as ganspace.components=40. Repeatable.",
            rich_help_panel=METHOD,
        ),
    ] = None
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the samples.")] = 0

    def read_samples(self) -> int | Path:
        """How many codes, or the folder of those that are scored. Raises ValueError for what is neither."""
        if self.samples.isdecimal():
            if not 2 <= int(self.samples) <= MOST_SAMPLES:
                raise ValueError(f"--samples {self.samples}: expected 2 to {MOST_SAMPLES:,} codes, or a folder")
            return int(self.samples)
        if not Path(self.samples).is_dir():
            raise ValueError(
                f"--samples {self.samples}: expected how many codes to score, or the folder of latentwalk score"
            )
        return Path(self.samples)

    def check_photos(self) -> bool:
        """Whether photographs are given. Raises ValueError for half of them, or beside what means nothing there."""
        if (self.having is None) != (self.lacking is None):
            raise ValueError("--with and --without go together: one folder of photographs each")
        if self.having is not None and (self.method not in (None, [CONTRAST]) or self.labels or self.scorer):
            raise ValueError("--with and --without are about photographs: leave --method, --labels and --scorer out")
        if self.align not in WAYS:
            raise ValueError(f"--align {self.align}: expected {', '.join(WAYS)}")
        if self.having is not None:
            return True
        if self.labels is None or not names_photos(self.labels):
            if self.align != "auto":
                raise ValueError("--align is about photographs: leave it out, or give some with --with and --without")
            return False
        if self.method not in (None, [CONTRAST]) or self.scorer:
            raise ValueError(f"{self.labels} is about photographs (contrast): leave --method and --scorer out")
        return True


@dataclass(frozen=True)
class FoundOutput:
    """The files of directions."""

    out: Annotated[
        Path,
        typer.Option(
            metavar="PATH",
            help="A folder, one file per method; or one file, .safetensors, for one method.",
            rich_help_panel=OUTPUT,
        ),
    ] = Path("out/directions")
    force: Force = False
    as_json: Json = False

    def check(self, methods: list[str]) -> None:
        """Raises ValueError for files that exist, as far as it is known now what will be written."""
        named = [] if "all" in methods else [self.out / f"{each}{SUFFIX}" for each in methods]
        with outputs([self.out] if self.out.suffix == SUFFIX else named, self.force, self.out):
            pass


def discover(
    generator: GeneratorName, find: FindOptions, look: SampledOptions, engine: EngineOptions, output: FoundOutput
) -> None:
    """Find directions in latent space that change one thing each.

    Supervised methods score samples and learn what the scores depend on; the
    others find what changes pictures most, and the scorer names it. Compare them
    with latentwalk report, walk along them with latentwalk edit.

    \bExamples:
      latentwalk discover faces64 --attribute smiling
      latentwalk discover faces64 --method sefa --method ganspace --samples 5000
      latentwalk discover my_model.pkl --scorer measurements --out out/mine
      latentwalk discover faces64 --samples runs/s1
      latentwalk discover faces64 --method fewshot --labels labels.csv
      latentwalk discover faces64 --with photos/glasses --without photos/plain
      latentwalk discover faces64 --labels photos/labels.csv --attribute glasses
    """
    attributes, out, as_json = find.attribute or [], output.out, output.as_json
    if find.labels:
        check_file(find.labels, "hand labels, .csv")
    photos = find.check_photos()
    if photos:
        find = replace(find, method=[CONTRAST])
    output.check(find.method or [])
    samples = find.read_samples()
    check_generator(generator)
    if find.scorer:
        check_scorer(find.scorer)
    with working(f"loading {generator}", as_json) as progress:
        from latentwalk.bundled import MEASUREMENTS
        from latentwalk.jobs.discover import discover as discover_all
        from latentwalk.jobs.discover_samples import is_scored_by
        from latentwalk.jobs.load import load_scorer, scorer_of

        made = load_generator(generator, look, progress)
        name = None if photos else scorer_of(made, find.scorer)
        scorer = load_scorer(name, look.device, made) if name else None
        namer = scorer or load_scorer(MEASUREMENTS[0], look.device, made)
        if isinstance(samples, Path) and not find.scorer:
            scorer = scorer if scorer and is_scored_by(samples, scorer) else None
        scored = scorer is not None or isinstance(samples, Path)
        methods = read_methods(find.method or [], scored, scorer is not None, find.labels is not None, made.spaces)
        files = [out] if out.suffix == SUFFIX else [out / f"{each}{SUFFIX}" for each in dict.fromkeys(methods)]
        if len(files) != len(set(methods)):
            raise ValueError(f"{out} is one file, got {len(set(methods))} methods: name a folder, or one --method")
        for file in files:
            check_ending(file, SUFFIX)
        failed: dict[str, str] = {}
        with outputs(files, output.force, out):
            seen = discover_in_photos(made, find, photos, progress)
            found = (
                {CONTRAST: seen}
                if seen
                else discover_all(
                    made,
                    methods,
                    scorer,
                    attributes or None if scored or find.labels else None,
                    samples,
                    find.seed,
                    find.space,
                    classes_of(made, look.classes),
                    find.labels,
                    read_options(find.option or [], methods),
                    namer,
                    progress,
                    failed.__setitem__ if len(files) > 1 else None,
                    engine.read(look.device),
                    remark,
                )
            )
            if not found:
                raise ValueError(next(iter(failed.values())))
            files = [file for file, each in zip(files, dict.fromkeys(methods), strict=True) if each in found]
            for file, directions in zip(files, found.values(), strict=True):
                directions.save(file)
    if as_json:
        say_json(
            {
                "methods": {each: summary(directions) for each, directions in found.items()},
                "left_out": failed,
                "files": files,
            }
        )
        return
    for directions in found.values():
        say_directions(directions)
    for each, why in failed.items():
        say(f"left out {each}: {why}", "yellow")
    say_files(files)
    if "fewshot" in found:  # whoever labelled by hand is on a way of several commands
        file = dict(zip(found, files, strict=True))["fewshot"]
        say_next(
            "edit",
            generator,
            *look.choices.words,
            "--direction",
            f"{file}:{found['fewshot'][0].name}",
            "--strength",
            "2",
        )


def discover_in_photos(made: "Generator", find: FindOptions, photos: bool, progress: "Progress") -> "Directions | None":
    """What photographs differ by; nothing where none are given."""
    if find.having is not None and find.lacking is not None:
        name = next(iter(find.attribute or []), None)
        return from_folders(made, find.having, find.lacking, name, find.space, find.align, progress)
    if not photos or find.labels is None:
        return None
    return from_table(made, find.labels, find.attribute or [], find.space, find.align, progress)
