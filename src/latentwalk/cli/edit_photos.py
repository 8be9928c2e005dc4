"""Photographs in `latentwalk edit`: found as codes before the walk, and put back into their place after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentwalk.cli.console import Bar
from latentwalk.cli.errors import remark
from latentwalk.cli.options import CodesOptions
from latentwalk.cli.photos import FRAMING, SHOWN, FramingOptions, check_photos, check_some, settings_of, write_pictures

if TYPE_CHECKING:
    from PIL import Image

    from latentwalk.generator import Generator
    from latentwalk.jobs.album import Album
    from latentwalk.jobs.edit import Edited

PASTES = ("change", "whole", "none")
IN_EDIT = "photos"
"""The folder, in that of an edit, of the photographs that were given to it."""


@dataclass(frozen=True)
class PhotoOptions(FramingOptions):
    """Photographs to edit, instead of seeds or codes."""

    photo: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="A photograph to edit: it is framed and inverted first, as latentwalk invert does. Repeatable.",
            show_default=False,
        ),
    ] = None
    tune: Annotated[
        bool,
        typer.Option("--tune", help="Tune the last layers on the photographs first.", rich_help_panel=FRAMING),
    ] = False
    paste: Annotated[
        str,
        typer.Option(
            metavar="HOW",
            help="How an edited photograph is put back. change: only what the edit changed is added, all else stays "
            "the photograph's own. whole: the whole picture with a soft edge. none: not at all.",
            rich_help_panel=FRAMING,
        ),
    ] = "change"

    def check_with(self, codes: CodesOptions) -> None:
        """Raises ValueError for settings that cannot be read, or that mean nothing beside those of codes."""
        self.check()
        if self.paste not in PASTES:
            raise ValueError(f"--paste {self.paste}: expected {', '.join(PASTES)}")
        if self.photo:
            check_photos(self.photo)
            if codes.seeds is not None or codes.codes is not None:
                raise ValueError("codes come from --photo, from --seeds or from --codes: leave the others out")
        elif self.tune:
            raise ValueError("--tune goes with --photo; for a folder of codes: latentwalk invert ... --tune")


def read_album(
    made: "Generator", given: PhotoOptions, codes: CodesOptions, folder: Path, progress: Bar
) -> "Album | None":
    """The photographs to edit: those that are given, or those of a folder of codes; None without any.

    Raises ValueError when none of those that are given can be used.
    """
    from latentwalk.jobs.album import Album, AlbumRecord, is_album

    if not given.photo:
        return Album.read(codes.codes) if codes.codes is not None and is_album(codes.codes) else None
    from latentwalk.inversion.tune import Tuning
    from latentwalk.jobs.invert import read_inverter
    from latentwalk.jobs.invert_all import invert_all, tune_album
    from latentwalk.origin import Source

    inverter = read_inverter("optimize", made, codes.space)
    settings = settings_of(inverter, "optimize", given, None)
    home = folder / IN_EDIT
    album = Album(AlbumRecord(generator=Source.of(made), inverter="optimize", settings=settings), folder=home)
    *_, album = invert_all(album, made, list(map(str, given.photo)), inverter, given.read(), progress)
    check_some(album)
    for why in album.record.skipped.values():
        remark(f"skipped {why}")
    if given.tune:
        album = tune_album(album, made, Tuning(), progress)
    album.save(home)
    write_pictures(album, made, home)
    return album


def put_back(
    album: "Album",
    base: "Generator",
    edited: "Edited",
    folder: Path,
    how: str,
    films: Sequence[str],
    progress: Bar,
) -> list[Path]:
    """The photographs with what was edited, in full resolution, each with its receipt; how the first came about, and
    the first as films.

    base: the generator before it was tuned. films: kinds. Photographs that are not found are named.
    """
    from latentwalk.images import save_png
    from latentwalk.jobs.figures import ANIMATIONS
    from latentwalk.jobs.photo_film import photo_frames
    from latentwalk.pictures.layout import stack

    files: list[Path] = []
    stories: list[Image.Image] = []
    for i in range(len(album) if how != "none" else 0):
        progress("putting photographs back", i, len(album))
        one = edited[i]
        before = one.images_before[0] if how == "change" else None
        try:
            picture = album.put_back(i, one.images[0], before)
        except ValueError as error:
            remark(f"not put back: {error}")
            continue
        files.append(folder / f"{free_stem(album, i)}.png")
        save_png(files[-1], picture, one.receipt.to_json())
        if len(stories) < SHOWN:
            stories.append(story_of(album, base, one, i, picture))
            for kind in films:
                progress.wait(f"rendering the photograph as {kind}")
                files.append(files[-1].with_suffix(f".{kind}"))
                ANIMATIONS[kind](files[-1], photo_frames(album, i, one, how == "change"))
    if stories:
        files.append(folder / "story.png")
        save_png(files[-1], stack(stories))
    return files


def story_of(album: "Album", base: "Generator", one: "Edited", index: int, result: "Image.Image") -> "Image.Image":
    """The way of one photograph: framed, inverted, tuned, edited, put back."""
    from latentwalk.jobs.captions import subjects, under
    from latentwalk.pictures.framing import story
    from latentwalk.receipts import PictureRecipe

    said, seen = album.record.photos[index], album.framed(index, base)
    start = base.render(one.start.to(base.device, base.dtype)).float()[0]
    steps = [(seen.crop, "framed"), (start, f"inverted, {said.psnr:.1f} dB")]
    if album.delta is not None:
        steps.append((one.images_before[0].float(), f"tuned, {said.tuned or 0:.1f} dB"))
    how = PictureRecipe(kind="story", show=1)
    words = under(one, one.latents, one.start, one.after, how)[0] if subjects(one) else "edited"
    steps.append((one.images[0].float(), words))
    return story(album.photo(index), seen.corners.tolist(), said.landmarks or (), steps, result)


def free_stem(album: "Album", index: int) -> str:
    """The name of a photograph without its ending, with its number where others are called the same."""
    stems = [Path(photo.photo).stem for photo in album.record.photos]
    again = stems[:index].count(stems[index])
    return stems[index] + (f"-{again + 1}" if again else "")
