"""Lines on which pictures change least."""

import pytest
import torch

from latentwalk.direction import Direction, Directions
from latentwalk.latents import Latents
from latentwalk.walks.lines import lines

NAMES = ("one", "two", "three")


def planted(seed: int, size: int = 12) -> tuple[Directions, Directions, torch.Tensor]:
    """Directions, ways by a metric, and the metric."""
    random = torch.Generator().manual_seed(seed)
    factor = torch.randn(size, size, generator=random, dtype=torch.float64)
    metric = factor @ factor.T + 0.1 * torch.eye(size)
    vectors = torch.nn.functional.normalize(torch.randn(3, size, generator=random, dtype=torch.float64), dim=1)
    moves = torch.nn.functional.normalize(torch.linalg.solve(metric, vectors.T).T, dim=1)
    found = (
        Directions(tuple(Direction(name, row.float(), offset=0.2) for name, row in zip(NAMES, rows, strict=True)))
        for rows in (vectors, moves)
    )
    return *found, metric


@pytest.mark.parametrize("seed", range(4))
def test_what_is_held_stays_and_no_other_line_changes_less(seed: int) -> None:
    directions, ways, metric = planted(seed)
    (line,) = lines(["one"], NAMES, directions, ways)
    move = line.moves.vector.double()
    assert abs(float(move.norm()) - 1) < 1e-5
    held = torch.stack([directions[name].vector.double() for name in NAMES[1:]])
    assert (held @ move).abs().max() < 1e-5
    gain = directions["one"].vector.double() @ move
    assert gain > 0
    random = torch.Generator().manual_seed(seed)
    free = torch.linalg.svd(torch.cat([held, directions["one"].vector.double()[None]]))[2][3:]
    for _ in range(20):  # every other move with the same gain is this one and something that none of them sees
        other = move / gain + torch.randn(len(free), generator=random, dtype=torch.float64) @ free
        assert move @ metric @ move / gain**2 <= other @ metric @ other + 1e-9


def test_without_ways_a_line_is_the_conditioned_direction() -> None:
    directions, _, _ = planted(0)
    (line,) = lines(["one"], NAMES, directions, None)
    expected = directions["one"].conditioned([directions["two"], directions["three"]])
    assert torch.equal(line.moves.vector, expected.vector)
    assert line.reads is line.moves


def test_with_equal_metric_ways_are_directions() -> None:
    directions, _, _ = planted(1)
    (plain,), (same,) = (lines(["two"], NAMES, directions, ways) for ways in (None, directions))
    assert torch.allclose(plain.moves.vector, same.moves.vector, atol=1e-5)


def test_strengths_count_along_the_line() -> None:
    directions, ways, _ = planted(2)
    (line,) = lines(["one"], ["one"], directions, ways)
    codes = Latents(torch.randn(5, 12, generator=torch.Generator().manual_seed(3)))
    moved = line.shift(codes, 2.0).values - codes.values
    assert torch.allclose(moved, (2 * ways["one"].vector).expand(5, 12), atol=1e-5)
    assert torch.equal(line.distance(codes), directions["one"].distance(codes))


def test_what_is_not_there_is_refused() -> None:
    directions, ways, _ = planted(0)
    with pytest.raises(ValueError, match="no direction 'four'"):
        lines(["four"], ["four"], directions, ways)
    twice = Directions((directions["one"], Direction("two", directions["one"].vector)))
    with pytest.raises(ValueError, match="nothing of 'one' is left outside two: hold fewer"):
        lines(["one"], ["one", "two"], twice, twice)
