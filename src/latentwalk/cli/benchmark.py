"""`latentwalk benchmark`: how good sets of directions are, measured against factors that are known exactly."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentwalk.cli.console import number, say, say_files, say_json, say_table, working
from latentwalk.cli.file_options import FileOptions
from latentwalk.cli.invocation import command_line
from latentwalk.cli.options import OUTPUT, Device, Force, Json, check_generator
from latentwalk.cli.outputs import check_folder, outputs

if TYPE_CHECKING:
    from latentwalk.disentanglement import Benchmark

GeneratorOfAvatars = Annotated[
    str, typer.Argument(metavar="GENERATOR", help="avatars64 (bundled), or the file of one that learned from avatars.")
]


@dataclass(frozen=True)
class MeasuringOptions(FileOptions):
    """What is measured, and on how much."""

    method: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A method that `latentwalk info` lists. Repeatable. Default: all but `learned`, which takes minutes.",
            show_default=False,
        ),
    ] = None
    directions: Annotated[
        list[int] | None,
        typer.Option(
            metavar="N", min=2, max=12, help="How many directions. Repeatable. Default: 10, 12.", show_default=False
        ),
    ] = None
    seeds: Annotated[int, typer.Option(metavar="N", min=1, help="How often, with other samples and networks.")] = 5
    samples: Annotated[int, typer.Option(metavar="N", min=100, help="Codes that methods and encoder learn from.")] = (
        6000
    )
    codes: Annotated[int, typer.Option(metavar="N", min=100, help="Other codes, whose pictures a judge reads.")] = 2000
    drawings: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            help="Drawings with exact factors, which an encoder reads (needs latentwalk[avatars]); 0 for none.",
        ),
    ] = 2000
    space: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The latent space. Default: w where there is one, else z.", show_default=False
        ),
    ] = None
    device: Device = "cpu"


@dataclass(frozen=True)
class BenchmarkOutput:
    """The table."""

    out: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER",
            help="A folder for benchmark.html, .md and .json, and for every trial, so that a run can go on.",
            rich_help_panel=OUTPUT,
        ),
    ] = Path("out/benchmark")
    force: Force = False
    as_json: Json = False


def benchmark(generator: GeneratorOfAvatars, measuring: MeasuringOptions, output: BenchmarkOutput) -> None:
    """Measure how well directions tell exact factors apart: MIG, DCI, SAP, modularity.

    Every method finds its directions with several seeds. Their coordinates are
    compared with the twelve factors of avatars: those that an independent judge
    reads in samples, and the exact ones of drawings, which an encoder reads.
    Ctrl-C loses one trial at most: the same command goes on from there.

    \bExamples:
      latentwalk benchmark avatars64 --seeds 1
      latentwalk benchmark avatars64 --method regression --method sefa
      latentwalk benchmark my.safetensors --drawings 0 --out out/mine
    """
    out = check_folder(output.out)
    check_generator(generator)
    files = [out / f"benchmark{ending}" for ending in (".html", ".md", ".json")]
    with outputs(files, output.force, out), working(f"loading {generator}", output.as_json) as progress:
        from latentwalk.jobs.benchmark import benchmark as measure
        from latentwalk.jobs.benchmark_page import save_benchmark
        from latentwalk.jobs.load import load

        result = measure(
            load(generator, measuring.device, progress=progress, **measuring.choices.given),
            measuring.method or None,
            measuring.directions or (10, 12),
            measuring.seeds,
            measuring.samples,
            measuring.codes,
            measuring.drawings,
            measuring.space,
            out,
            progress,
        )
        save_benchmark(result, files[0], [command_line()])
    if output.as_json:
        say_json(result.model_dump(mode="json"))
        return
    say_benchmark(result)
    say_files(files)


def say_benchmark(result: "Benchmark") -> None:
    """A table per number of directions."""
    names = ("mig", "disentanglement", "completeness", "informativeness", "sap", "modularity")
    for count in result.counts:
        say(f"{count} directions", "bold")
        rows = []
        for method in result.ranking(count):
            spaces = ", ".join(dict.fromkeys(trial.space for trial in result.of(method, count)))
            judged = result.figure(method, count, "mig", judged=True)
            figures = [result.figure(method, count, name) for name in names]
            rows.append((method, spaces, *(number(f and f.mean) for f in (judged, *figures))))
        say_table(("method", "space", ">MIG, judge", ">MIG", ">D", ">C", ">I", ">SAP", ">modularity"), rows)
    seeds, drawings = len(result.seeds), result.setup.drawings
    read = f"of {drawings:,} drawings with exact factors" if drawings else "as the judge reads them"
    say(f"means over {seeds} seed{'s' if seeds > 1 else ''}; all but the first {read}; 0 to 1, more is better", "dim")
    for method, why in result.left_out.items():
        say(f"left out {method}: {why}", "yellow")
