"""Where a direction acts."""

import math

import pytest
import torch

from latentwalk.metrics import METRICS
from latentwalk.metrics.region import area
from recorded import recorded


def test_the_smallest_part_of_the_picture() -> None:
    changes = torch.zeros(4, 5)
    changes[0, :4] = torch.tensor([5.0, 3.0, 1.0, 1.0])
    assert area(changes, 0.5) == 1 / 20
    assert area(changes, 0.8) == 2 / 20
    assert area(changes, 0.85) == 3 / 20


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_an_even_change_fills_its_share(share) -> None:
    assert area(torch.ones(10, 10), share) == pytest.approx(share, abs=0.011)


def test_no_change_is_nowhere() -> None:
    assert math.isnan(area(torch.zeros(4, 4), 0.5))


def test_a_local_edit_is_told_from_one_everywhere() -> None:
    local, wide = torch.zeros(3, 8, 8), torch.ones(3, 8, 8)
    local[:, 2:4, 2:4] = 1
    logits = torch.zeros(3, 20, 1)
    for name in ("area_half", "area_most"):
        assert METRICS[name].measure(recorded(logits, changes=local)) < 0.07
        assert METRICS[name].measure(recorded(logits, changes=wide)) > 0.49
