"""Jobs that add up codes, or the activations of a layer: a shard holds the moments of its rows, or a sketch of them.

Each shard is added up by itself, and the sums are added in the tree that their numbers make: who did which part, and
when, changes no bit.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.jobs.shard_opened import Made, MakeRows, drawn_by, generator_of
from latentwalk.jobs.shard_scores import finite, labels_of, usual_batch
from latentwalk.methods.decomposition import activations, base_codes
from latentwalk.numerics.moments import Moments
from latentwalk.numerics.sketch import Sketch
from latentwalk.samples import CHUNK, counted_codes, map_codes
from latentwalk.scale.job import USUAL_SHARD, Job, shard_size
from latentwalk.scale.results import shards_of
from latentwalk.scale.tree import tree_sum

PARTS = 64
"""Shards of a long job: each holds a whole matrix, which is 2 MB for 512 numbers and 134 MB for 4,096."""


def moments_job(
    generator: Generator,
    codes: int,
    seed: int = 0,
    space: str | None = None,
    layer: str | None = None,
    columns: int | None = None,
    sketch_seed: int = 0,
    labels: Tensor | None = None,
    batch: int | None = None,
    shard: int | None = None,
) -> Job:
    """The job that adds up so many codes, or what a layer makes of them.

    space: where codes are mapped to; where they are sampled if None. layer: whose activations, each with its code
    behind it; None for the codes alone. columns: of the random vectors of a sketch, for what is too wide for its
    moments, and sketch_seed theirs; None for moments.
    labels: class numbers or vectors that codes get in turn. batch: codes at once. shard: codes in one file; by itself
    1024, more where that makes more than 64 files.
    Raises ValueError for a generator that no other process can open, a space or layer that it has not, sizes below 1.
    """
    if codes < 1 or (batch is not None and batch < 1):
        raise ValueError(f"expected at least one code, and one at once, got {codes} and {batch}")
    if space is not None and space not in generator.spaces:
        raise ValueError(f"this generator has the spaces {', '.join(generator.spaces)}, got {space!r}")
    if layer is not None and layer not in generator.layer_names:
        raise ValueError(f"no layer {layer!r} to read: there are {', '.join(generator.layer_names)}")
    batch = batch or (usual_batch(generator) if layer else CHUNK)
    return Job(
        kind="moments",
        rows=codes,
        shard=shard_size(codes, batch, shard or max(USUAL_SHARD, -(-codes // PARTS))),
        batch=batch,
        **drawn_by(generator, seed, labels, space),
        settings={
            "layer": layer,
            "columns": columns or 0,
            "beside": _beside(generator, space, labels) if layer else 0,
            "sketch_seed": sketch_seed if columns else 0,
        },
    )


def open_rows(job: Job, folder: Path) -> MakeRows:
    """What makes shards of moments (count, mean, scatter) or sketches (count, mean, total, product), in float64.

    Rows with NaN or infinity are left out, and counted as failed.
    """
    generator, labels = generator_of(job, folder), labels_of(job)

    def make(rows: range, batch: int) -> Made:
        failed: dict[int, str] = {}
        sums = _added(job, _good(generator, job, rows, batch, labels, failed))
        return Made(_packed(sums), failed)

    return make


def read_moments(folder: Path) -> Moments | Sketch:
    """What a job that is done has added up. The same job gives the same bits, whoever did its shards.

    Raises ValueError for a folder whose job is another kind or not done, and for a damaged shard.
    """
    job, shards = shards_of(folder, "moments")
    if sketch_of(job)[0]:
        return tree_sum((_sketch(job, shard.tensors) for shard, _ in shards), Sketch.__add__)
    return tree_sum((_moments(shard.tensors) for shard, _ in shards), Moments.__add__)


def _beside(generator: Generator, space: str | None, labels: Tensor | None) -> int:
    """Numbers of the code that stands behind each activation."""
    code = counted_codes(generator, 0, 0, 1, labels)
    return base_codes(generator, map_codes(generator, code, space or code.space)).shape[1]


def _good(
    generator: Generator, job: Job, rows: range, batch: int, labels: Tensor | None, failed: dict[int, str]
) -> Iterator[Float[Tensor, "n d"]]:
    """What is added up of each batch, without the rows that fail, which are noted."""
    layer = job.settings["layer"]
    for first in range(rows.start, rows.stop, batch):
        # the last batch is as large as the others: how many are made at once changes the last bits
        codes = counted_codes(generator, job.seed, first, batch, labels)
        codes = codes if codes.space == job.space else map_codes(generator, codes, job.space)
        made = torch.cat(list(activations(generator, codes, str(layer)))) if layer else base_codes(generator, codes)
        made = made[: min(batch, rows.stop - first)]
        good = finite(made)
        failed |= {first + int(i): "NaN or infinity in what is added up" for i in (~good).nonzero()[:, 0]}
        yield made if good.all() else made.cpu()[good]


def _added(job: Job, rows: Iterator[Float[Tensor, "n d"]]) -> Moments | Sketch:
    columns, beside, seed = sketch_of(job)
    return Sketch.over(rows, columns, beside, seed) if columns else Moments.over(rows)


def sketch_of(job: Job) -> tuple[int, int, int]:
    """Columns of the sketch, 0 for moments; numbers of the code behind each row; seed of the random vectors."""
    columns, beside, seed = (job.settings[name] for name in ("columns", "beside", "sketch_seed"))
    assert isinstance(columns, int) and isinstance(beside, int) and isinstance(seed, int)
    return columns, beside, seed


def _packed(sums: Moments | Sketch) -> dict[str, Tensor]:
    count = torch.tensor([sums.count])
    if isinstance(sums, Moments):
        return {"count": count, "mean": sums.mean, "scatter": sums.scatter}
    total = torch.tensor([sums.total], dtype=torch.float64)
    return {"count": count, "mean": sums.mean, "total": total, "product": sums.product}


def _moments(tensors: dict[str, Tensor]) -> Moments:
    return Moments(int(tensors["count"]), tensors["mean"], tensors["scatter"])


def _sketch(job: Job, tensors: dict[str, Tensor]) -> Sketch:
    return Sketch(int(tensors["count"]), tensors["mean"], float(tensors["total"]), tensors["product"], *sketch_of(job))
