"""What kinds of jobs share: the networks that a job names, opened and checked, and what a shard is made of."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from latentwalk.choices import UNSAID
from latentwalk.delta import Delta, with_delta
from latentwalk.generator import Generator
from latentwalk.jobs.load import find_source, load, load_scorer
from latentwalk.origin import Source
from latentwalk.scale.job import Job
from latentwalk.scorers.callable import CallableScorer, source_sum
from latentwalk.scores import Scorer


@dataclass(frozen=True)
class Made:
    """Tensors of a shard by name, and rows that could not be made, with the reason."""

    tensors: dict[str, Tensor]
    failed: dict[int, str] = field(default_factory=dict)


MakeRows = Callable[[range, int], Made]
"""From rows, and how many to make at once, to a shard."""

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16, "float64": torch.float64}


def generator_of(job: Job, folder: Path) -> Generator:
    """The generator of a job. A relative path is looked for from here, then from the folder and those above it.

    Raises ValueError when it is not there, or another one by now.
    """
    source, device = job.generator, torch.device(job.device)
    chosen = (source.choices or UNSAID).given
    generator = load(find_source(source.source, folder), device, DTYPES[job.dtype], **chosen)
    if source.delta:
        generator = with_delta(generator, Delta.load(find_source(source.delta, folder)))
    _check_same("generator", source, generator.fingerprint)
    return generator.with_options(**asdict(job.drawing))


def scorer_of(job: Job, folder: Path, generator: Generator) -> Scorer:
    """The scorer of a job. Errors as in `generator_of`."""
    assert job.scorer
    name = job.scorer.source
    scorer = load_scorer(name if ":" in name else find_source(name, folder), generator.device, generator)
    _check_same("scorer", job.scorer, described_scorer(scorer).fingerprint)
    return scorer


def drawn_by(
    generator: Generator, seed: int = 0, labels: Tensor | None = None, space: str | None = None
) -> dict[str, Any]:
    """What a job says of its codes and of what draws them. Raises ValueError as `described`."""
    return {
        "seed": seed,
        "space": space or generator.input_space.name,
        "classes": [] if labels is None else labels.tolist(),
        "generator": described(generator),
        "drawing": generator.options,
        "dtype": str(generator.dtype).removeprefix("torch."),
        "device": generator.device.type,
    }


def described(generator: Generator) -> Source:
    """A generator as a job names it. Raises ValueError for one that no other process can open."""
    said = Source.of(generator)
    if not said.source:
        raise ValueError(
            "this generator came from no file, so no other process can open it: write it with "
            "latentwalk.convert and load that"
        )
    return said


def described_scorer(scorer: Scorer) -> Source:
    """A scorer as a job names it; a Python function by its module's source. Raises ValueError as `described`."""
    said = Source.of(scorer)
    if isinstance(scorer, CallableScorer) and not said.fingerprint:
        # a lambda, a function inside another, or one of a script or notebook
        if ":" not in said.source or "<" in said.source or said.source.startswith("__main__:"):
            raise ValueError(
                f"no other process can open the scorer {said.source}: put it into a file and name it as "
                "package.module:function"
            )
        return said.model_copy(update={"fingerprint": source_sum(scorer.function)})
    if not said.source:
        raise ValueError(f"this scorer ({type(scorer).__name__}) came from no file, so no other process can open it")
    return said


def _check_same(what: str, source: Source, fingerprint: str) -> None:
    if source.fingerprint and source.fingerprint != fingerprint:
        raise ValueError(
            f"the job was started with the {what} {source.source} ({source.fingerprint}), what lies there now is "
            f"{fingerprint or 'without a fingerprint'}: put the old one back, or start another job"
        )
