"""Find the face of a photograph, and show what of it the generator is to draw."""

from typing import Any

import numpy as np
from PIL import Image

from latentwalk.framing.align import Aligned
from latentwalk.framing.landmarks import Detector
from latentwalk.framing.template import Template, face_template
from latentwalk.jobs.invert import templates
from latentwalk.numerics.similarity import inverse, move
from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.placed import Placed, telling
from latentwalk.studio.session import Session
from latentwalk.studio.wire import jpeg, jpeg_of

PREVIEW = 1024
"""Pixels of the longer side of a photograph as a page shows it."""

NOBODY = "no face found, so the middle of the photograph was taken: drag the five points onto it, or go on as it is"


class Find(Placed, Job):
    """show: tell how the photograph looks, too: a page cannot read all formats, and turns some otherwise."""

    show: bool = True

    def run(self, session: Session, tell: Teller) -> None:
        photo = self.photograph(session)
        if self.show:
            with tell.aside():
                seen = jpeg_of(photo, PREVIEW)
            tell("photo", seen, size=photo.size)
        # Samples are looked at, unless they were before: that needs the model. Nothing else does where there are faces.
        template = face_template(session.model.generator, templates(session.model.generator), progress=telling(tell))
        if template.points:
            with tell.aside():
                frame, told = self._by_face(photo, session, template)
        else:
            frame, told = self.frame(session, telling(tell)), {"faces": [], "place": self.place()}
        tell("found", jpeg(frame.crop), **{"note": frame.note, "corners": _plain(frame.corners), **told})

    def _by_face(self, photo: Image.Image, session: Session, template: Template) -> tuple[Aligned, dict[str, Any]]:
        """The frame; the faces, which of them it is, its landmarks, and the place that is to be sent back."""
        boxes, note = [], ""
        if self.landmarks is None and not self.whole:
            try:
                boxes = [face.box for face in Detector().search(photo)]
                note = "" if boxes else NOBODY
            except ValueError as error:
                note = str(error)  # what finds faces is not installed
        place = self if boxes or self.landmarks else Placed(photo=self.photo, whole=True)
        frame = place.frame(session)
        told: dict[str, Any] = {"faces": [_plain(np.array(box)) for box in boxes], "face": frame.face}
        if note:
            told["note"] = note
        if frame.landmarks is None:  # where a face would have to be
            guessed = move(inverse(frame.transform), template.array)
            return frame, {**told, "landmarks": _plain(guessed), "place": place.place()}
        landmarks = _plain(frame.landmarks)
        return frame, {**told, "landmarks": landmarks, "place": {"photo": self.photo, "landmarks": landmarks}}


def _plain(points: np.ndarray) -> list[Any]:
    """Pixels as a page needs them."""
    return points.round(2).tolist()
