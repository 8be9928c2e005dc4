"""Put a picture back into the photograph that it came from."""

from latentwalk.framing.paste import paste
from latentwalk.studio.jobs.find import PREVIEW
from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.placed import Placed, telling
from latentwalk.studio.session import Session
from latentwalk.studio.state import State
from latentwalk.studio.wire import jpeg_of, png_of


class PutBack(Placed, Job):
    """state: of the picture. change: add only what its edits changed, so that all else is the photograph's. save: give
    the photograph out in full size; else how it looks."""

    state: State
    change: bool = True
    save: bool = False

    def run(self, session: Session, tell: Teller) -> None:
        photo = self.photograph(session)
        frame = self.frame(session, telling(tell))
        now = session.frame(self.state).image
        before = session.frame(self.state.model_copy(update={"start": True})).image if self.change else None
        with tell.aside():
            whole = paste(photo, now, frame.transform, before)
            file = png_of(whole) if self.save else jpeg_of(whole, PREVIEW)
        if self.save:
            tell("file", file, name="photograph.png")
        else:
            tell("put-back", file)
