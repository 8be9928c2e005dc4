"""Seeds as people write them: "0-15", "3,7,40-42"."""

import itertools
from collections.abc import Sequence

MOST = 1_000_000
"""Seeds that one text may name."""


def parse_seeds(text: str) -> list[int]:
    """Seeds in the order given; "0-15" has both ends. Raises ValueError that shows the form."""
    seeds: list[int] = []
    for part in text.replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise ValueError(
                f"cannot read the seeds {text!r}: expected whole numbers and ranges such as 0-15 or 3,7,40-42"
            )
        start, end = int(first), int(last or first)
        if end < start:
            raise ValueError(f"the range of seeds {part!r} runs backwards: expected {end}-{start}")
        if end >= 2**63 or len(seeds) + end - start >= MOST:
            raise ValueError(f"the seeds {text!r} are too many or too large: expected at most {MOST:,} below 2**63")
        seeds.extend(range(start, end + 1))
    return seeds


def format_seeds(seeds: Sequence[int]) -> str:
    """The shortest text that `parse_seeds` reads back."""
    runs = []
    for _, run in itertools.groupby(enumerate(seeds), lambda pair: pair[1] - pair[0]):
        numbers = [seed for _, seed in run]
        runs.append(str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}")
    return ",".join(runs)
