"""An album that is filled by workers: its run is a job of shards in a folder inside the album's.

A run is one list of photographs. It goes on after a stop; where photographs have changed since, the album takes what is
done of it, and another run does the rest.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from latentwalk.difference import difference
from latentwalk.framing.face import NoFace
from latentwalk.generator import Generator
from latentwalk.jobs.album import Album
from latentwalk.jobs.invert import Framing
from latentwalk.jobs.run_shards import run_job
from latentwalk.jobs.shard_inversions import KIND, learn_before, mark_of, marks_of, read_done
from latentwalk.latents import concatenate
from latentwalk.pool import Engine
from latentwalk.progress import Progress, silent
from latentwalk.scale.claims import claimed
from latentwalk.scale.job import JOB, Job, parse_span, read_job
from latentwalk.scale.manifest import MANIFEST, entries
from latentwalk.scale.shard import FOLDER

RUN = "run"
"""The folder of the job in that of the album."""

ToJob = Callable[[Sequence[str]], Job]
"""The job of some photographs, with settings that are the same for all."""


def fill_album(
    album: Album,
    folder: Path,
    generator: Generator,
    photos: Sequence[str],
    to_job: ToJob,
    engine: Engine,
    shards: str | None = None,
    progress: Progress = silent,
    tell: Callable[[str], None] = lambda text: None,
) -> Album:
    """The album with these photographs too, written into its folder once all of a run is done.

    Photographs that are in it already are not inverted again, nor are those that failed before and are as they were.
    shards: "FIRST:END", those to do while others do the rest; the album is then as it was until a run is whole.
    tell: what a person should know. Raises ValueError for a run of other settings, and as `run_job` does.
    """
    run, now = folder / RUN, {photo: mark_of(photo) for photo in dict.fromkeys(photos)}
    if not (folder / RUN / JOB).exists():
        album.save(folder)  # says whose run this is, before anything is done
    else:
        job = read_run(folder)
        _check_same(run, job, to_job(list(marks_of(job))))
        if marks_of(job).items() <= now.items():
            _do(run, job, generator, engine, shards, progress, tell)
            if is_open(folder):
                return album
        elif is_open(folder):
            tell(f"photographs have changed since {run} was begun: what is done of it is kept")
        album = _taken(album, run, now)
        album.save(folder)
    left = [photo for photo in album.without(photos) if (photo, now[photo]) not in _failed(album, run)]
    if left:
        _remove(run)
        job = to_job(left)
        _do(run, job, generator, engine, shards, progress, tell)
        if not is_open(folder):
            album = _taken(album, run, now)
            album.save(folder)
    return album


def is_open(folder: Path) -> bool:
    """Whether an album has a run that is not done."""
    run = folder / RUN
    if not (run / JOB).exists():
        return False
    done, job = entries(run), read_run(folder)
    return any(shard not in done for shard in range(job.shards))


def done_of(folder: Path) -> int:
    """Photographs that an open run has done, and the album has not taken yet."""
    return sum(entry.rows - entry.failed for entry in entries(folder / RUN).values()) if is_open(folder) else 0


def faceless_in(album: Album, generator: Generator, framing: Framing, most: int) -> list[NoFace]:
    """What is searched for a face in vain, of the first photographs that were skipped for that."""
    found: list[NoFace] = []
    for photo in album.record.skipped:
        try:
            framing.frame(photo, generator)
        except NoFace as error:
            found.append(error)
        except ValueError:
            continue
        if len(found) == most:
            break
    return found


def read_run(folder: Path) -> Job:
    """The job of an album's run. Raises ValueError when it is none."""
    job = read_job(folder / RUN)
    if job.kind != KIND:
        raise ValueError(f"{folder / RUN} holds a job of the kind {job.kind!r}: choose another --out")
    return job


def remove_run(folder: Path) -> None:
    """Remove the run of an album that is replaced. Raises ValueError when somebody is at work on it."""
    if (folder / RUN / JOB).exists():
        read_run(folder)
        _remove(folder / RUN)
        shutil.rmtree(folder / RUN)


def _do(
    run: Path,
    job: Job,
    generator: Generator,
    engine: Engine,
    shards: str | None,
    progress: Progress,
    tell: Callable[[str], None],
) -> None:
    span = parse_span(shards, job.shards) if shards else None
    run.mkdir(parents=True, exist_ok=True)
    learn_before(job, run, generator, progress)
    run_job(run, job, engine, span, progress, tell)


def _taken(album: Album, run: Path, now: dict[str, str]) -> Album:
    """The album with what a run has done, but for photographs that have changed since."""
    job = read_job(run)
    changed = {photo for photo, mark in marks_of(job).items() if now.get(photo, mark) != mark}
    photos, latents, skipped = [], [], {}
    for batch in read_done(run, job):
        new = set(album.without([record.photo for record in batch.photos])) - changed
        good = [i for i, record in enumerate(batch.photos) if record.photo in new]
        if batch.latents is not None and good:
            photos += [batch.photos[i] for i in good]
            latents.append(batch.latents[good])
        skipped |= {photo: batch.skipped[photo] for photo in album.without(batch.skipped) if photo not in changed}
    return album.with_photos(photos, concatenate(latents) if latents else None, skipped)


def _failed(album: Album, run: Path) -> set[tuple[str, str]]:
    """Photographs that an album has skipped because a run could not invert them, with their marks then."""
    if not (run / JOB).exists():
        return set()
    return {pair for pair in marks_of(read_job(run)).items() if pair[0] in album.record.skipped}


def _check_same(run: Path, there: Job, here: Job) -> None:
    """Raises ValueError for a run of other settings, whatever its photographs are by now."""
    photos = {"photos": there.settings["photos"]}
    here = here.model_copy(update={"settings": {**here.settings, **photos}})
    if how := difference(there.meaning, here.meaning):
        raise ValueError(
            f"{run} was begun otherwise ({how}): give the same options to go on, choose another --out, or replace it "
            "with --force"
        )


def _remove(run: Path) -> None:
    """Remove a run, but for what was learned of the generator, so that another one can begin in its place.

    The ledger goes first and the job last: killed in between, it is still this run, or none.
    """
    if (run / JOB).exists():
        with claimed(run, range(read_job(run).shards)):
            (run / MANIFEST).unlink(missing_ok=True)
            shutil.rmtree(run / FOLDER, ignore_errors=True)
            (run / JOB).unlink()
