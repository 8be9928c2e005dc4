"""L-BFGS for many problems side by side, each with a history, a step length and an end of its own.

The two-loop recursion of Nocedal (1980; Nocedal and Wright, 2006, algorithm 7.4) and Armijo's rule (equation 3.4) with
steps from quadratic interpolation (equation 3.58). One evaluation of a problem is one point of it: problems that are
done are evaluated no more, and what one does changes nothing for the others.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

ARMIJO = 1e-4
"""Share of the promised decrease that a step has to give."""

SHRINK = (0.1, 0.5)
"""A step that gave too little becomes at least and at most so much shorter."""

TRIES = 8
"""Steps that may fail in a row; then the history is forgotten, and the next time the problem is done."""


class Point(NamedTuple):
    """What an evaluation gives, one row per problem.

    loss: what is minimised. slope: its gradient. figure: what says when it is enough; it may be the loss itself.
    """

    loss: Float[Tensor, "k"]
    slope: Float[Tensor, "k b d"]
    figure: Float[Tensor, "k"]


class Minimum(NamedTuple):
    """Where the problems came to.

    values: the best points. losses: there. figures: there. evaluations: of each problem. trace: the figure of the best
    point so far after every evaluation, NaN once a problem was done.
    """

    values: Float[Tensor, "n b d"]
    losses: Float[Tensor, "n"]
    figures: Float[Tensor, "n"]
    evaluations: Int[Tensor, "n"]
    trace: Float[Tensor, "steps n"]


Evaluate = Callable[[Float[Tensor, "k b d"], Int[Tensor, "k"]], Point]
"""From points, and the numbers of the problems they belong to, to what is there."""


def minimise(
    evaluate: Evaluate,
    start: Float[Tensor, "n b d"],
    inverse: Float[Tensor, "b d d"] | None = None,
    enough: float | Float[Tensor, "n"] = 0.0,
    budget: int = 200,
    memory: int = 10,
    patience: int = 20,
    still: float = 1e-2,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
    watch: Callable[[Float[Tensor, "n b d"]], None] = lambda _values: None,
) -> Minimum:
    """Minimise n problems of b blocks of d numbers.

    inverse: the inverse Hessian to begin with, block by block; without it the identity, scaled to the last step.
    enough: a problem is done when its figure is no greater than this, or than its own of these. budget: evaluations of
    each at most. memory: steps in the history. patience, still: a problem is done when so many evaluations lowered its
    loss by less than this share.
    tell: hears after every evaluation how many problems are done, of how many. watch: hears the best points so far.
    """
    walk = _Walk(evaluate, start, inverse, memory)
    trace = [walk.figure.clone()]
    lowest = [walk.loss.clone()]
    going = walk.figure > enough
    while bool(going.any()) and len(trace) < budget:
        rows = torch.nonzero(going)[:, 0]
        alive = walk.step(rows)
        trace.append(torch.where(going, walk.figure, torch.nan))
        lowest.append(walk.loss.clone())
        going[rows] = alive & (walk.figure > enough)[rows]
        if len(lowest) > patience:
            going &= lowest[-1 - patience] - walk.loss > still * lowest[-1 - patience].abs()
        tell(int((~going).sum()), len(going))
        watch(walk.values.clone())
    evaluations = (~torch.stack(trace).isnan()).sum(0)
    return Minimum(walk.values, walk.loss, walk.figure, evaluations, torch.stack(trace))


class _Walk:
    """Where every problem is, what it remembers, and the step that it tries next."""

    def __init__(
        self, evaluate: Evaluate, start: Float[Tensor, "n b d"], inverse: Float[Tensor, "b d d"] | None, memory: int
    ) -> None:
        self.evaluate, self.inverse = evaluate, inverse
        n, size = len(start), start[0].numel()
        self.values = start.clone()
        everyone = torch.arange(n, device=start.device)
        self.loss, self.slope, self.figure = evaluate(self.values, everyone)
        # what is remembered: the last steps, how the slope changed along them, and 1 / (their product), 0 for none
        self.steps = start.new_zeros(n, memory, size)
        self.turns = start.new_zeros(n, memory, size)
        self.weights = start.new_zeros(n, memory)
        self.gain = start.new_ones(n)
        self.length = start.new_ones(n)
        self.fails = torch.zeros(n, dtype=torch.long, device=start.device)
        self.towards = torch.zeros_like(start)
        self._aim(everyone)

    def step(self, rows: Int[Tensor, "k"]) -> Bool[Tensor, "k"]:
        """One evaluation of some problems. Returns which of them can go on."""
        # 1. Look at the end of the step.
        there = self.values[rows] + self.length[rows, None, None] * self.towards[rows]
        point = self.evaluate(there, rows)
        promised = (self.slope[rows] * self.towards[rows]).sum((1, 2))
        length = self.length[rows]
        taken = point.loss <= self.loss[rows] + ARMIJO * length * promised
        # 2. Take it where it gave enough, and remember how the slope changed.
        to, back = rows[taken], rows[~taken]
        self._remember(to, (there - self.values[rows])[taken], (point.slope - self.slope[rows])[taken])
        self.values[to], self.slope[to] = there[taken], point.slope[taken]
        self.loss[to], self.figure[to] = point.loss[taken], point.figure[taken]
        self.fails[to] = 0
        self._aim(to)
        # 3. Try a shorter one where it did not: to the lowest point of the parabola through what is known.
        bend = point.loss - self.loss[rows] - length * promised
        shorter = (-promised * length / (2 * bend)).nan_to_num(SHRINK[0]).clamp(*SHRINK)
        self.length[back] *= shorter[~taken]
        self.fails[back] += 1
        # 4. Too many in a row: the history misleads. Without one, this is as low as it goes.
        lost = back[self.fails[back] >= TRIES]
        over = lost[self.weights[lost].sum(1) == 0]
        again = lost[self.weights[lost].sum(1) > 0]
        self.weights[again], self.fails[again] = 0, 0
        self._aim(again)
        return ~torch.isin(rows, over)

    def _remember(self, rows: Int[Tensor, "k"], steps: Float[Tensor, "k b d"], turns: Float[Tensor, "k b d"]) -> None:
        """Pairs that show a valley go into the history in place of the oldest; others are forgotten."""
        steps, turns = steps.flatten(1), turns.flatten(1)
        product = (steps * turns).sum(1)
        good = product > 1e-10 * steps.norm(dim=1) * turns.norm(dim=1)
        rows, steps, turns, product = rows[good], steps[good], turns[good], product[good]
        for store, new in ((self.steps, steps), (self.turns, turns), (self.weights, 1 / product)):
            store[rows] = torch.cat([store[rows, 1:], new[:, None]], 1)
        if self.inverse is None:
            self.gain[rows] = product / turns.square().sum(1)

    def _aim(self, rows: Int[Tensor, "k"]) -> None:
        """The direction of the next step, downhill, and its whole length."""
        shape = self.slope[rows].shape
        steps, turns, weights = self.steps[rows], self.turns[rows], self.weights[rows]
        memory, shares = weights.shape[1], torch.zeros_like(weights)
        aim = self.slope[rows].flatten(1)
        for i in range(memory - 1, -1, -1):  # empty places have the weight 0 and do nothing
            shares[:, i] = weights[:, i] * (steps[:, i] * aim).sum(1)
            aim = aim - shares[:, i, None] * turns[:, i]
        aim = self.gain[rows, None] * self._straight(aim.view(shape)).flatten(1)
        for i in range(memory):
            share = weights[:, i] * (turns[:, i] * aim).sum(1)
            aim = aim + (shares[:, i] - share)[:, None] * steps[:, i]
        self.towards[rows] = -aim.view(shape)
        first = (weights.sum(1) == 0) & (self.inverse is None)  # nobody knows how far: not farther than 1
        self.length[rows] = torch.where(first, 1 / aim.norm(dim=1).clamp(min=1), 1.0)

    def _straight(self, slope: Float[Tensor, "k b d"]) -> Float[Tensor, "k b d"]:
        """The slope times the inverse Hessian that was given."""
        return slope if self.inverse is None else torch.einsum("bij,kbj->kbi", self.inverse, slope)
