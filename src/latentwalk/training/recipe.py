"""What is learned by whom, from which losses: plain data, which is written down with a run and compared later."""

from dataclasses import dataclass

PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class Term:
    """One loss of a turn. loss: its name in `losses.LOSSES`. weight: what it is multiplied by.

    every: a lazy term (Karras et al., 2020, section 3.1) is computed every so many steps and counts as many times more.
    """

    loss: str
    weight: float = 1.0
    every: int = 1


@dataclass(frozen=True)
class Turn:
    """Some networks learn, all others are frozen. learns: their names. rate, betas: of Adam.

    every: a turn that is taken every so many steps only (the generator of a WGAN). clip: weights are cut to
    [-clip, clip] afterwards (Arjovsky et al., 2017), or None. falls: the last share of the pictures, over which the
    rate falls to nothing in a straight line.
    """

    learns: tuple[str, ...]
    terms: tuple[Term, ...]
    rate: float
    betas: tuple[float, float]
    every: int = 1
    clip: float | None = None
    falls: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """How networks are trained. turns: in their order within a step, which sees `batch` pictures.

    kimg: thousands of pictures that are seen. z: numbers of a code. ema: half-life of the averaged generator, in kimg;
    ramp: at most this share of the pictures seen so far, so that early weights are soon forgotten.
    mixing: the share of pictures with two codes (Karras et al., 2019, section 3.1).
    precision: of the networks, "float32" or "bfloat16"; losses are float32 always.
    flip: whether half of the pictures are mirrored, at random: faces and most things look as well so, writing does not.
    Raises ValueError for numbers with which nothing can be trained.
    """

    turns: tuple[Turn, ...]
    batch: int
    kimg: float
    z: int
    ema: float = 10.0
    ramp: float = 0.05
    mixing: float = 0.0
    precision: str = "float32"
    flip: bool = False

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise ValueError(f"the precision is {' or '.join(PRECISIONS)}, got {self.precision!r}")
        positive = (self.batch, self.kimg, self.z, *(t.every for t in self.turns), *(t.rate for t in self.turns))
        shares = (self.mixing, self.ramp, *(turn.falls for turn in self.turns))
        if not self.turns or min(positive) <= 0 or self.ema < 0 or min(shares) < 0 or max(shares) > 1:
            raise ValueError(f"expected turns, sizes and rates above 0, mixing, ramp and falls in [0, 1], got {self}")

    @property
    def steps(self) -> int:
        """How many steps see `kimg` thousand pictures."""
        return max(1, round(self.kimg * 1000 / self.batch))

    def rate(self, turn: Turn, step: int) -> float:
        """The learning rate of a turn in a step."""
        left = max(0, self.steps - step) / self.steps
        return turn.rate * min(1.0, left / turn.falls) if turn.falls else turn.rate

    def active(self, step: int) -> tuple[tuple[int, ...], ...]:
        """The terms that are computed in a step, as numbers, for every turn; none for a turn that is not taken."""
        return tuple(
            tuple(i for i, term in enumerate(turn.terms) if step % term.every == 0) if step % turn.every == 0 else ()
            for turn in self.turns
        )
