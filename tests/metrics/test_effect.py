"""Effect, leakage, monotonicity and identity on records whose answer is known."""

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from latentwalk.metrics import METRICS
from latentwalk.metrics.effect import crossing_values, rescoring, success
from latentwalk.metrics.identity import path_values, similarity
from latentwalk.metrics.leakage import leakage
from latentwalk.metrics.monotonicity import linearity_values, monotonicity_values
from latentwalk.metrics.ranges import recommended
from latentwalk.sweep import even_strengths
from recorded import CLOSE, recorded, straight


def test_rescoring_is_the_slope_in_standard_deviations() -> None:
    assert torch.allclose(rescoring(straight([0.8, -0.2, 0.0])), torch.tensor([0.8, -0.2, 0.0]), atol=1e-5)
    assert leakage(straight([0.8, -0.2, 0.0])) == pytest.approx(0.125, abs=1e-4)


def test_rescoring_is_the_same_in_any_unit_of_the_logits() -> None:
    sweep = straight([0.8, -0.2])
    scaled = recorded(sweep.logits * torch.tensor([5.0, 0.1]) + 3)
    assert torch.allclose(rescoring(scaled), rescoring(sweep), atol=1e-4)


def test_success_counts_codes_that_cross() -> None:
    zero = torch.tensor([-4.0, -2.0, -0.5, 0.5, 1.0])
    sweep = recorded((zero + even_strengths(3)[:, None])[..., None])  # strengths -3, 0, 3
    assert success(sweep, 2) == pytest.approx(2 / 3)
    assert success(sweep, 0) == 1
    assert success(sweep, 1) is None
    assert crossing_values(sweep).tolist() == [0, 1, 1, 1, 1]
    assert crossing_values(sweep.toward(0, -1)).tolist() == [0, 0, 0, 0, 0]


def test_success_of_nobody_is_unknown() -> None:
    sweep = recorded((torch.tensor([1.0, 2.0]) + even_strengths(3)[:, None])[..., None])
    assert success(sweep, 2) is None
    assert success(sweep, 0) == 1


def test_monotonicity_is_that_of_scipy() -> None:
    random = torch.Generator().manual_seed(3)
    logits = torch.randn(9, 30, 1, generator=random).round(decimals=1)  # with ties
    found = monotonicity_values(recorded(logits))
    expected = [spearmanr(np.arange(9), logits[:, i, 0].numpy()).statistic for i in range(30)]
    assert np.allclose(found.numpy(), expected, atol=1e-6)


def test_linearity_is_the_squared_correlation() -> None:
    logits = torch.randn(9, 30, 1, generator=torch.Generator().manual_seed(3))
    expected = [np.corrcoef(even_strengths(9).numpy(), logits[:, i, 0].numpy())[0, 1] ** 2 for i in range(30)]
    assert np.allclose(linearity_values(recorded(logits)).numpy(), expected, atol=1e-5)


def test_noise_is_less_monotonic_and_less_linear() -> None:
    quiet, loud = straight([1.0, 0.0], noise=0.1), straight([1.0, 0.0], noise=3.0)
    for name in ("monotonicity", "linearity"):
        assert METRICS[name].measure(quiet) > METRICS[name].measure(loud) + 0.2
    assert METRICS["monotonicity"].measure(straight([0.0, 1.0])) == 0, "what does not change is not monotonic"


def test_identity_is_1_for_no_change_and_0_for_another_picture() -> None:
    same = straight([1.0])
    assert torch.allclose(similarity(same), torch.ones(9, CLOSE), atol=1e-5)
    other = same.unedited[CLOSE : 2 * CLOSE].expand(9, -1, -1).clone()
    other[4] = same.unedited[:CLOSE]
    swapped = recorded(same.logits, embeddings=other)
    assert abs(METRICS["identity"].measure(swapped)) < 0.4
    assert METRICS["identity"].measure(same) == pytest.approx(1)


def test_identity_does_not_see_what_all_pictures_share() -> None:
    """Embeddings far from the origin are not more alike for that."""
    random = torch.Generator().manual_seed(0)
    embeddings = torch.randn(9, CLOSE, 5, generator=random)
    near = recorded(torch.zeros(9, 50, 1), embeddings=embeddings)
    far = recorded(torch.zeros(9, 50, 1), embeddings=embeddings + 100)
    object.__setattr__(far, "unedited", far.unedited + 100)
    assert torch.allclose(similarity(near), similarity(far), atol=1e-4)


def test_path_length_is_trimmed() -> None:
    path = torch.ones(CLOSE)
    path[0], path[1] = 1e6, -1e6
    values = path_values(recorded(torch.zeros(3, 50, 1), path=path))
    assert values[:2].isnan().all()
    assert METRICS["path"].measure(recorded(torch.zeros(3, 50, 1), path=path)) == 1


class TestRange:
    def test_all_strengths_of_what_works(self) -> None:
        assert recommended(straight([1.0, 0.0])) == (-3, 3)

    def test_it_ends_where_nothing_more_changes(self) -> None:
        strengths = even_strengths(7)
        logits = strengths.clamp(-3, 1)[:, None, None] + torch.randn(50, 1, generator=torch.Generator().manual_seed(0))
        assert recommended(recorded(logits)) == (-3, 1)

    def test_it_ends_where_it_is_another_picture(self) -> None:
        sweep = straight([1.0])
        seen = sweep.close.embeddings.clone()
        seen[:2] = -seen[4]  # strengths -3 and -2.25
        assert recommended(recorded(sweep.logits, embeddings=seen)) == (-1.5, 3)
        assert recommended(recorded(sweep.logits, embeddings=seen, target=None)) == (-1.5, 3)

    def test_what_goes_the_wrong_way_has_none(self) -> None:
        assert recommended(straight([-1.0])) == (0, 0)
        assert recommended(straight([-1.0]).toward(0, -1)) == (-3, 3)
