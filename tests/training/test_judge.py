"""Temperature, calibration error and the report, against planted truth and scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

from latentwalk.scorers.classifier import Classifier
from latentwalk.training.judge import calibrate, calibration_error, report, temperature


def planted(count: int = 40_000, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits [n] and labels [n] that were drawn with exactly their probabilities."""
    random = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(count, generator=random)
    return logits, (torch.rand(count, generator=random) < logits.sigmoid()).float()


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.5])
def test_a_planted_temperature_is_found(factor):
    logits, labels = planted()
    assert temperature(logits * factor, labels) == pytest.approx(factor, rel=0.05)


def test_unknown_labels_count_for_nothing():
    logits, labels = planted(2000)
    more = torch.cat([logits, torch.full((500,), 50.0)])
    assert temperature(more, torch.cat([labels, torch.full((500,), float("nan"))])) == temperature(logits, labels)


def test_calibrated_logits_have_a_small_error_and_others_the_one_by_hand():
    logits, labels = planted()
    assert calibration_error(logits, labels) < 0.01
    assert calibration_error(logits * 4, labels) > 0.05
    # Two bins: 0.88 said and 1/2 true of two, 0.12 said and 0 true of two.
    p = float(torch.tensor(2.0).sigmoid())
    by_hand = (abs(p - 0.5) + abs(1 - p - 0.0)) / 2
    assert calibration_error(torch.tensor([2.0, 2.0, -2.0, -2.0]), torch.tensor([1.0, 0, 0, 0])) == pytest.approx(
        by_hand, abs=1e-6
    )


def test_calibrating_sets_the_temperature_of_every_column():
    logits, labels = planted()
    scorer = Classifier(("a", "b"), width=8)
    calibrate(scorer, torch.stack([logits, logits * 2], 1), torch.stack([labels, labels], 1))
    torch.testing.assert_close(scorer.temperature, torch.tensor([1.0, 2.0]), atol=0.1, rtol=0)


def test_the_report_agrees_with_scikit_learn():
    logits, labels = planted(500)
    holes = labels.clone()
    holes[::5] = float("nan")
    (row,) = report(logits[:, None], holes[:, None], ["smiling"])
    known = ~np.isnan(holes.numpy())
    truth, scores = holes.numpy()[known], logits.numpy()[known]
    assert (row["labels"], row["positive"]) == (400, int(truth.sum()))
    assert row["auc"] == pytest.approx(roc_auc_score(truth, scores))
    assert row["average_precision"] == pytest.approx(average_precision_score(truth, scores))
    assert row["auc_low"] < row["auc"] < row["auc_high"]


def test_the_interval_is_that_of_a_bootstrap_with_scikit_learn():
    logits, labels = planted(80)
    logits = (logits * 2).round()  # many ties
    (row,) = report(logits[:, None], labels[:, None], ["smiling"])
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, 80, 80) for _ in range(400)]
    areas = [roc_auc_score(labels.numpy()[chosen], logits.numpy()[chosen]) for chosen in draws]
    assert [row["auc_low"], row["auc_high"]] == pytest.approx(list(np.quantile(areas, [0.025, 0.975])))


def test_one_kind_of_label_has_no_auc():
    (row,) = report(torch.randn(5, 1), torch.ones(5, 1), ["hat"])
    assert np.isnan(row["auc"]) and row["positive"] == 5
