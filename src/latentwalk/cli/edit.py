"""`latentwalk edit`: move codes until their pictures have what is wanted, and say what else changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentwalk.cli.console import Bar, say, say_files, say_json, working
from latentwalk.cli.edit_output import FILMS, NONE, EditOutput, needs_frames, write
from latentwalk.cli.edit_photos import PhotoOptions, put_back, read_album
from latentwalk.cli.edit_walks import WalkingCodes, WalkOptions, read_walk, walking
from latentwalk.cli.errors import ALL_WELL, NOT_REACHED
from latentwalk.cli.options import (
    RISE,
    GeneratorName,
    PictureOptions,
    ScorerName,
    check_generator,
    load_generator,
    read_start,
    read_targets,
)
from latentwalk.cli.outputs import check_folder, outputs
from latentwalk.cli.shifts import ShiftOptions, read_shifts
from latentwalk.cli.summary import say_summary, summarize

if TYPE_CHECKING:
    from latentwalk.generator import Generator
    from latentwalk.jobs.edit import Edited
    from latentwalk.latents import Latents
    from latentwalk.scores import Scorer


@dataclass(frozen=True)
class ScorerOptions:
    """Who tells what pictures show."""

    scorer: ScorerName = None
    second: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Another scorer that has to be convinced too, or none. Default: the one that comes with the scorer.",
            show_default=False,
        ),
    ] = None
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A scorer that takes no part and says whether it agrees, or none. "
            "Default: the one that comes with the scorer or the generator.",
            show_default=False,
        ),
    ] = None

    def name(self, generator: str, fixed: bool) -> str | None:
        """The name of the scorer; None where nothing is scored. Fixed steps need no scores, walks to a goal do.

        Raises ValueError for a scorer that is not there.
        """
        from latentwalk.bundled import MEASUREMENTS, SCORERS, check_scorer

        for other in (self.second, self.judge):
            if other not in (None, NONE):
                check_scorer(other)
        if self.second not in (None, NONE) and fixed:
            raise ValueError("--second walks to what is --set: a fixed step needs none, leave it out")
        if self.scorer == NONE and fixed:
            return None
        if self.scorer == NONE:
            raise ValueError("--scorer none: --set needs scores: name a scorer, or move by --direction and --strength")
        if self.scorer is not None:
            check_scorer(self.scorer)
            return self.scorer
        if generator in SCORERS:
            return generator
        if fixed:
            return MEASUREMENTS[0]
        raise ValueError(
            f"no scorer comes with {generator}: name one with --scorer, train one with `latentwalk train scorer`, "
            "or take --scorer measurements (brightness, colour, sharpness and the like)"
        )


def edit(
    generator: GeneratorName,
    targets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME[=P]",
            help="An attribute and the probability to reach, such as eyeglasses=0.995 or smiling=0.1. At least "
            "0.5 means: no less than that; below 0.5: no more than that. A name alone rises to 0.995, or as far as "
            "the surest of 100 samples where that is less. Repeatable.",
            show_default=False,
        ),
    ] = None,
    *,
    codes: WalkingCodes,
    photos: PhotoOptions,
    scorers: ScorerOptions,
    look: PictureOptions,
    walk: WalkOptions,
    shift: ShiftOptions,
    output: EditOutput,
) -> None:
    """Change an attribute: every code moves until its picture has it, or by a fixed strength along directions.

    Writes pictures, the codes, and a receipt of what else changed. Exit code 0
    when all codes got there and held what they should, 1 when some did not:
    those are named, and their pictures are marked.

    \bExamples:
      latentwalk edit faces64 --set eyeglasses
      latentwalk edit faces64 --photo photos/me.jpg --set eyeglasses --tune
      latentwalk edit faces64 --codes out/me --set smiling --out out/me-smiling
      latentwalk edit faces64 --seeds 0-15 --set smiling=0.1 --hold others
      latentwalk edit faces64 --set hat --set smiling=0.1 --show strip,mp4
      latentwalk edit faces64 --seeds 0-9999 --set hat --show none --json
      latentwalk edit faces64 --direction out/directions/sefa.safetensors:hat \\
          --strength 3
      latentwalk edit my_model.pkl --direction mine.safetensors:warmth \\
          --strength -3:3:7 --scorer none
      latentwalk edit my_model.pkl --truncation 0.7 --scorer my.module:smile \\
          --set smile
    """
    wanted, fixed = read_targets(targets or []), bool(shift.direction)
    if bool(wanted) == fixed:
        raise ValueError("expected what to change: --set NAME, or --direction FILE:NAME with --strength (not both)")
    for options in (codes, walk, shift):
        options.check()
    photos.check_with(codes)
    if shift.direction_space is not None and not fixed and walk.along is None:
        raise ValueError("--direction-space says what --direction or --along holds: leave it out, or name a file")
    check_generator(generator)
    name = scorers.name(generator, fixed)
    kinds = output.kinds(name is not None, shift.pictures > 1)
    folder = check_folder(output.out or Path("out") / file_name("-".join(wanted or shift.direction or [])))
    files = [folder / each for each in ("receipt.json", "latents.safetensors", *kinds)]
    with outputs(files, output.force, folder), working(f"loading {generator}", output.as_json) as progress:
        from latentwalk.jobs.edit import edit_batches

        made = load_generator(generator, look, progress)
        base, album = made, read_album(made, photos, codes, folder, progress)
        if album is not None:
            made = album.generator(base)
        first, second, judge = find_scorers(made, name, scorers, wanted, look.device)
        start = read_start(made, codes, look.classes) if album is None else album.codes(made)
        if album is None:
            start = walking(made, start, codes, follows=not fixed and walk.follows)
        aims = read_aims(base, first, second, wanted, start, progress)
        if fixed:
            how = read_shifts(base, shift)
        else:
            how = read_walk(base, walk, first, start, album is not None, shift.direction_space, progress)
        frames = needs_frames(kinds)
        progress.wait("looking at what the generator draws by itself")
        batches = edit_batches(
            made,
            start,
            first,
            aims,
            hold=walk.held,
            walk=how,
            second=second,
            judge=judge,
            frames=frames,
            stop_at_realism=walk.stop_at_realism,
        )
        progress.wait(f"walking {len(start):,} codes")
        edited = gather(batches, output.show_count, len(start), progress)
        write(edited, folder, kinds, output.show_count, shift.pictures, progress)
        if album is not None:
            films = [kind for kind in kinds.values() if kind in FILMS]
            files += put_back(album, base, edited, folder, photos.paste, films, progress)
    summary = {**summarize(edited), "files": files}
    if output.as_json:
        say_json(summary)
    else:
        for each, aim in aims.items():
            if wanted[each] is None and aim < RISE:
                say(f"{each} to {aim:g}, which 1 sample in 100 reaches; ask for more with --set {each}=0.995", "dim")
        if fixed and name is not None and name not in (scorers.scorer, generator):
            say(f"no scorer comes with {generator}: what changes is told by {name}", "dim")
        say_summary(summary)
        say_files(files)
    well = summary["reached"] == summary["codes"] and not summary["not_held"]
    raise typer.Exit(ALL_WELL if well else NOT_REACHED)


def file_name(text: str) -> str:
    """A name for a folder from what was set, or from FILE:NAME of a direction."""
    return Path(text).name.replace(".safetensors", "").replace(":", "-").replace(" ", "_") or "edit"


def gather(batches: "Iterable[Edited]", show_count: int, total: int, progress: Bar) -> "Edited":
    """One edit of all batches, with the frames of the codes that are shown and of no others."""
    from latentwalk.jobs.edit import Edited

    parts, done = [], 0
    for part in batches:
        parts.append(part if done < show_count else part.without_paths())
        done += len(part)
        progress(f"walking {total:,} codes", done, total)
    return Edited.concatenate(parts)


def read_aims(
    generator: "Generator",
    scorer: "Scorer",
    second: "Scorer | None",
    wanted: Mapping[str, float | None],
    start: "Latents",
    progress: Bar,
) -> dict[str, float]:
    """The probability to reach of every attribute: what was said, else what is usual.

    Samples are looked at for that where directions are learned, too, see `usual_walk`. Raises ValueError for an unknown
    attribute.
    """
    from latentwalk.jobs.usual_targets import usual_targets
    from latentwalk.jobs.walkers import usual_walk
    from latentwalk.walk import UP

    unsaid = [name for name, target in wanted.items() if target is None]
    usual = dict.fromkeys(unsaid, UP)
    if unsaid and usual_walk(generator, scorer, start) == "auto":
        usual = usual_targets(generator, scorer, unsaid, second, progress)
    return {name: usual[name] if target is None else target for name, target in wanted.items()}


def find_scorers(
    generator: "Generator", name: str | None, given: ScorerOptions, wanted: Iterable[str], device: str
) -> "tuple[Scorer, Scorer | None, Scorer | None]":
    """The scorer, and the second and the judge if there are any.

    Raises ValueError for one that was named and knows none of the goals.
    """
    from latentwalk.jobs.load import judge_of, load_scorer, second_of
    from latentwalk.scores import Unscored

    def other(what: str, named: str | None, usual: str | None) -> "Scorer | None":
        if NONE in (named, named or usual or NONE):
            return None
        found = load_scorer(named or usual or "", device, generator)
        known = [attribute for attribute in wanted if attribute in found.attributes]
        if named and not known:
            raise ValueError(
                f"the {what} {named} knows none of what is set, only {', '.join(found.attributes)}: "
                "choose another, or none"
            )
        return found if known else None

    scorer = load_scorer(name, device, generator) if name else Unscored()
    second = other("second", given.second, second_of(scorer))
    return scorer, second, other("judge", given.judge, judge_of(generator, scorer))
