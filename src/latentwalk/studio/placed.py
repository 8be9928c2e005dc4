"""Where in a photograph the generator is to look, as a page says it."""

from typing import Annotated, Any

from PIL import Image
from pydantic import Field

from latentwalk.framing.align import Aligned
from latentwalk.jobs.invert import Framing
from latentwalk.progress import Progress, silent
from latentwalk.studio.jobs.job import Teller
from latentwalk.studio.session import Session
from latentwalk.studio.state import Name, Part

Pixel = Annotated[float, Field(ge=-(10**6), le=10**6, allow_inf_nan=False)]
Point = tuple[Pixel, Pixel]


class Placed(Part):
    """A place in a photograph.

    photo: its id. landmarks: x, y of the five landmarks in its pixels. face: one of those in it, from 1, the largest.
    whole: its middle, whatever is there. Without all of these it is the generator's own way, see `framing.align.align`.
    """

    photo: Name
    landmarks: tuple[Point, Point, Point, Point, Point] | None = None
    face: Annotated[int, Field(ge=1, le=1000)] | None = None
    whole: bool = False

    def place(self) -> dict[str, Any]:
        """These fields as plain data, for the page to send again."""
        return self.model_dump(include=set(Placed.model_fields), exclude_defaults=True)

    def photograph(self, session: Session) -> Image.Image:
        """Raises ValueError for one that is not here any more."""
        try:
            return session.photos.take(self.photo)
        except KeyError:
            raise ValueError("the photograph is not kept any more: choose it again") from None

    def frame(self, session: Session, progress: Progress = silent) -> Aligned:
        """The photograph as the generator is to draw it. Raises ValueError for what cannot be, `NoFace` included."""
        how = Framing("none" if self.whole else "auto", landmarks=self.landmarks, face=self.face)
        return how.frame(self.photograph(session), session.model.generator, progress)


def telling(tell: Teller) -> Progress:
    """What takes long says how far it is; others have their turn meanwhile, and it ends when nobody wants it."""

    def progress(what: str, done: int, total: int) -> None:
        if total > 1:
            tell("progress", what=what, done=done, total=total)

    return progress
