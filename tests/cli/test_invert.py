"""`latentwalk invert`, and photographs in `latentwalk edit`."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from latentwalk import inversion
from latentwalk.cli.invert import INVERTERS
from latentwalk.cli.photos import WAYS, say_album
from latentwalk.direction import Directions
from latentwalk.framing.align import HOW
from latentwalk.images import to_pictures
from latentwalk.jobs.album import Album, AlbumRecord, PhotoRecord
from latentwalk.jobs.load import load
from latentwalk.origin import Source


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory) -> Path:
    """The guess of the one generator is learned once for all tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def cache(shared_cache, monkeypatch) -> None:
    monkeypatch.setenv("LATENTWALK_CACHE", str(shared_cache))


@pytest.fixture
def photos(small, tmp_path, monkeypatch) -> list[str]:
    """Two pictures of the generator, enlarged, and a file that is none."""
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    generator = load(small)
    for name, picture in zip("ab", to_pictures(generator.render(generator.sample(2))), strict=True):
        picture.resize((48, 48), Image.Resampling.BICUBIC).save(f"photos/{name}.png")
    Path("photos/c.jpg").write_bytes(b"not a picture")
    return ["photos/a.png", "photos/b.png", "photos/c.jpg"]


def test_photographs_become_codes_and_bad_ones_are_named(run, small, photos) -> None:
    code, out, err = run("invert", small, *photos, "--align", "none", "--inverter", "ridge", "--out", "me")
    assert code == 1 and err == "", "some were skipped"
    assert "a.png" in out and "skipped photos/c.jpg is no photograph" in out
    assert {path.name for path in Path("me").iterdir()} == {
        "photos.json", "latents.safetensors", "framing.png", "inverted.png",
    }  # fmt: skip
    told = run("invert", small, *photos[:2], "--align", "none", "--inverter", "ridge", "--out", "me", "--json")
    assert told.code == 1 and [photo["photo"] for photo in json.loads(told.out)["photos"]] == photos[:2]


def test_the_same_command_goes_on_and_another_one_is_refused(run, small, photos) -> None:
    command = ("invert", small, "--align", "none", "--out", "me")
    assert run(*command, "--inverter", "ridge", photos[0]).code == 0
    before = Album.read(Path("me"))
    code, out, _ = run(*command, "--inverter", "ridge", *photos[:2])
    after = Album.read(Path("me"))
    assert code == 0 and "1 photograph in me already" in out and len(after) == 2
    assert torch.equal(after.latents.values[:1], before.latents.values)
    code, _, err = run(*command, photos[0])
    assert code == 2 and "another inverter" in err and "--force" in err


def test_nothing_is_left_where_no_photograph_can_be_used(run, small, photos) -> None:
    code, _, err = run("invert", small, photos[2], "--align", "none", "--out", "me")
    assert code == 2 and "photos/c.jpg is no photograph" in err and len(err.splitlines()) == 1
    assert not Path("me").exists()
    code, _, err = run("edit", small, "--photo", photos[2], "--align", "none", "--scorer", "measurements",
                       "--set", "warmth", "--out", "out")  # fmt: skip
    assert code == 2 and "photos/c.jpg is no photograph" in err and len(err.splitlines()) == 1
    assert not Path("out").exists()


def test_a_photograph_is_edited_and_put_back(run, small, photos, telling, monkeypatch) -> None:
    monkeypatch.setattr("latentwalk.jobs.attribute_directions.SAMPLES", 400)
    look = ("--scorer", telling, "--show", "strip,gif", "--align", "none")
    code, out, err = run("edit", small, "--photo", photos[0], "--set", "bright=0.6", *look, "--out", "out", "--tune")
    assert code in (0, 1), err
    assert "wrote out/a.png" in out and Path("out/photos/delta.safetensors").exists()
    with Image.open("out/a.png") as back, Image.open(photos[0]) as photo:
        assert back.size == photo.size and not np.array_equal(np.asarray(back), np.asarray(photo))
        assert "exif" not in back.info
    with Image.open("out/a.gif") as film, Image.open(photos[0]) as photo:
        first, whole = (np.asarray(picture.convert("RGB"), dtype=float) for picture in (film, photo))
        assert film.n_frames > 10 and first.shape == whole.shape
        assert np.corrcoef(first.ravel(), whole.ravel())[0, 1] > 0.95, "it begins with the photograph, in 256 colours"
    again = run("edit", small, "--codes", "out/photos", "--direction", "d.safetensors:x", "--strength", 1)
    assert again.code == 2 and "d.safetensors" in again.err
    sheet = run("replay", "out/strip.png", "--scorer", "telling.safetensors")
    assert sheet.code == 2, "a scorer that is Python code is handed in"


def test_a_picture_of_a_tuned_generator_is_made_again(run, small, photos) -> None:
    code, _, err = run("invert", small, photos[0], "--align", "none", "--inverter", "ridge", "--tune", "--out", "me")
    assert code == 0, err
    generator = load(small)
    vector = torch.nn.functional.normalize(torch.ones(8), dim=0)
    np.save("d.npy", vector.numpy())
    steps = ("--direction", "d.npy", "--strength", 1, "--scorer", "measurements", "--show", "strip")
    code, _, err = run("edit", small, "--codes", "me", *steps, "--out", "out")
    assert code == 0, err
    receipt = json.loads(Path("out/receipt.json").read_text())
    made = receipt["recipe"]["generator"]
    assert made["delta"] == "me/delta.safetensors" and made["fingerprint"] != generator.fingerprint
    assert "bit for bit the same" in run("replay", "out/strip.png").out
    Path("me/delta.safetensors").unlink()
    lost = run("replay", "out/strip.png")
    assert lost.code == 2 and "tuned generator" in lost.err and len(lost.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--align", "sideways"), "--align sideways: expected auto, face, learned, none"),
        (("--crop", "1,2"), "--crop 1,2: expected four numbers"),
        (("--landmarks", "1,2,3"), "--landmarks 1,2,3: expected ten numbers"),
        (("--crop", "1,2,3,0", "--face", "1"), "expected one way to frame, got --face and --crop"),
        (("--inverter", "magic"), "--inverter magic: expected optimize"),
        (("--mask", "none.png"), "no file none.png"),
        (("--space", "w", "--align", "none"), "'w'"),
        (("--out", "me.png"), "expected a folder"),
    ],
)
def test_bad_settings_are_one_line(run, small, photos, options, says) -> None:
    code, _, err = run("invert", small, photos[0], *options)
    assert code == 2 and says in err and len(err.splitlines()) == 1


def test_the_help_names_what_there_is() -> None:
    assert set(INVERTERS) == set(inversion.INVERTERS) and set(WAYS) == set(HOW)


def test_photographs_and_codes_do_not_mix(run, small, photos) -> None:
    for options, says in (
        (("--photo", photos[0], "--seeds", "1"), "leave the others out"),
        (("--tune",), "--tune goes with --photo"),
        (("--paste", "glue"), "--paste glue: expected change, whole, none"),
        (("--photo", "none.jpg"), "no file none.jpg"),
        (("--walk", "fly"), "--walk fly: expected one of auto, gradient, boundary"),
    ):
        code, _, err = run("edit", small, "--scorer", "measurements", "--set", "warmth", *options)
        assert code == 2 and says in err, err


def test_directions_come_from_two_folders(run, small, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    generator = load(small)
    codes = generator.sample(40)
    order = codes.values[:, 3].argsort().tolist()
    for folder, some in (("less", order[:12]), ("more", order[-12:])):
        Path(folder).mkdir()
        for i in some:
            to_pictures(generator.render(codes[i]))[0].save(f"{folder}/{i}.png")
    Path("more/torn.png").write_bytes(b"")
    code, out, err = run(
        "discover", small, "--with", "more", "--without", "less", "--align", "none", "--out", "d.safetensors"
    )
    assert code == 0 and "more/torn.png is empty" in err and "contrast" in out
    found = Directions.load("d.safetensors", generator.fingerprint)
    assert found[0].name == "more" and float(found[0].vector[3]) > 0.5
    again = found.origin.command()
    assert again == f"latentwalk discover {small} --method contrast --with more --without less --align none --space z"
    assert run(*again.split()[1:], "--out", "again.safetensors").code == 0
    torch.testing.assert_close(Directions.load("again.safetensors")[0].vector, found[0].vector, rtol=0, atol=1e-3)
    alone = run("discover", small, "--with", "more")
    assert alone.code == 2 and "go together" in alone.err


def test_a_table_of_photographs_gives_a_direction_for_every_column(run, small, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    pairs = [(f"{i}.png", int(i % 2 == 0), int(i % 4 < 2)) for i in range(16)]
    Path("mine").mkdir()
    generator = load(small)
    for (name, *_), picture in zip(pairs, to_pictures(generator.render(generator.sample(16))), strict=True):
        picture.save(f"mine/{name}")
    rows = ["photo;even;low;year", *(f"{name};{even};{low};2020" for name, even, low in pairs), "none.png;1;;1999"]
    Path("mine/labels.csv").write_text("\n".join(rows))
    table = ("--labels", "mine/labels.csv", "--align", "none")
    code, _, err = run("discover", small, *table, "--out", "d.safetensors")
    assert code == 0 and "skipped" in err and "none.png" in err, err
    found = Directions.load("d.safetensors")
    assert [direction.name for direction in found] == ["even", "low"]
    again = f"latentwalk discover {small} --method contrast --labels mine/labels.csv --align none --space z"
    assert found.origin.command() == again
    assert found.origin.cost.images == 16
    code, _, err = run("discover", small, *table, "--method", "sefa", "--out", "e.safetensors")
    assert code == 2 and "about photographs" in err
    code, _, err = run("discover", small, "--method", "sefa", "--align", "none", "--out", "e.safetensors")
    assert code == 2 and "--align is about photographs" in err
    code, _, err = run("train", "scorer", small, "--labels", "mine/labels.csv", "--out", "s.safetensors")
    assert code == 2 and "names photographs" in err


def test_settings_that_cannot_be_are_one_line(run, small, photos) -> None:
    for options, says in (
        (("--loss", "identity"), "expected pixel or pixel,identity"),
        (("--loss", "pixel,identity", "--inverter", "ridge"), "goes with --inverter optimize, got ridge"),
        (("--tune", "--tune-noise"), "expected one way to tune"),
        (("--tune-noise",), "has no noise maps"),
    ):
        code, _, err = run("invert", small, photos[0], "--align", "none", *options, "--out", "me")
        assert code == 2 and says in err and len(err.splitlines()) == 1
    assert not Path("me").exists()


def test_identity_that_was_optimised_for_is_called_so(capsys, small) -> None:
    generator = Source.of(load(small))
    for loss, said in ((["pixel"], False), (["pixel", "SFace * 0.05"], True)):
        photo = PhotoRecord(photo="a.png", transform=[], psnr=20, norm=1, evaluations=1, reached=False, identity=0.5)
        say_album(Album(AlbumRecord(generator=generator, inverter="optimize", settings={"loss": loss}, photos=[photo])))
        assert ("optimised for" in capsys.readouterr().out) is said


class InThisProcess:
    """An engine without processes."""

    def run(self, opener, folder, shards):
        return map(opener(folder), shards)


def test_a_folder_goes_to_workers_and_the_same_line_goes_on(run, small, photos, monkeypatch) -> None:
    monkeypatch.setattr("latentwalk.jobs.engines.read_engine", lambda *_: InThisProcess())
    line = ("invert", small, "photos", "--align", "none", "--inverter", "ridge", "--out", "me", "--shard-size", 2,
            "--batch", 2)  # fmt: skip
    part = run(*line, "--shards", "1:2")
    assert part.code == 0 and "without --shards writes the album" in part.out and len(Album.read(Path("me"))) == 0
    code, out, err = run(*line, "--workers", 2)
    assert code == 1 and err == "" and "skipped photos/c.jpg is no photograph" in out
    album = Album.read(Path("me"))
    assert [photo.photo for photo in album.record.photos] == photos[:2] and list(album.record.skipped) == photos[2:]
    assert "3 of 3 rows" in (told := run("status", "me/run").out) and "failed     1; 1 ... is no photograph" in told
    again = run(*line)
    assert "2 photographs in me already" in again.out and Album.read(Path("me")).record == album.record
    other = run(*line, "--space", "z")
    assert other.code == 2 and "me holds photographs that were inverted with another space" in other.err
    run(*line[:-4], "--force")
    assert not Path("me/run").exists(), "few are done by one process"


def test_of_many_photographs_the_farthest_are_listed(capsys) -> None:
    names = [f"{i:03}.png" for i in range(100)]
    photos = [
        PhotoRecord(photo=name, transform=[[1.0, 0, 0], [0, 1.0, 0]], psnr=20 + i, norm=1, evaluations=1, reached=True)
        for i, name in enumerate(names)
    ]
    skipped = {f"bad{i}": f"bad{i} is empty" for i in range(50)}
    record = AlbumRecord(generator=Source(source="g"), inverter="ridge", photos=photos, skipped=skipped)
    say_album(Album(record), Path("me"))
    out = capsys.readouterr().out
    assert "100 photographs, half of them nearer than 69.5 dB" in out and "009.png" in out and "010.png" not in out
    assert "skipped bad9 is empty" in out and "skipped 40 more, all in me/photos.json" in out
