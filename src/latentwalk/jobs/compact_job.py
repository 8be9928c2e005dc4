"""The result of a job that is done as one file: a table of scores, .safetensors or .parquet."""

import json
from collections.abc import Iterator
from pathlib import Path

import torch

from latentwalk.files import atomic, remove_remains, write_tensors
from latentwalk.scale.job import Job
from latentwalk.scale.results import shards_of
from latentwalk.scale.shard import Shard

KIND = "latentwalk.scores"


def compact_job(folder: Path, path: Path) -> Path:
    """Write the table: row i has the scores of code i, NaN where it failed. The same job gives the same bytes.

    path: .safetensors, which holds `scores` [rows, attributes] and `failed`, is made in memory; .parquet, a column per
    attribute, is written shard by shard, for tables that are larger (needs latentwalk[parquet]).
    Raises ValueError for a job that is not done, or a shard that is damaged; NoSpace when the disk is full.
    """
    job, shards = shards_of(folder, "score")
    remove_remains(path)
    said = {"kind": KIND, "job": job.model_dump_json()}
    if path.suffix == ".parquet":
        _parquet(path, job, shards, said)
        return path
    scores, failed = torch.empty(job.rows, len(job.attributes)), []
    for shard, rows in shards:
        scores[rows.start : rows.stop] = shard.tensors["scores"].float()
        failed += [int(row) for row in shard.facts["reasons"]]
    write_tensors(
        path, {"scores": scores, "failed": torch.tensor(failed, dtype=torch.int64)}, {"latentwalk": json.dumps(said)}
    )
    return path


def _parquet(path: Path, job: Job, shards: Iterator[tuple[Shard, range]], said: dict[str, str]) -> None:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise ValueError("a .parquet file needs pyarrow: pip install 'latentwalk[parquet]'") from error
    kept = pa.float16() if job.settings.get("keep") == "float16" else pa.float32()
    fields = [pa.field("row", pa.int64()), *(pa.field(name, kept) for name in job.attributes)]
    schema = pa.schema(fields, metadata={"latentwalk": json.dumps(said)})
    size = job.rows * (8 + len(job.attributes) * kept.bit_width // 8)
    with atomic(path, size) as temporary, parquet.ParquetWriter(temporary, schema) as table:
        for shard, rows in shards:
            columns = shard.tensors["scores"].numpy().T
            table.write_table(pa.table([list(rows), *columns], schema=schema))
