"""Photographs brought into the frame in which a generator draws."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from latentwalk.framing.face import FoundFace, NoFace, find_face
from latentwalk.framing.landmarks import LANDMARKS, Detector
from latentwalk.framing.learned import learn_frame
from latentwalk.framing.search import find_place
from latentwalk.framing.template import Template, face_template
from latentwalk.framing.warp import inside, warp
from latentwalk.generator import Generator
from latentwalk.numerics.similarity import fit_similarity, inverse, move, scale_of, similarity
from latentwalk.photos import Photo, photo_name, read_photo
from latentwalk.progress import Progress, silent

HOW = ("auto", "face", "learned", "none")
"""Ways to align: by the face where the generator draws faces, else as learned, or by the centre where that is doubtful;
by the face; by what was learned of the frame of the generator's own samples; by the centre."""

LOOSE = 0.3
"""How far landmarks are from the template, on average and as a share of how far those of the template are from their
middle, of a face that is turned away. Of 392 samples of faces64, 5% are farther; half are within 0.1."""

WRONG = 0.7
"""From here on they are no landmarks of an upright face. The farthest of the samples was 0.6."""


@dataclass(frozen=True, eq=False)
class Aligned:
    """A photograph in the frame of a generator.

    crop: what the generator is to draw, in [-1, 1]. mask: 1 where the photograph is to be followed, 0 where its mirror
    image fills up or something covers it; None when that is nowhere. transform: from pixels of the photograph to those
    of the crop. landmarks: of the face, in pixels of the photograph. template: where they should be, in pixels of the
    crop. Both are None without a face. face: which one of `faces` it is, from 1, the largest; 0 without a face.
    note: what a person should know of the framing; "" when there is nothing.
    """

    crop: Float[Tensor, "c h w"]
    mask: Float[Tensor, "1 h w"] | None
    transform: Float[np.ndarray, "2 3"]
    landmarks: Float[np.ndarray, "5 2"] | None = None
    template: Float[np.ndarray, "5 2"] | None = None
    face: int = 0
    faces: int = 0
    note: str = ""

    @property
    def corners(self) -> Float[np.ndarray, "4 2"]:
        """The corners of the frame in pixels of the photograph, clockwise from the upper left."""
        height, width = self.crop.shape[1:]
        frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64)
        return move(inverse(self.transform), frame)

    @property
    def landmarks_in_crop(self) -> Float[np.ndarray, "5 2"] | None:
        """Where the landmarks are in the crop, in its pixels."""
        return None if self.landmarks is None else move(self.transform, self.landmarks)


def align(
    photo: Photo,
    generator: Generator,
    how: str = "auto",
    *,
    landmarks: Sequence[Sequence[float]] | None = None,
    crop: Sequence[float] | None = None,
    face: int | None = None,
    mask: Photo | None = None,
    folder: Path | None = None,
    detector: Detector | None = None,
    progress: Progress = silent,
) -> Aligned:
    """A photograph in the frame in which the generator draws.

    how: one of `HOW`. A tensor of the generator's own shape is taken to be in its frame, but for "face" and
    "learned". What is learned is kept in the cache.
    landmarks: x, y of `LANDMARKS` in pixels of the upright photograph, instead of the detector's.
    crop: x, y of the middle, width (pixels of the photograph) and angle (degrees clockwise) of the frame.
    face: which one, from 1, the largest, which it is by itself. mask: a picture as large as the photograph, white
    where it is to be followed and black where something covers it. folder: keeps templates, see `face_template`.
    Raises ValueError when the photograph cannot be read, for settings that do not fit, where a face is to be found but
    the extra `photos` is not installed, and where samples of the generator do not show where their frame is, though it
    is to be learned; `NoFace` when the photograph has no such face.
    """
    _check(how, landmarks, crop, face)
    if isinstance(photo, Tensor) and how in ("auto", "none") and landmarks is None and crop is None and face is None:
        image = photo[0] if photo.dim() == 4 and len(photo) == 1 else photo
        if tuple(image.shape) == generator.image_shape:
            own = through(read_photo(image), generator, np.eye(2, 3), mask)
            return replace(own, crop=image.detach().float().cpu())  # as it is, not rounded to bytes
    picture, size = read_photo(photo), (generator.image_shape[2], generator.image_shape[1])
    if crop is not None:
        return through(picture, generator, frame_of(crop, size), mask)
    if how == "none":
        return through(picture, generator, centre_frame(picture.size, size), mask)
    if how == "learned":
        return _as_learned(picture, generator, mask, progress)
    try:
        template = face_template(generator, folder, detector, progress=progress)
    except ValueError as error:
        raise ValueError(f"{error}, or frame without it (--align learned)") from error
    if not template.points:
        drawn = f"the generator draws no faces (found in {template.found} of {template.looked} samples)"
        if how == "face" or landmarks is not None or face is not None:
            raise ValueError(f"{drawn}: leave out the face, or give the frame with crop=(x, y, width, angle)")
        return _as_learned(picture, generator, mask, progress, otherwise=drawn)
    if landmarks is None:
        try:
            found = find_face(picture, template, size, face, Detector() if detector is None else detector)
        except NoFace as error:
            raise NoFace(f"{photo_name(photo)}: {error}", error.picture, error.faces) from error
    else:
        found = FoundFace(np.array(landmarks, dtype=np.float64), 1, 1)
    return _by_face(picture, generator, template, found, mask)


def frame_of(crop: Sequence[float], size: tuple[int, int]) -> Float[np.ndarray, "2 3"]:
    """The transform of a frame given by the middle, width and angle (degrees clockwise) of what it shows."""
    x, y, width, angle = (float(value) for value in crop)
    return similarity(size[0] / width, -angle, (x, y), (size[0] / 2, size[1] / 2))


def centre_frame(picture: tuple[int, int], size: tuple[int, int]) -> Float[np.ndarray, "2 3"]:
    """The transform of the largest frame around the middle that lies within the picture; sizes are width, height."""
    width = min(picture[0], picture[1] * size[0] / size[1])
    return frame_of((picture[0] / 2, picture[1] / 2, width, 0), size)


def _check(
    how: str, landmarks: Sequence[Sequence[float]] | None, crop: Sequence[float] | None, face: int | None
) -> None:
    """Raises ValueError for settings that make no sense, alone or together."""
    if how not in HOW:
        raise ValueError(f"align is one of {', '.join(HOW)}, got {how!r}")
    given = [name for name, value in (("landmarks", landmarks), ("crop", crop), ("face", face)) if value is not None]
    given += [how] if how in ("learned", "none") else []
    if len(given) > 1:
        raise ValueError(f"expected one way to align, got {' and '.join(given)}")
    if crop is not None and not (len(crop) == 4 and np.isfinite(crop).all() and crop[2] > 0):
        raise ValueError(f"a crop is x, y of its middle, its width in pixels and its angle, got {list(crop)}")
    if landmarks is not None and (
        [len(point) for point in landmarks] != [2] * 5 or not np.isfinite(np.array(landmarks, dtype=float)).all()
    ):
        raise ValueError(f"landmarks are 5 points x, y: {', '.join(LANDMARKS)}; got {list(landmarks)}")
    if face is not None and face < 1:
        raise ValueError(f"faces are counted from 1, the largest, got {face}")


def _as_learned(
    picture: Image.Image, generator: Generator, mask: Photo | None, progress: Progress, otherwise: str = ""
) -> Aligned:
    """The photograph framed as samples of the generator are.

    otherwise: why nothing better is known; then, where it is doubtful, the centre is taken. Without it the likeliest
    place is, and ValueError is raised where samples do not show where their frame is.
    """
    size = (generator.image_shape[2], generator.image_shape[1])
    learned, doubt = learn_frame(generator, progress=progress), "its samples do not show where their frame is"
    if learned.framed:
        shown = picture.convert("L") if generator.image_shape[0] == 1 else picture
        place, doubt = find_place(shown, learned, size), "no place in the photograph is surely like its samples"
        if place.sure or not otherwise:
            note = (
                "framed as its samples are" if place.sure else f"{doubt}: the likeliest was taken, look at the framing"
            )
            return through(picture, generator, place.transform, mask, note=note)
    elif not otherwise:
        raise ValueError(f"{doubt}: give it with crop=(x, y, width, angle), or take the centre (--align none)")
    note = f"{otherwise}, and {doubt}: the centre was taken"
    return through(picture, generator, centre_frame(picture.size, size), mask, note=note)


def _by_face(
    picture: Image.Image, generator: Generator, template: Template, found: FoundFace, mask: Photo | None
) -> Aligned:
    """The photograph with its landmarks on those of the template."""
    transform = fit_similarity(found.points, template.array)
    apart = np.linalg.norm(move(transform, found.points) - template.array, axis=1).mean()
    apart /= np.linalg.norm(template.array - template.array.mean(0), axis=1).mean()
    if apart > WRONG:
        raise ValueError(
            f"these are no landmarks of a face: expected {', '.join(LANDMARKS)}, as they are in the picture"
        )
    notes = []
    if found.faces > 1:
        which = "the largest" if found.face == 1 else f"number {found.face}"
        notes.append(f"{found.faces} faces: {which} was taken")
    if apart > LOOSE:
        notes.append("the face is turned away from the camera, or its landmarks are wrong: look at the framing")
    if scale_of(transform) > 1:
        notes.append(f"the face is small: enlarged {scale_of(transform):.1f} times")
    return through(picture, generator, transform, mask, template.array, found, "; ".join(notes))


def through(
    picture: Image.Image,
    generator: Generator,
    transform: Float[np.ndarray, "2 3"],
    mask: Photo | None = None,
    template: Float[np.ndarray, "5 2"] | None = None,
    found: FoundFace | None = None,
    note: str = "",
) -> Aligned:
    """The picture through the frame, as a tensor, with a mask where the frame reaches beyond it."""
    channels, height, width = generator.image_shape
    seen = warp(picture, transform, (width, height))
    values = np.array(seen.convert("L"))[:, :, None] if channels == 1 else np.array(seen)
    whole = inside(picture.size, transform, (width, height))
    if not whole.all():
        outside = f"{max(0.01, 1 - whole.mean()):.0%} of the frame lies outside the photograph"
        note = f"{note}; {outside}" if note else outside
    if mask is not None:
        whole = whole & _open(mask, picture.size, transform, (width, height))
    return Aligned(
        torch.from_numpy(values).permute(2, 0, 1).float() / 127.5 - 1,
        None if whole.all() else torch.from_numpy(whole)[None].float(),
        transform,
        None if found is None else found.points,
        template,
        0 if found is None else found.face,
        0 if found is None else found.faces,
        note,
    )


def _open(
    mask: Photo, photo: tuple[int, int], transform: Float[np.ndarray, "2 3"], size: tuple[int, int]
) -> np.ndarray:
    """Where a mask, seen through the frame, is white with all that a pixel covers: bool [h, w]."""
    picture = read_photo(mask).convert("L")
    if picture.size != photo:
        raise ValueError(
            f"the mask {photo_name(mask)} has {picture.width} x {picture.height} pixels, the photograph "
            f"{photo[0]} x {photo[1]}: expected one size"
        )
    return np.asarray(warp(picture, transform, size)) > 250
