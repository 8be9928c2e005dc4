"""Precision and recall against what is planted: modes that are missed, and modes that are made up."""

import pytest
import torch

from latentwalk.metrics.coverage import precision, recall


def modes(which: list[int], each: int, seed: int) -> torch.Tensor:
    """Clouds around far points of a plane."""
    random = torch.Generator().manual_seed(seed)
    return torch.cat([torch.randn(each, 2, generator=random) + 100 * torch.tensor([mode, mode**2]) for mode in which])


def test_a_missed_mode_costs_recall_and_a_made_up_one_precision() -> None:
    real, made = modes([0, 1, 2, 3], 200, 0), modes([0, 1, 9], 200, 1)
    assert precision(made, real) == pytest.approx(2 / 3, abs=0.05)
    assert recall(made, real) == pytest.approx(1 / 2, abs=0.05)


def test_samples_of_the_same_have_nearly_all_and_a_copy_has_all() -> None:
    real = modes([0], 500, 0)
    assert precision(real, real) == recall(real, real) == 1
    assert precision(modes([0], 500, 1), real) > 0.9


def test_it_is_the_definition_written_out() -> None:
    made, real = modes([0, 1], 15, 0), 1.5 * modes([0, 1], 12, 1)
    inside = 0
    for point in made:
        for centre in real:
            reach = sorted(float((centre - other).norm()) for other in real)[3]
            if float((point - centre).norm()) <= reach:
                inside += 1
                break
    assert 0 < inside < len(made)
    assert precision(made, real) == inside / len(made)


def test_too_few_pictures_have_no_neighbours() -> None:
    with pytest.raises(ValueError, match="more than 3 pictures"):
        precision(torch.zeros(5, 2), torch.zeros(3, 2))
