"""Find the code of a photograph; with tuning, a generator of its own that draws it as it is."""

import math
import time
from collections.abc import Callable
from dataclasses import replace

from jaxtyping import Float
from torch import Tensor

from latentwalk.delta import with_delta
from latentwalk.framing.align import Aligned
from latentwalk.framing.identity import SAME
from latentwalk.inversion.optimize import Optimize
from latentwalk.inversion.tune import Tuning
from latentwalk.inverter import mean_square
from latentwalk.jobs.invert import frame_mask, read_inverter
from latentwalk.jobs.photo_records import identities
from latentwalk.latents import Latents
from latentwalk.progress import Speed
from latentwalk.studio.jobs.job import Enough, Job, Teller
from latentwalk.studio.placed import Placed, telling
from latentwalk.studio.session import Session
from latentwalk.studio.wire import DRAGGED, jpeg, told

EVERY = 0.15
"""Seconds from one intermediate picture to the next."""


class Invert(Placed, Job):
    """likeness: follow that of the face beside the pixels. tune: learn the last layers anew (Roich et al., 2021).

    Where it is stopped, what it has found until then is what it has found."""

    likeness: bool = False
    tune: bool = False

    def run(self, session: Session, tell: Teller) -> None:
        since = time.perf_counter()
        generator, progress = session.model.generator, telling(tell)
        frame = self.frame(session, progress)
        how = read_inverter("optimize", generator, None, ("pixel", "identity") if self.likeness else ("pixel",))
        assert isinstance(how, Optimize)
        show = Showing(session, frame, tell)

        # 1. The code: the guess is there at once, and what follows comes nearer.
        targets = frame.crop[None].to(generator.device, generator.dtype)
        show.begin("finding the code", how.budget)
        stopped = False
        try:
            found = how.invert(generator, targets, None, frame_mask([frame]), progress, show.code)
        except Enough:
            if show.best is None:
                raise
            stopped = True
            found = replace(how, budget=1).invert(generator, targets, show.best, frame_mask([frame]))
        code, tuned, before = found.latents, None, float(found.psnr)

        # 2. The generator that draws the code as the photograph is.
        if self.tune and not stopped:
            tuning = Tuning()
            show.begin("tuning the generator", tuning.steps)
            try:
                delta = tuning.tune(generator, code, found.targets, found.mask, watch=show.pictures_of(code))
            except Enough:
                stopped = True
            else:
                drawing = with_delta(generator, delta)
                tuned = session.tuned.put(drawing, sum(change.nbytes for change in delta.changes.values()))
                found = replace(found, images=drawing.render(code).float())

        # 3. What came of it.
        with tell.aside():
            alike = identities([frame], found)[0]
        kept = session.shelf.keep(code, code, tuned)
        figures = {
            "psnr": round(float(found.psnr), 1),
            "untuned": None if tuned is None else round(before, 1),
            "identity": alike,
            "same": SAME,
            "seconds": round(time.perf_counter() - since, 1),
            "stopped": stopped,
        }
        tell("inverted", jpeg(found.images[0]), id=kept.id, found=kept.model_dump(), **figures)


class Showing:
    """The pictures on the way: one every so often, with how far it is. Others have their turn after every look."""

    def __init__(self, session: Session, frame: Aligned, tell: Teller) -> None:
        self.session, self.tell = session, tell
        self.target, self.mask = frame.crop[None], frame_mask([frame])
        self.shown = -math.inf
        self.best: Latents | None = None

    def begin(self, what: str, total: int) -> None:
        """Something of at most so many looks."""
        self.what, self.total, self.done, self.speed = what, total, 0, Speed()

    def code(self, code: Latents) -> None:
        """A look at the best code so far."""
        self.best = code
        self._look(code, lambda: self.session.model.generator.render(code))

    def pictures_of(self, code: Latents) -> Callable[[Float[Tensor, "1 c h w"]], None]:
        """Looks at pictures of a code that changing generators draw."""
        return lambda image: self._look(code, lambda: image)

    def _look(self, code: Latents, draw: Callable[[], Float[Tensor, "1 c h w"]]) -> None:
        self.speed(self.done)
        self.done += 1
        if time.perf_counter() - self.shown < EVERY:
            with self.tell.aside():
                return
        image = draw().float()
        apart = float(mean_square(image.cpu() - self.target, self.mask))
        left = self.speed.left(self.total)
        self.tell(
            "step",
            jpeg(image[0], DRAGGED),
            note=f"{self.what}: {10 * math.log10(4 / max(apart, 1e-9)):.1f} dB",
            done=self.done,
            total=self.total,
            left=None if left is None else round(left, 1),
            **told(self.session.unchanged(code, image)),
        )
        self.shown = time.perf_counter()
