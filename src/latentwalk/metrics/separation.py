"""With known factors: how much better one code alone predicts each factor than any other code.

Not among `METRICS`: they need the true factors of a picture, which generators trained on known factors will have.
"""

import numpy as np
from jaxtyping import Float
from sklearn.svm import LinearSVC

from latentwalk.metrics.importance import LEVELS


def sap(codes: Float[np.ndarray, "n k"], factors: Float[np.ndarray, "n m"], seed: int = 0) -> float:
    """Separated attribute predictability, in [0, 1] (Kumar et al., 2018, section 3).

    Mean over factors of how much better the best single code predicts it than the second best: R^2 of a line, or the
    balanced accuracy of a linear classifier for factors of few values. Raises ValueError for fewer than two codes.
    """
    if codes.shape[1] < 2:
        raise ValueError(f"a gap needs two codes or more, got {codes.shape[1]}")
    gaps = []
    for factor in factors.T:
        scores = np.sort([_predicts(code, factor, seed) for code in codes.T])
        gaps.append(scores[-1] - scores[-2])
    return float(np.mean(gaps))


def _predicts(code: Float[np.ndarray, "n"], factor: Float[np.ndarray, "n"], seed: int) -> float:
    if code.std() == 0 or factor.std() == 0:
        return 0.0
    levels = np.unique(factor)
    if len(levels) > LEVELS:
        return float(np.corrcoef(code, factor)[0, 1] ** 2)
    model = LinearSVC(C=0.01, class_weight="balanced", random_state=seed, dual="auto")
    right = model.fit(code[:, None] / code.std(), factor.astype(str)).predict(code[:, None] / code.std())
    return float(np.mean([np.mean(right[factor == level] == str(level)) for level in levels]))
