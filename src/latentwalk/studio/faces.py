"""Whether two pictures show one person, where a generator draws faces."""

import threading
from contextlib import suppress
from importlib.util import find_spec

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.framing.landmarks import PACKAGE
from latentwalk.framing.likeness import Likeness
from latentwalk.framing.template import Template, file_name
from latentwalk.generator import Generator
from latentwalk.kept import place


class Faces:
    """SFace (Zhong et al., 2021) on pictures of one generator. It takes several times as long as a picture, and is read
    when it is first asked: so it is asked when nobody drags, and beside the pictures."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self._one_at_a_time = threading.Lock()
        self._likeness: Likeness | None = None
        self._before: tuple[Tensor, list[Tensor]] | None = None  # the last picture without edits, and who was in it

    @staticmethod
    def of(generator: Generator) -> "Faces | None":
        """None where nobody has seen yet where it draws faces, and without the extra `photos`."""
        if generator.fingerprint and find_spec(PACKAGE) is not None:
            with suppress(OSError, ValueError):
                template = Template.model_validate_json(place("templates", file_name(generator)).read_bytes())
                return Faces(template) if len(template.points) == 5 else None
        return None

    @torch.no_grad()
    def alike(self, before: Float[Tensor, "1 c h w"], after: Float[Tensor, "1 c h w"]) -> float:
        """The cosine of the embeddings. Two people have .2 on average, and less than `identity.SAME` as a rule."""
        if before is after:
            return 1.0
        with self._one_at_a_time:
            if self._likeness is None:
                self._likeness = Likeness(self.template.array, before.device)
            if self._before is None or self._before[0] is not before:
                self._before = before, self._likeness.maps(before.float())
            return 1 - float(self._likeness.distance(self._before[1], self._likeness.maps(after.float()))[0])
