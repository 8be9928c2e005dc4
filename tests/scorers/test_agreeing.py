"""Two scorers as one: convinced where both are."""

import math

import pytest
import torch

from latentwalk.scorers.agreeing import Agreeing
from latentwalk.walk import Goal


class Says:
    """Says the same of every picture."""

    def __init__(self, **logits: float) -> None:
        self.attributes: tuple[str, ...] = tuple(logits)
        self.logits = torch.tensor([*logits.values()])

    def __call__(self, images, /):
        return self.logits.expand(len(images), -1)


PICTURES = torch.zeros(2, 3, 4, 4)


@pytest.mark.parametrize(("target", "sign"), [(0.9, 1), (0.1, -1)])
@pytest.mark.parametrize(("a", "b"), [(3.0, -1.0), (-1.0, 3.0), (40.0, 2.0), (-90.0, 90.0)])
def test_a_goal_counts_as_who_is_less_convinced_says(a: float, b: float, target: float, sign: int) -> None:
    both = Agreeing(Says(hat=a), Says(hat=b), [Goal("hat", target)])(PICTURES)
    least = sign * min(sign * a, sign * b)
    assert ((sign * (both - least) >= 0) & (sign * (both - least) <= math.log(2) + 1e-5)).all()


def test_two_who_say_the_same_are_taken_at_their_word_and_others_are_averaged() -> None:
    first, second = Says(hat=1.5, smile=2.0, age=7.0), Says(smile=-1.0, hat=1.5)
    both = Agreeing(first, second, [Goal("hat"), Goal("age")])
    assert both.attributes == first.attributes
    assert torch.allclose(both(PICTURES), torch.tensor([1.5, 0.5, 7.0]).expand(2, 3), atol=1e-6)


def test_a_step_follows_who_is_less_convinced() -> None:
    pictures = torch.zeros(1, 1, 1, 2, requires_grad=True)

    class Sees:
        attributes: tuple[str, ...] = ("hat",)

        def __init__(self, place: int, bias: float) -> None:
            self.place, self.bias = place, bias

        def __call__(self, images, /):
            return images[:, 0, 0, self.place, None] + self.bias

    Agreeing(Sees(0, 6.0), Sees(1, -6.0), [Goal("hat")])(pictures).sum().backward()
    assert pictures.grad is not None
    assert pictures.grad[0, 0, 0, 1] > 0.99 > 0.01 > pictures.grad[0, 0, 0, 0] > 0


def test_a_second_who_knows_no_goal_is_refused() -> None:
    with pytest.raises(ValueError, match="the second scorer knows none of the goals hat, only smile"):
        Agreeing(Says(hat=1.0), Says(smile=1.0), [Goal("hat")])
