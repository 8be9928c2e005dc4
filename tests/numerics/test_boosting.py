"""Boosted trees against those of scikit-learn, and what they must find."""

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingRegressor

from latentwalk.numerics.boosting import boosted

RANDOM = np.random.default_rng(3)
FEATURES = RANDOM.normal(size=(600, 4))
TARGETS = np.stack([np.sin(2 * FEATURES[:, 0]), (FEATURES[:, 1] > 0) * FEATURES[:, 2], np.ones(600)], 1)
TAUGHT, ASKED = FEATURES[:400], FEATURES[400:]


def test_trees_are_those_of_an_independent_implementation_up_to_the_bins() -> None:
    found = boosted(TAUGHT, TARGETS[:400], ASKED)
    for k in range(2):
        other = GradientBoostingRegressor(n_estimators=50, max_depth=3, random_state=0).fit(TAUGHT, TARGETS[:400, k])
        assert np.allclose(found.importances[:, k], other.feature_importances_, atol=0.05)
        assert np.corrcoef(found.said[:, k], other.predict(ASKED))[0, 1] > 0.98


def test_on_few_values_they_are_exactly_the_same() -> None:
    features = RANDOM.integers(0, 6, (300, 3)).astype(float)
    target = features[:, 0] * 2 + features[:, 1] * features[:, 2] + RANDOM.normal(0, 0.1, 300)
    found = boosted(features, target[:, None], features, trees=20)
    other = GradientBoostingRegressor(n_estimators=20, max_depth=3, random_state=0).fit(features, target)
    assert np.allclose(found.said[:, 0], other.predict(features), atol=1e-3)
    assert np.allclose(found.importances[:, 0], other.feature_importances_, atol=1e-3)


def test_what_has_no_part_has_no_importance() -> None:
    found = boosted(TAUGHT, TARGETS[:400], ASKED)
    assert found.importances[0, 0] > 0.9 and found.importances[1:3, 1].sum() > 0.9
    assert found.importances[:, :2].sum(0) == pytest.approx([1, 1])


def test_a_target_that_never_changes_is_said_as_it_is() -> None:
    found = boosted(TAUGHT, TARGETS[:400], ASKED)
    assert found.said[:, 2] == pytest.approx(1) and not found.importances[:, 2].any()


def test_targets_do_not_meet_and_rows_have_no_order() -> None:
    together, alone = boosted(TAUGHT, TARGETS[:400], ASKED), boosted(TAUGHT, TARGETS[:400, 1:2], ASKED)
    turned = boosted(TAUGHT[::-1], TARGETS[:400][::-1], ASKED)
    assert np.allclose(together.said[:, 1], alone.said[:, 0], atol=1e-4)
    assert np.allclose(together.said, turned.said, atol=1e-3)
