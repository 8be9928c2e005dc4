"""Jobs that record sweeps: row i is the held-out code i of an evaluation, at every strength of every direction.

The directions lie in the folder of the job, and the job has a sum over them. A shard holds what `Recorder.record` gives
for its codes; the sweeps of all shards are joined by their numbers. Each code brings another one, whose picture stands
for good ones.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.direction import Direction, Directions
from latentwalk.generator import Generator
from latentwalk.jobs.features import FEATURES
from latentwalk.jobs.shard_opened import Made, MakeRows, described_scorer, drawn_by, generator_of, scorer_of
from latentwalk.jobs.shard_scores import labels_of, usual_batch
from latentwalk.latents import Latents
from latentwalk.metrics.record import Recorder
from latentwalk.samples import are_counted, counted_codes, fresh_seeds
from latentwalk.scale.job import MOST_SHARDS, USUAL_SHARD, Job, shard_size
from latentwalk.scale.results import shards_of
from latentwalk.scores import Scorer
from latentwalk.sweep import Close, Sweep

KIND = "evaluate"

DIRECTIONS = "directions.safetensors"
"""The file in the folder of a job with what it evaluates."""

LEAST = 2
"""Codes that are recorded at once at least."""

PICTURES = 16 * USUAL_SHARD
"""About how many are in a shard at most: what a worker that dies has to make again."""

LOOKS = ("embeddings", "perceptual", "pixels", "changes", "path")
"""What `Close` holds."""


def sweeps_job(
    generator: Generator,
    judge: Scorer,
    directions: Mapping[str, Direction],
    codes: int,
    strengths: Float[Tensor, "k"],
    seed: int = 0,
    labels: Tensor | None = None,
    close: int = 96,
    features: str = "judge",
    batch: int | None = None,
    shard: int | None = None,
) -> Job:
    """The job that records what directions do to so many codes. `lay_out` begins its folder.

    directions: each by a key of its own. strengths: see `Sweep`. labels: class numbers or vectors that the codes get in
    turn. close: how many codes are looked at closely, from the first, and features by what, a name of `FEATURES`.
    batch: codes at once, by itself as many as are rendered at once. shard: codes in one file; by itself those of 16,384
    pictures, 1024 at most.
    Raises ValueError for a generator or judge that no other process can open, and for sizes that are too small.
    """
    batch = max(LEAST, usual_batch(generator)) if batch is None else batch
    if not directions or codes < LEAST or batch < LEAST or close < 1:
        raise ValueError(
            f"expected a direction or more, {LEAST} codes or more, {LEAST} at once, and a close look at 1 or more, got "
            f"{len(directions)}, {codes}, {batch} and {close}"
        )
    if features not in FEATURES:
        raise ValueError(f"no features {features!r}: there are {', '.join(FEATURES)}")
    return Job(
        kind=KIND,
        rows=codes,
        shard=shard_size(codes, batch, shard or _usual_shard(codes, len(directions) * (len(strengths) - 1) + 2)),
        batch=batch,
        **drawn_by(generator, seed, labels),
        scorer=described_scorer(judge),
        attributes=list(judge.attributes),
        settings={
            "directions": sum_of(list(directions.values())),
            "keys": list(directions),
            "strengths": strengths.tolist(),
            "close": min(close, codes),
            "features": features,
        },
    )


def lay_out(job: Job, folder: Path, directions: Mapping[str, Direction]) -> None:
    """Begin the folder of a job, with the directions in it. Raises ValueError for a folder of another job."""
    folder.mkdir(parents=True, exist_ok=True)
    job.write(folder)
    try:
        directions_of(job, folder)
    except ValueError:  # not there yet, or damaged
        Directions(tuple(directions.values())).save(folder / DIRECTIONS)


def open_rows(job: Job, folder: Path) -> MakeRows:
    """What makes shards of sweeps. A logit that is no number stops the job, as it stops any evaluation."""
    generator = generator_of(job, folder)
    judge = scorer_of(job, folder, generator)
    if list(judge.attributes) != job.attributes:
        raise ValueError(f"the judge knows {', '.join(judge.attributes)} now, the job {', '.join(job.attributes)}")
    how: Any = job.settings
    directions, labels = list(directions_of(job, folder).values()), labels_of(job)
    features = FEATURES[how["features"]](judge, generator.device)
    recorder = Recorder(generator, judge, features, torch.tensor(how["strengths"]))

    def make(rows: range, batch: int) -> Made:
        parts, batch = [], max(LEAST, batch)
        for first in range(rows.start, rows.stop, batch):
            # the last batch is as large as the others: how many are made at once changes the last bits
            codes, others = (
                held_out(generator, job.seed, job.rows, start, batch, labels) for start in (first, first + job.rows)
            )
            sweeps = recorder.record(directions, codes, others, how["close"], job.seed, first)
            parts.append([_first(sweep, min(batch, rows.stop - first)) for sweep in sweeps])
        return Made(_packed([Sweep.concatenate(some) for some in zip(*parts, strict=True)]))

    return make


def read_sweeps(folder: str | Path) -> dict[str, Sweep]:
    """The sweeps of a job that is done, by the keys of their directions. They share what is the same for all.

    Raises ValueError for a folder whose job is another kind or not done, a damaged shard, and other directions.
    """
    folder = Path(folder)
    job, shards = shards_of(folder, KIND)
    directions = directions_of(job, folder)
    parts = [shard.tensors for shard, _ in shards]
    unedited, reference = (torch.cat([part[name] for part in parts]) for name in ("unedited", "reference"))
    how: Any = job.settings
    strengths, attributes = torch.tensor(how["strengths"]), tuple(job.attributes)
    sweeps = {}
    for i, (key, direction) in enumerate(directions.items()):
        nobody = _nobody(_close(parts[0], i, None))
        some = [
            Sweep(
                direction,
                strengths,
                attributes,
                part.pop(f"{i}.logits"),
                part.pop(f"{i}.edited"),
                part["unedited"],
                part["reference"],
                _close(part, i, nobody),
            )
            for part in parts
        ]
        sweeps[key] = replace(Sweep.concatenate(some), unedited=unedited, reference=reference)
    return sweeps


def held_out(
    generator: Generator, seed: int, codes: int, first: int, count: int, labels: Tensor | None = None
) -> Latents:
    """Codes `first` to `first + count - 1` of an evaluation on so many codes of a seed.

    Up to 20,000 have a random generator of their own each, see `fresh_seeds`; more are rows of `counted_codes`.
    """
    if are_counted(codes):
        return counted_codes(generator, seed, first, count, labels)
    start = fresh_seeds(2 * codes, seed).start + first
    turns = None
    if labels is not None:
        turns = labels[torch.arange(first, first + count, device=labels.device) % len(labels)]
    return generator.check(generator.sample(range(start, start + count), turns))


def sum_of(directions: list[Direction]) -> str:
    """sha256 of all that an edit along directions depends on, and of their names; not of what was measured of them."""
    digest = hashlib.sha256()
    for each in directions:
        said = [each.name, each.space, each.unit, each.offset, each.layers, str(each.vector.dtype), len(each.vector)]
        digest.update(json.dumps(said).encode())
        digest.update(each.vector.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def directions_of(job: Job, folder: Path) -> dict[str, Direction]:
    """The directions of a job by their keys. Raises ValueError when they are not there, or others by now."""
    how: Any = job.settings
    items = list(Directions.load(folder / DIRECTIONS))
    if sum_of(items) != how["directions"]:
        raise ValueError(
            f"{folder / DIRECTIONS} holds other directions than the job was started with: give the command that "
            "started it again, which puts them back"
        )
    return dict(zip(how["keys"], items, strict=True))


def _usual_shard(codes: int, pictures: int) -> int:
    """Codes in a shard. pictures: that each code takes."""
    return max(1, min(USUAL_SHARD, PICTURES // pictures), -(-codes // MOST_SHARDS))


def _first(sweep: Sweep, count: int) -> Sweep:
    """The sweep over the first codes; none that is looked at closely is beyond them."""
    return replace(
        sweep,
        logits=sweep.logits[:, :count],
        edited=sweep.edited[:, :count],
        unedited=sweep.unedited[:count],
        reference=sweep.reference[:count],
    )


def _packed(sweeps: list[Sweep]) -> dict[str, Tensor]:
    """A shard; closer looks are in those alone whose codes have them."""
    tensors = {"unedited": sweeps[0].unedited, "reference": sweeps[0].reference}
    for i, sweep in enumerate(sweeps):
        tensors |= {f"{i}.logits": sweep.logits, f"{i}.edited": sweep.edited}
        if len(sweep.close.path):
            tensors |= {f"{i}.{name}": getattr(sweep.close, name) for name in LOOKS}
    return tensors


def _close(tensors: Mapping[str, Tensor], i: int, nobody: Close | None) -> Close:
    """The closer look in a shard, or that at nobody."""
    if nobody is not None and f"{i}.path" not in tensors:
        return nobody
    return Close(*(tensors[f"{i}.{name}"] for name in LOOKS))


def _nobody(close: Close) -> Close:
    """A closer look at no code, of the same shapes."""
    return Close(
        close.embeddings[:, :0],
        close.perceptual[:, :0],
        close.pixels[:, :0],
        torch.zeros_like(close.changes),
        close.path[:0],
    )
