"""Seeds as people write them: "0-15", "3,7,40-42", or "numpy:85" for what other tools call the seed 85.

A seed is an integer. From 0 on it is one of torch's generator; ~s, which is below 0, is the seed s of
numpy.random.RandomState. So every place that keeps a seed keeps whose it is.
"""

import itertools
import operator
from collections.abc import Iterable, Sequence
from typing import SupportsIndex

MOST = 1_000_000
"""Seeds that one text may name."""

NUMPY = "numpy:"
"""Stands before seeds and ranges of numpy."""

NUMPY_SEEDS = 2**32
"""How many seeds numpy.random.RandomState has."""


def parse_seeds(text: str) -> list[int]:
    """Seeds in the order given; "0-15" has both ends. Raises ValueError that shows the form."""
    seeds: list[int] = []
    for part in text.replace(" ", "").split(","):
        plain = part.removeprefix(NUMPY)
        first, dash, last = plain.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise ValueError(
                f"cannot read the seeds {text!r}: expected whole numbers and ranges such as 0-15 or 3,7,40-42, "
                "or numpy:85 for the seed 85 of numpy"
            )
        start, end = int(first), int(last or first)
        if end < start:
            raise ValueError(f"the range of seeds {part!r} runs backwards: expected {end}-{start}")
        limit, shown = (2**63, "2**63") if plain == part else (NUMPY_SEEDS, "2**32")
        if end >= limit or len(seeds) + end - start >= MOST:
            raise ValueError(f"the seeds {text!r} are too many or too large: expected at most {MOST:,} below {shown}")
        seeds.extend(range(start, end + 1) if plain == part else range(~start, ~end - 1, -1))
    return seeds


def format_seeds(seeds: Sequence[int]) -> str:
    """The shortest text that `parse_seeds` reads back."""
    runs = []
    for _, run in itertools.groupby(enumerate(seeds), lambda pair: (pair[1] < 0, abs(pair[1]) - pair[0])):
        names = [seed_name(seed) for _, seed in run]
        runs.append(names[0] if len(names) == 1 else f"{names[0]}-{names[-1].removeprefix(NUMPY)}")
    return ",".join(runs)


def seed_name(seed: int) -> str:
    """The seed as people write it: "85", or "numpy:85"."""
    return str(seed) if seed >= 0 else f"{NUMPY}{~seed}"


def check_seed(seed: object) -> int:
    """The seed as an int. Raises ValueError when it is not an integer in [0, 2**63)."""
    number = _integer(seed)
    if number is None or not 0 <= number < 2**63:
        raise ValueError(f"a seed is an integer from 0 to 2**63 - 1, got {seed!r}")
    return number


def read_seeds(seeds: int | Iterable[SupportsIndex], numpy: bool = False) -> list[int]:
    """Seeds to sample codes with: those given, or the first n.

    numpy: they are seeds of numpy, which come out as ~s. Raises ValueError for what is no seed, and for none at all.
    """
    given = range(seeds) if isinstance(seeds, int) else list(seeds)
    if not given:
        raise ValueError("expected at least one seed, got none")
    return [_numpy_seed(seed) if numpy else _any_seed(seed) for seed in given]


def _numpy_seed(seed: object) -> int:
    number = _integer(seed)
    if number is None or not 0 <= number < NUMPY_SEEDS:
        raise ValueError(f"a seed of numpy is an integer from 0 to 2**32 - 1, got {seed!r}")
    return ~number


def _any_seed(seed: object) -> int:
    number = _integer(seed)
    return number if number is not None and -NUMPY_SEEDS <= number < 0 else check_seed(seed)


def _integer(value: object) -> int | None:
    try:
        return operator.index(value)  # pyright: ignore[reportArgumentType] - that is the question
    except TypeError:
        return None
