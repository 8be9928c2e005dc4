"""Many minimisations side by side end where one of scipy's does, each by itself."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize, rosen, rosen_der

from latentwalk.numerics.lbfgs import Point, minimise

SIZE, COUNT = 12, 4


@pytest.fixture(scope="module")
def bowls() -> tuple[torch.Tensor, torch.Tensor]:
    """Convex: log-sum-exp of linear functions, plus a little square; problem k has a matrix of its own."""
    random = torch.Generator().manual_seed(3)
    return (
        torch.randn(COUNT, 30, SIZE, generator=random, dtype=torch.float64),
        torch.randn(COUNT, 30, generator=random, dtype=torch.float64),
    )


def bowl(matrix: torch.Tensor, offset: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return (matrix @ x[..., None] + offset[..., None])[..., 0].logsumexp(-1) + 0.1 * x.square().sum(-1)


def evaluator(matrices: torch.Tensor, offsets: torch.Tensor, seen: list | None = None):
    def evaluate(values: torch.Tensor, rows: torch.Tensor) -> Point:
        if seen is not None:
            seen.append(rows.tolist())
        with torch.enable_grad():
            x = values.detach().requires_grad_()
            loss = bowl(matrices[rows], offsets[rows], x.flatten(1))
            (slope,) = torch.autograd.grad(loss.sum(), x)
        return Point(loss.detach(), slope, loss.detach())

    return evaluate


def start() -> torch.Tensor:
    return torch.ones(COUNT, 1, SIZE, dtype=torch.float64)


def run(bowls, **settings):
    return minimise(evaluator(*bowls), start(), enough=-np.inf, patience=500, still=0, **settings)


def test_it_ends_where_scipy_does(bowls) -> None:
    found = run(bowls)
    for k in range(COUNT):
        matrix, offset = bowls[0][k], bowls[1][k]
        theirs = minimize(
            lambda x, m=matrix, o=offset: float(bowl(m, o, torch.from_numpy(x))),
            np.ones(SIZE),
            method="BFGS",
            tol=1e-10,
        )
        assert found.losses[k] == pytest.approx(theirs.fun, abs=1e-9)
        assert np.allclose(found.values[k, 0].numpy(), theirs.x, atol=1e-4)


def test_it_goes_round_the_bend_of_rosenbrock() -> None:
    def evaluate(values: torch.Tensor, rows: torch.Tensor) -> Point:
        x = values.flatten(1).numpy()
        loss = torch.from_numpy(np.array([rosen(row) for row in x]))
        slope = torch.from_numpy(np.array([rosen_der(row) for row in x])).view_as(values)
        return Point(loss, slope, loss)

    begin = torch.tensor([[-1.2, 1.0], [2.0, -1.0], [0.0, 0.0]], dtype=torch.float64)[:, None]
    found = minimise(evaluate, begin, enough=1e-12, budget=200, patience=200)
    assert torch.allclose(found.values, torch.ones_like(found.values), atol=1e-4)


def test_with_the_true_inverse_hessian_a_quadratic_takes_one_step() -> None:
    random = torch.Generator().manual_seed(0)
    root = torch.randn(2, SIZE, SIZE, generator=random, dtype=torch.float64)
    hessian = root @ root.mT + torch.eye(SIZE)
    goal = torch.randn(COUNT, 2, SIZE, generator=random, dtype=torch.float64)

    def evaluate(values: torch.Tensor, rows: torch.Tensor) -> Point:
        slope = torch.einsum("bij,kbj->kbi", hessian, values - goal[rows])
        loss = 0.5 * (slope * (values - goal[rows])).sum((1, 2))
        return Point(loss, slope, loss)

    found = minimise(evaluate, torch.zeros_like(goal), torch.linalg.inv(hessian), enough=1e-18)
    assert (found.evaluations == 2).all()
    assert torch.allclose(found.values, goal)


def test_a_problem_does_not_know_who_is_beside_it(bowls) -> None:
    together = run(bowls, budget=12)
    for k in range(COUNT):
        alone = minimise(
            evaluator(bowls[0][k : k + 1], bowls[1][k : k + 1]), start()[:1], enough=-np.inf, budget=12, patience=500
        )
        assert torch.allclose(alone.values[0], together.values[k], atol=1e-10)


def test_what_is_done_is_evaluated_no_more(bowls) -> None:
    goal = run(bowls).losses
    matrices, offsets = bowls
    seen: list[list[int]] = []
    evaluate = evaluator(matrices, offsets, seen)

    def lifted(values: torch.Tensor, rows: torch.Tensor) -> Point:
        """Problem 0 is satisfied with much less than the others."""
        point = evaluate(values, rows)
        gap = point.loss - goal[rows]
        return point._replace(figure=torch.where(rows == 0, gap / 1e4, gap))

    found = minimise(lifted, start(), enough=1e-3)
    assert found.figures.max() <= 1e-3
    counted = torch.tensor([sum(k in rows for rows in seen) for k in range(COUNT)])
    assert torch.equal(counted, found.evaluations) and counted[0] == counted.min() < counted.max()
    assert torch.equal((~found.trace.isnan()).sum(0), found.evaluations)


def test_no_budget_is_exceeded_and_no_loss_ever_rises(bowls) -> None:
    found = run(bowls, budget=7)
    assert (found.evaluations == 7).all()
    assert (found.trace.diff(dim=0) <= 0).all()
