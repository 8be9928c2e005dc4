"""Jobs that invert photographs: row i is photograph i of a list, a shard holds their codes and what was done with each.

Which photographs are inverted at once is a part of the job: it changes the last bits of a code, and the optimisation
magnifies them. So is what inverters and framing learn of the generator, which is kept beside the job.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from latentwalk.filenames import readable
from latentwalk.generator import Generator
from latentwalk.image_encoder import beside
from latentwalk.images import to_pictures
from latentwalk.inverter import Inverter
from latentwalk.jobs.album import PhotoRecord
from latentwalk.jobs.invert import Framing, check_loss, invert_frames, read_inverter
from latentwalk.jobs.invert_all import BATCH, Batch, invert_batch
from latentwalk.jobs.load import find_source
from latentwalk.jobs.shard_opened import Made, MakeRows, drawn_by, generator_of
from latentwalk.kept import kept_in
from latentwalk.latents import Latents
from latentwalk.progress import Progress, silent
from latentwalk.scale.job import Job, shard_size
from latentwalk.scale.manifest import check_shards
from latentwalk.scale.shard import Shard, read_shard, shard_file
from latentwalk.threads import one_thread

KIND = "invert"

LEARNED = "learned"
"""The folder in that of a job with what was learned of the generator beforehand."""

PIECE = 16 * 1024
"""Bytes at the start, in the middle and at the end of a file that its mark is made of."""


def invert_job(
    generator: Generator,
    photos: Sequence[str],
    inverter: str = "optimize",
    space: str | None = None,
    loss: Sequence[str] = ("pixel",),
    framing: Framing | None = None,
    encoder: str | Path | None = None,
    batch: int | None = None,
    shard: int | None = None,
) -> Job:
    """The job that inverts these photographs, as `jobs.invert.invert` does.

    photos: paths, each once. inverter: a name of `INVERTERS`. framing: its mask is a path. encoder: a file for the
    inverter trained. batch: photographs inverted at once, 32 by itself. shard: photographs in one file; as many as
    are inverted at once by itself, because each takes long.
    Raises ValueError for a generator that no other process can open, and for no photographs.
    """
    check_loss(loss)
    framing, batch = framing or Framing(), batch or BATCH
    if not photos or batch < 1:
        raise ValueError(f"expected at least one photograph and one at once, got {len(photos)} and {batch}")
    if unnamed := [name for name in photos if readable(name) != name]:
        raise ValueError(f"{readable(unnamed[0])} has a name that is no text: rename it")
    if inverter == "trained" and encoder is None:
        encoder = beside(generator.source)
    files = {"encoder": encoder, "mask": framing.mask}
    how = {"inverter": inverter, "space": space, "loss": list(loss), "framing": {**asdict(framing), "mask": None}}
    named = {name: None if file is None else [str(file), mark_of(str(file))] for name, file in files.items()}
    return Job(
        kind=KIND,
        rows=len(photos),
        shard=shard_size(len(photos), batch, shard or batch),
        batch=batch,
        **drawn_by(generator),
        settings=json.loads(json.dumps({**how, **named, "photos": [[photo, mark_of(photo)] for photo in photos]})),
        most_failed=1.0,  # a photograph that is bad says nothing of the others
    )


def mark_of(path: str) -> str:
    """What tells a file from another of its name without reading all of it; "" for one that cannot be read."""
    try:
        with Path(path).open("rb") as file:
            size, digest = os.fstat(file.fileno()).st_size, hashlib.blake2b(digest_size=8)
            for start in (0, (size - PIECE) // 2, size - PIECE):
                file.seek(max(0, start))
                digest.update(file.read(PIECE))
    except OSError:
        return ""
    return f"{size}-{digest.hexdigest()}"


def marks_of(job: Job) -> dict[str, str]:
    """The photographs of a job with their marks, in order."""
    pairs: Any = job.settings["photos"]
    return {str(photo): str(mark) for photo, mark in pairs}


def open_rows(job: Job, folder: Path) -> MakeRows:
    """What makes shards of codes [n, ...], NaN where a photograph failed, and records of the photographs as JSON."""
    generator, learned = generator_of(job, folder), folder / LEARNED
    with kept_in(learned):
        inverter, framing = read_how(job, generator, folder)
    photos, find = list(marks_of(job)), partial(_find, folder)

    def make(rows: range, batch: int) -> Made:
        with kept_in(learned):
            parts = [
                invert_batch(photos[first : min(first + batch, rows.stop)], generator, inverter, framing, find=find)
                for first in range(rows.start, rows.stop, batch)
            ]
        return _made(photos, rows, parts)

    return make


def read_how(job: Job, generator: Generator, folder: Path, progress: Progress = silent) -> tuple[Inverter, Framing]:
    """The inverter and the framing of a job. Raises ValueError for files that are not there, or others by now."""
    how: Any = job.settings
    files = {name: _same_file(name, how[name], folder) for name in ("encoder", "mask")}
    framing = Framing(**{**how["framing"], "mask": files["mask"]})
    return read_inverter(how["inverter"], generator, how["space"], how["loss"], progress, files["encoder"]), framing


def learn_before(job: Job, folder: Path, generator: Generator, progress: Progress = silent) -> None:
    """Learn what the photographs need of the generator, by inverting a sample: once, not in every worker."""
    learned = folder / LEARNED
    if learned.is_dir():
        return
    with one_thread(), kept_in(learned):
        inverter, framing = read_how(job, generator, folder, progress)
        labels = [0] if generator.classes else None
        sample = to_pictures(generator.render(generator.sample([0], labels)).float())[0]
        frames = []
        for way in (framing, Framing("none")):
            try:
                frames.append(Framing(way.how).frame(sample, generator, progress))
            except ValueError:  # a sample need not show a face
                continue
        invert_frames(generator, frames[:1], inverter, progress)
    learned.mkdir(parents=True, exist_ok=True)


def read_done(folder: Path, job: Job) -> Iterator[Batch]:
    """What came of each shard that is done and whole, in order."""
    for number, entry in check_shards(folder, job, range(job.shards)):
        if entry is not None:
            yield _read(read_shard(shard_file(folder, number), entry.sum))


def _made(photos: Sequence[str], rows: range, parts: Sequence[Batch]) -> Made:
    """A shard: every row has a code and a record, or is failed."""
    done = {record.photo: record for part in parts for record in part.photos}
    skipped = {photo: why for part in parts for photo, why in part.skipped.items()}
    some = [photos[row] for row in rows]
    told = [done[p].model_dump(mode="json") if p in done else {"photo": p, "skipped": skipped[p]} for p in some]
    # every reason names the file: without the names they can be counted
    failed = {row: skipped[p].replace(p, "...") for row, p in zip(rows, some, strict=True) if p in skipped}
    latents = [part.latents for part in parts if part.latents is not None]
    space = latents[0].space if latents else ""
    tensors = {"records": _as_bytes(json.dumps({"space": space, "photos": told}))}
    if latents:
        good = torch.tensor([photo in done for photo in some])
        tensors["codes"] = _rows(good, torch.cat([part.values for part in latents]), torch.nan)
        labels = [part.labels for part in latents if part.labels is not None]
        if labels:
            tensors["labels"] = _rows(good, torch.cat(labels), 0)
    return Made(tensors, failed)


def _read(shard: Shard) -> Batch:
    """The same back."""
    told = json.loads(bytes(shard.tensors["records"].numpy()))
    good = torch.tensor(["skipped" not in each for each in told["photos"]])
    skipped = {each["photo"]: each["skipped"] for each in told["photos"] if "skipped" in each}
    photos = [PhotoRecord.model_validate(each) for each in told["photos"] if "skipped" not in each]
    if not photos:
        return Batch([], None, skipped, [])
    labels = shard.tensors.get("labels")
    latents = Latents(shard.tensors["codes"][good], told["space"], None if labels is None else labels[good])
    return Batch(photos, latents, skipped, [])


def _rows(good: Tensor, values: Tensor, nothing: float) -> Tensor:
    """The values in the rows that are good, `nothing` in the others."""
    rows = torch.full((len(good), *values.shape[1:]), nothing, dtype=values.dtype)
    rows[good] = values
    return rows


def _as_bytes(text: str) -> Tensor:
    return torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)


def _find(folder: Path, photo: str) -> str:
    """Where a photograph lies: as named, or from the folder of the job and those above it; as named if nowhere."""
    try:
        return find_source(photo, folder)
    except ValueError:
        return photo


def _same_file(what: str, named: list[str] | None, folder: Path) -> str | None:
    if named is None:
        return None
    path = find_source(named[0], folder)
    if mark_of(path) != named[1]:
        raise ValueError(f"the {what} {named[0]} is another file by now: put the old one back, or start another job")
    return path
