"""Make some shards of a job again, and say whether they are the same bytes, or the same within a tolerance."""

import math
import random
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from latentwalk.jobs.shard_work import make_shard, open_rows
from latentwalk.progress import Progress, silent
from latentwalk.remote.address import is_remote
from latentwalk.scale.job import Job, read_job
from latentwalk.scale.manifest import check_shards
from latentwalk.scale.shard import read_shard, shard_file
from latentwalk.threads import one_thread

SHARE, TOLERANCE = 0.001, 1e-4


@dataclass(frozen=True)
class Verified:
    """checked: shards made again. same: those of which every byte is the same. largest: difference of a number in the
    others. damaged: shards whose files are not what was written. missing: not done yet. tolerance: what is allowed."""

    checked: list[int]
    same: int
    largest: float
    damaged: list[int]
    missing: int
    tolerance: float = TOLERANCE

    @property
    def exact(self) -> bool:
        """The same bytes: the same kind of machine made it."""
        return self.same == len(self.checked)

    @property
    def good(self) -> bool:
        return not self.damaged and self.largest <= self.tolerance


def verify_job(
    folder: Path,
    share: float = SHARE,
    tolerance: float = TOLERANCE,
    seed: int = 0,
    trusted: Collection[str] = (),
    progress: Progress = silent,
) -> Verified:
    """Check the sums of all shards, and make a share of them again, one at least, with one thread.

    tolerance: of numbers, as between kinds of processors. seed: of the choice of shards. trusted: the scorer, where the
    job names a Python function, and the generator, where it names an address: nothing is imported or fetched because a
    folder says so. Raises ValueError for a folder that is no job or has nothing done, and for what was not named.
    """
    folder = folder.resolve()
    job = read_job(folder)
    _check_trusted(job, trusted)
    known = dict(check_shards(folder, job, range(job.shards), keep=False))
    good = [shard for shard, entry in known.items() if entry]
    damaged = [shard for shard, entry in known.items() if entry is None and shard_file(folder, shard).exists()]
    if not good:
        raise ValueError(f"{folder} has no shard that could be made again: none is done")
    chosen = sorted(random.Random(seed).sample(good, max(1, math.ceil(share * len(good)))))
    same, largest = 0, 0.0
    with one_thread(), tempfile.TemporaryDirectory() as place:
        again, make = Path(place), open_rows(job, folder)
        for count, shard in enumerate(chosen):
            progress("making shards again", count, len(chosen))
            entry = known[shard]
            make_shard(make, job, again, shard, entry.batch if entry else None)  # the half, where memory was short
            one, other = shard_file(folder, shard), shard_file(again, shard)
            if one.read_bytes() == other.read_bytes():
                same += 1
            else:
                largest = max(largest, _apart(one, other))
            other.unlink()
        progress("making shards again", len(chosen), len(chosen))
    return Verified(chosen, same, largest, damaged, job.shards - len(good) - len(damaged), tolerance)


def _check_trusted(job: Job, trusted: Collection[str]) -> None:
    """Raises ValueError for code that would be imported, or a file that would be fetched, which nobody named."""
    code = job.scorer.source if job.scorer else ""
    if ":" in code and code not in trusted:
        raise ValueError(f"the job was scored by the Python code {code}: if you trust it, say --trust {code}")
    address = job.generator.source
    if is_remote(address) and address not in trusted:
        raise ValueError(f"the generator of the job lies at {address}: if you trust it, say --trust {address}")


def _apart(one: Path, other: Path) -> float:
    """The largest difference of any number; infinite where one is a number and the other is not."""
    first, second = read_shard(one).tensors, read_shard(other).tensors
    if {n: t.shape for n, t in first.items()} != {n: t.shape for n, t in second.items()}:
        return math.inf
    most = 0.0
    for name, tensor in first.items():
        a, b = tensor.double(), second[name].double()
        if bool((a.isnan() != b.isnan()).any()):
            return math.inf
        gaps = (a - b).nan_to_num(0.0).abs()
        most = max(most, float(gaps.max()) if gaps.numel() else 0.0)
    return most
