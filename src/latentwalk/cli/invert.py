"""`latentwalk invert`: codes of photographs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentwalk.cli.album_runs import names_of, needs_run, say_part
from latentwalk.cli.console import say, say_files, say_json, say_next, working
from latentwalk.cli.engine_options import EngineOptions, PieceOptions
from latentwalk.cli.errors import ALL_WELL, NOT_REACHED, STOPPED, remark
from latentwalk.cli.options import (
    OUTPUT,
    Force,
    GeneratorName,
    Json,
    UnclassedOptions,
    check_file,
    check_generator,
    load_generator,
)
from latentwalk.cli.outputs import check_folder, outputs
from latentwalk.cli.photos import (
    SHOWN,
    FramingOptions,
    check_some,
    say_album,
    settings_of,
    write_pictures,
    write_searched,
)

if TYPE_CHECKING:
    from latentwalk.framing.face import NoFace
    from latentwalk.jobs.album import Album
    from latentwalk.scale.job import Job

INVERTERS = ("optimize", "ridge", "encoder", "image2stylegan", "trained")
"""Those of inversion/, which needs torch."""

LOSSES = (("pixel",), ("pixel", "identity"))
"""What an inverter can follow."""


@dataclass(frozen=True)
class InversionOptions:
    """How codes are found."""

    inverter: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="optimize: from a learned guess, by L-BFGS. ridge: the guess alone. encoder: the guess, "
            "corrected by a small network. image2stylegan: as that paper. trained: the encoder that was trained along "
            "with the generator (cvae, cvae-gan), which reads the conditions too.",
        ),
    ] = "optimize"
    encoder: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="With --inverter trained: the encoder. Default: FILE.encoder.safetensors beside the generator.",
            show_default=False,
        ),
    ] = None
    space: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The latent space of the codes: z, w, w+, ... Default: w where there is one, else z.",
            show_default=False,
        ),
    ] = None
    loss: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="What is followed: pixel, or pixel,identity, so that a face stays that of the person.",
        ),
    ] = "pixel"
    mask: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A picture as large as the photograph: white where it counts, black where it is covered.",
            show_default=False,
        ),
    ] = None
    tune: Annotated[
        bool,
        typer.Option(
            "--tune",
            help="Also learn the last layers anew, so that pictures become those of the photographs. What is learned "
            "is kept beside the codes, the generator stays as it is.",
        ),
    ] = False

    tune_noise: Annotated[
        bool,
        typer.Option(
            "--tune-noise",
            help="Fit the noise maps instead (StyleGAN and StyleGAN2), once the codes are found; the dB of these stay "
            "the main figure.",
        ),
    ] = False

    @property
    def tunes(self) -> bool:
        """Whether something is learned beside the codes."""
        return self.tune or self.tune_noise

    @property
    def losses(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.loss.split(","))

    def check(self) -> None:
        if self.inverter not in INVERTERS:
            raise ValueError(f"--inverter {self.inverter}: expected {', '.join(INVERTERS)}")
        if self.losses not in LOSSES:
            raise ValueError(f"--loss {self.loss}: expected {' or '.join(map(','.join, LOSSES))}")
        if len(self.losses) > 1 and self.inverter != "optimize":
            raise ValueError(f"--loss {self.loss} goes with --inverter optimize, got {self.inverter}: leave one out")
        if self.tune and self.tune_noise:
            raise ValueError("expected one way to tune, got --tune and --tune-noise: leave one out")
        if self.encoder is not None:
            if self.inverter != "trained":
                raise ValueError(f"--encoder goes with --inverter trained, got {self.inverter}: leave one out")
            check_file(self.encoder, "an encoder that was trained along with the generator")
        if self.mask is not None:
            check_file(self.mask, "a mask, a picture in black and white")


@dataclass(frozen=True)
class AlbumOutput:
    """The folder of codes."""

    out: Annotated[
        Path,
        typer.Option(metavar="FOLDER", help="The codes, and pictures of what came of it.", rich_help_panel=OUTPUT),
    ] = Path("out/photos")
    force: Force = False
    as_json: Json = False


def invert(
    generator: GeneratorName,
    photos: Annotated[
        list[Path],
        typer.Argument(metavar="PHOTO...", help="Photographs: JPEG, PNG, WebP, TIFF, ..., or folders of them."),
    ],
    how: InversionOptions,
    framing: FramingOptions,
    look: UnclassedOptions,
    engine: EngineOptions,
    pieces: PieceOptions,
    output: AlbumOutput,
) -> None:
    """Find the latent codes of photographs, so that they can be edited.

    A photograph is framed as the generator draws (look at framing.png), and the
    code whose picture is most like it is found. What is done is kept: the same
    command goes on after a stop. Exit code 1 when some photographs were skipped.
    More than 500 are shared out to workers, who fill OUT/run: look at latentwalk status.

    \bExamples:
      latentwalk invert faces64 photos/*.jpg --out out/me
      latentwalk invert faces64 photos/me.jpg --out out/me --tune
      latentwalk invert my_model.pkl car.png --align none --space w+
      latentwalk invert faces64 photos/ --out out/album --workers 2
      latentwalk edit faces64 --codes out/me --set eyeglasses
    """
    how.check()
    framing.check()
    names = names_of(photos)
    check_generator(generator)
    folder = check_folder(output.out)
    with outputs([], output.force, folder), working(f"loading {generator}", output.as_json, lines=True) as progress:
        from latentwalk.inversion.noise import NoiseMaps, noise_maps
        from latentwalk.inversion.tune import Tuning, check_count
        from latentwalk.jobs.album import Album, AlbumRecord, is_album
        from latentwalk.jobs.album_run import done_of, faceless_in, fill_album, is_open, remove_run
        from latentwalk.jobs.invert import read_inverter
        from latentwalk.jobs.invert_all import invert_all, tune_album
        from latentwalk.jobs.shard_inversions import invert_job
        from latentwalk.origin import Source

        made = load_generator(generator, look, progress)
        if how.tune_noise:
            noise_maps(made)  # where there are none, it is said before anything is done
        inverter = read_inverter(how.inverter, made, how.space, how.losses, progress, how.encoder)
        settings = settings_of(inverter, how.inverter, framing, how.mask)
        fresh = Album(AlbumRecord(generator=Source.of(made), inverter=how.inverter, settings=settings), folder=folder)
        if output.force:
            remove_run(folder)
        album = Album.read(folder) if is_album(folder) and not output.force else fresh
        check_same(album, fresh, folder)
        before = len(album)
        reading = framing.read(how.mask)
        faceless: list[NoFace] = []
        if how.tunes:
            check_count(len({*names, *(photo.photo for photo in album.record.photos)}))
        try:
            if needs_run(engine, pieces, album, names):

                def to_job(some: Sequence[str]) -> "Job":
                    return invert_job(
                        made,
                        some,
                        how.inverter,
                        how.space,
                        how.losses,
                        reading,
                        how.encoder,
                        pieces.batch,
                        pieces.shard,
                    )

                chosen = engine.read(look.device)
                album = fill_album(album, folder, made, names, to_job, chosen, pieces.shards, progress, remark)
                if is_open(folder):
                    say_part(folder, output.as_json)
                faceless = faceless_in(album, made, reading, SHOWN)
            else:
                for album in invert_all(album, made, names, inverter, reading, progress, faceless):  # noqa: B020
                    if len(album):
                        album.save(folder)
            searched = write_searched(faceless, folder)
            check_some(album, searched)
            if how.tunes and album.delta is None:
                album = tune_album(album, made, NoiseMaps() if how.tune_noise else Tuning(), progress)
                album.save(folder)
        except KeyboardInterrupt:
            say(f"stopped: {counted(len(album) + done_of(folder))} in {folder}, the same command goes on from there")
            raise typer.Exit(STOPPED) from None
        progress.wait("rendering pictures")
        pictures = write_pictures(album, made, folder)
    files = [folder, *pictures, *searched]
    if output.as_json:
        say_json({**album.record.model_dump(mode="json"), "files": files})
    else:
        if before:
            say(f"{counted(before)} in {folder} already", "dim")
        say_album(album, folder)
        say_files(files)
        say_next("edit", generator, *look.choices.words, "--codes", folder, "--set", "NAME")
    raise typer.Exit(NOT_REACHED if album.record.skipped else ALL_WELL)


def counted(photographs: int) -> str:
    return f"{photographs} photograph{'' if photographs == 1 else 's'}"


def check_same(album: "Album", fresh: "Album", folder: Path) -> None:
    """Raises ValueError for a folder of another generator or other settings."""
    old, new = album.record, fresh.record
    if (old.generator.fingerprint, old.settings) != (new.generator.fingerprint, new.settings):
        other = [name for name, value in new.settings.items() if old.settings.get(name) != value]
        raise ValueError(
            f"{folder} holds photographs that were inverted with another {other[0] if other else 'generator'}: "
            "choose another --out, or replace it with --force"
        )
