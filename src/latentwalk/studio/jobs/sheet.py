"""Many seeds at once, each as a state has it: with its sliders, its class, its options."""

from typing import Annotated

import torch
from pydantic import Field

from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.session import Session
from latentwalk.studio.state import Seed, State
from latentwalk.studio.wire import jpeg

MOST = 60
"""Pictures of a sheet."""

THUMBNAIL = 96
"""Pixels of the width of one."""

PIXELS = 6 * 64 * 64
"""That are drawn in one turn: others do not wait long."""


class Sheet(Job):
    """seeds: in the order of the sheet. state: what they are drawn with; its own code is left out."""

    seeds: Annotated[tuple[Seed, ...], Field(min_length=1, max_length=MOST)]
    state: State

    @torch.no_grad()
    def run(self, session: Session, tell: Teller) -> None:
        """Tells strips of pictures side by side: first is the place of the first one, of count."""
        _, height, width = session.model.generator.image_shape
        together = max(1, min(6, PIXELS // (height * width)))
        plain = self.state.model_copy(update={"kept": None, "mix": ()})
        for first in range(0, len(self.seeds), together):
            states = [plain.model_copy(update={"seed": seed}) for seed in self.seeds[first : first + together]]
            strip = torch.cat(list(session.pictures(states)), 2)
            tell("sheet", jpeg(strip, THUMBNAIL * len(states)), first=first, count=len(states))
