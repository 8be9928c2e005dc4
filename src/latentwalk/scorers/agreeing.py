"""Two scorers as one that is convinced of a goal only where both are: what fools one seldom fools the other."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.scores import Scorer
from latentwalk.walk import Goal


class Agreeing:
    """Logits of two scorers as one row, for the goals of a walk.

    A goal to rise to has the soft minimum of both logits, -log(exp(-a) + exp(-b)) + log 2, a goal to fall to the soft
    maximum, so that a step follows mostly whoever is less convinced, and two who say the same are taken at their word.
    Other attributes have the mean. What the second does not know is told by the first alone.

    attributes, source, fingerprint: those of the first. Raises ValueError where the second knows none of the goals.
    """

    def __init__(self, first: Scorer, second: Scorer, goals: Sequence[Goal] = ()) -> None:
        known = [name for name in first.attributes if name in second.attributes]
        if goals and not {goal.attribute for goal in goals} & set(known):
            raise ValueError(
                f"the second scorer knows none of the goals {', '.join(goal.attribute for goal in goals)}, only "
                f"{', '.join(second.attributes)}: choose another, or none"
            )
        self.first, self.second, self.attributes = first, second, first.attributes
        self.source, self.fingerprint = getattr(first, "source", ""), getattr(first, "fingerprint", "")
        self._mine = [first.attributes.index(name) for name in known]
        self._theirs = [second.attributes.index(name) for name in known]
        signs = {goal.attribute: goal.sign for goal in goals}
        self._signs = torch.tensor([float(signs.get(name, 0)) for name in known])

    def __call__(self, images: Float[Tensor, "n c h w"], /) -> Float[Tensor, "n a"]:
        logits = self.first(images)
        mine, theirs = logits[:, self._mine], self.second(images)[:, self._theirs]
        signs = self._signs.to(logits)
        least = signs * (math.log(2) - torch.logaddexp(-signs * mine, -signs * theirs))
        return logits.index_copy(
            1, torch.tensor(self._mine, device=logits.device), torch.where(signs == 0, (mine + theirs) / 2, least)
        )
