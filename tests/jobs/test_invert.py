"""Photographs in and back: framed, inverted, kept in a folder, put back."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from latentwalk.direction import Direction, Directions
from latentwalk.features.network import PixelFeatures
from latentwalk.images import to_pictures
from latentwalk.inversion.optimize import Optimize
from latentwalk.inversion.ridge import Ridge
from latentwalk.inversion.tune import Tuning
from latentwalk.inverter import Term
from latentwalk.jobs.album import Album, AlbumRecord, is_album
from latentwalk.jobs.contrast_photos import contrast_photos, photos_in
from latentwalk.jobs.invert import Framing, invert, read_inverter
from latentwalk.jobs.invert_all import invert_all, tune_album
from latentwalk.jobs.photo_records import plain_settings
from latentwalk.methods.contrast import Contrast, contrasted
from latentwalk.origin import Source

QUICK = Optimize(ridge=Ridge(pairs=300), probes=60, budget=40, enough=1e-4)


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory) -> Path:
    """What generators need is learned once for all tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def cache(shared_cache, monkeypatch) -> None:
    monkeypatch.setenv("LATENTWALK_CACHE", str(shared_cache))


@pytest.fixture(scope="module")
def files(tiny, tmp_path_factory) -> list[str]:
    """Pictures of the generator as files, one twice as large as it makes them, with a margin."""
    folder = tmp_path_factory.mktemp("photos")
    pictures = to_pictures(tiny.render(tiny.sample(range(3))))
    large = Image.new("RGB", (40, 32))
    large.paste(pictures[2].resize((32, 32)), (4, 0))
    for name, picture in zip("abc", [*pictures[:2], large], strict=True):
        picture.save(folder / f"{name}.png")
    return [str(folder / f"{name}.png") for name in "abc"]


def album_for(generator, **settings) -> Album:
    return Album(AlbumRecord(generator=Source.of(generator), inverter="optimize", settings=settings))


def test_pictures_of_the_generator_come_back(tiny, files) -> None:
    found = invert(tiny, files, align="none", inverter=QUICK)
    assert len(found) == 3 and bool((found.psnr[:2] > 30).all())
    torch.testing.assert_close(found.images, tiny.render(found.latents))
    assert found[1].photos == (files[1],) and len(found[:2]) == 2


def test_tensors_pictures_and_files_are_the_same_photograph(tiny, files) -> None:
    with Image.open(files[0]) as picture:
        tensor = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 127.5 - 1
        kinds = [files[0], picture.copy(), tensor, tensor[None]]
    one, *others = (invert(tiny, each, align="none", inverter=QUICK) for each in kinds)
    for other in others:
        torch.testing.assert_close(other.latents.values, one.latents.values, rtol=0, atol=1e-3)


def test_nothing_changed_puts_the_photograph_back_bit_for_bit(tiny, files) -> None:
    found = invert(tiny, files[2], align="none", inverter=QUICK)
    (same,) = found.put_back(found.images, change=True)
    (whole,) = found.put_back(torch.ones_like(found.images))
    with Image.open(files[2]) as photo:
        before = np.asarray(photo)
    assert np.array_equal(np.asarray(same), before)
    after = np.asarray(whole)
    assert np.array_equal(after[:, :4], before[:, :4]) and int(after[16, 20].min()) == 255, "inside the frame alone"


def test_tuning_comes_nearer_with_a_generator_of_its_own(tiny, files) -> None:
    plain = invert(tiny, files[0], align="none", inverter=Ridge(pairs=300))
    tuned = invert(tiny, files[0], align="none", inverter=Ridge(pairs=300), tune=Tuning(steps=40))
    assert float(tuned.psnr) > float(plain.psnr) + 1
    torch.testing.assert_close(tuned.latents.values, plain.latents.values, rtol=0, atol=1e-4)
    assert tuned.generator.fingerprint != tiny.fingerprint and tuned.delta is not None


def test_a_folder_keeps_what_is_done_and_goes_on(tiny, files, tmp_path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"%PDF-1.4")
    framing, folder = Framing("none"), tmp_path / "album"
    *_, half = invert_all(album_for(tiny), tiny, files[:1], QUICK, framing)
    half.save(folder)
    assert is_album(folder)
    names: list[str] = []
    *_, whole = invert_all(
        Album.read(folder), tiny, [*files, str(bad)], QUICK, framing, lambda what, done, total: names.append(what)
    )
    whole.save(folder)
    again = Album.read(folder)
    assert [photo.photo for photo in again.record.photos] == files and list(again.record.skipped) == [str(bad)]
    assert "a PDF" in again.record.skipped[str(bad)] and again.latents is not None
    *_, once = invert_all(album_for(tiny), tiny, files, QUICK, framing)
    torch.testing.assert_close(again.latents.values, once.codes(tiny).values.cpu(), rtol=0, atol=1e-3)
    assert list(invert_all(again, tiny, files, QUICK, framing)) == [], "nothing is left to do"


def test_a_photograph_that_was_mended_is_no_longer_skipped(tiny, files, tmp_path) -> None:
    photo = tmp_path / "late.png"
    photo.write_bytes(b"")
    *_, album = invert_all(album_for(tiny), tiny, [files[0], str(photo)], Ridge(pairs=300), Framing("none"))
    assert list(album.record.skipped) == [str(photo)]
    photo.write_bytes(Path(files[1]).read_bytes())
    *_, album = invert_all(album, tiny, [str(photo)], Ridge(pairs=300), Framing("none"))
    assert album.record.skipped == {} and len(album) == 2


def test_a_tuned_folder_renders_with_its_own_generator(tiny, files, tmp_path) -> None:
    *_, album = invert_all(album_for(tiny), tiny, files, Ridge(pairs=300), Framing("none"))
    tune_album(album, tiny, Tuning(steps=20)).save(tmp_path / "a")
    again = Album.read(tmp_path / "a")
    tuned = again.generator(tiny)
    assert tuned.fingerprint != tiny.fingerprint and tuned.delta.endswith("delta.safetensors")
    assert all((photo.tuned or 0) > photo.psnr for photo in again.record.photos)
    *_, more = invert_all(again, tiny, [files[0], files[0] + "x"], Ridge(pairs=300), Framing("none"))
    assert more.delta is not None, "a photograph that cannot be read changes nothing"


def test_damage_and_other_generators_are_told(tiny, toy, files, tmp_path) -> None:
    *_, album = invert_all(album_for(tiny), tiny, files[:1], Ridge(pairs=300), Framing("none"))
    album.save(tmp_path / "a")
    with pytest.raises(ValueError, match="inverted with the generator"):
        Album.read(tmp_path / "a").generator(toy)
    (tmp_path / "a" / "photos.json").write_text('{"generator": 1}')
    with pytest.raises(ValueError, match=r"photos\.json is damaged"):
        Album.read(tmp_path / "a")
    with pytest.raises(ValueError, match="holds no inverted photographs"):
        Album.read(tmp_path)


def test_two_sets_of_pictures_give_the_direction_between_them(tiny, tmp_path) -> None:
    """Codes moved both ways along a known direction, as pictures in two folders."""
    known = Direction("known", torch.nn.functional.normalize(torch.arange(1.0, 9), dim=0))
    start = tiny.sample(range(80))
    for folder, codes, strength in (("with", start[:40], 1.5), ("without", start[40:], -1.5)):
        (tmp_path / folder).mkdir()
        for i, picture in enumerate(to_pictures(tiny.render(known.shift(codes, strength)))):
            picture.save(tmp_path / folder / f"{i:02}.png")
    have, lack = (photos_in(tmp_path / folder) for folder in ("with", "without"))
    found = contrast_photos(tiny, have, lack, "known", framing=Framing("none"))
    assert isinstance(found, Directions) and found[0].name == "known"
    true = contrast_of(tiny, known, start)
    assert float(found[0].vector @ known.vector) > 0.9 * float(true.vector @ known.vector)


def contrast_of(generator, known, start):
    """The same from the true codes."""
    return Contrast().fit(generator, contrasted(known.shift(start[:40], 1.5), known.shift(start[40:], -1.5)))[0]


@pytest.mark.parametrize(
    ("images", "says"),
    [([], "at least one photograph"), ("none.png", "no photograph at none.png")],
)
def test_bad_photographs_are_one_line(tiny, images, says) -> None:
    with pytest.raises(ValueError, match=says):
        invert(tiny, images, align="none", inverter=QUICK)


def test_an_unknown_inverter_is_refused(tiny, files) -> None:
    with pytest.raises(ValueError, match="no inverter 'x': there are optimize"):
        invert(tiny, files[0], align="none", inverter="x")


def test_the_receipt_says_what_came_of_every_photograph(tiny, files) -> None:
    seen = PixelFeatures()
    found = invert(tiny, files, align="none", inverter=Ridge(pairs=300), distances=(seen,))
    assert found.identity == [None] * 3, "no face was looked for"
    expected = seen.distance(seen.maps(found.images), seen.maps(found.targets))
    torch.testing.assert_close(found.distances[seen.name], expected)
    receipt = found.receipt
    assert receipt.inverter == "Ridge" and receipt.settings["pairs"] == 300 and not receipt.likeness_optimised
    assert [photo.photo for photo in receipt.photos] == files
    for i, photo in enumerate(receipt.photos):
        assert photo.transform == found.frames[i].transform.tolist()
        assert photo.psnr == pytest.approx(float(found.psnr[i]), abs=0.01)
        assert photo.distances[seen.name] == pytest.approx(float(expected[i]), abs=1e-3)
    assert found[1].receipt.photos == receipt.photos[1:2]


def test_tuning_leaves_the_figures_without_it_in_the_receipt(tiny, files) -> None:
    seen = PixelFeatures()
    settings = {"align": "none", "inverter": Ridge(pairs=300), "distances": (seen,)}
    plain, both = (invert(tiny, files[0], **settings, tune=tune) for tune in (False, Tuning(steps=20)))
    assert both.receipt.photos[0].psnr == plain.receipt.photos[0].psnr and plain.receipt.photos[0].tuned is None
    assert both.receipt.photos[0].tuned == pytest.approx(float(both.psnr), abs=0.01)
    assert float(both.distances[seen.name]) < float(plain.distances[seen.name])


def test_a_term_beside_the_pixels_is_followed_and_written_down(tiny, files) -> None:
    term = Term(PixelFeatures("SFace"), 0.5)
    how = read_inverter("optimize", tiny, None, ("pixel", term))
    assert isinstance(how, Optimize) and how.beside == (term,)
    assert plain_settings(how, "optimize")["loss"] == ["pixel", "SFace * 0.5"]
    assert "loss" not in plain_settings(QUICK, "optimize")
    record = AlbumRecord(generator=Source.of(tiny), inverter="optimize", settings={"loss": ["pixel", "SFace * 0.05"]})
    assert record.likeness_optimised and not album_for(tiny).record.likeness_optimised


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"loss": ("identity",)}, "expected the loss pixel, or pixel and identity, got identity"),
        ({"loss": ("pixel", "x")}, "got pixel, x"),
        ({"loss": ()}, "got none"),
        ({"loss": ("pixel", "identity"), "inverter": "ridge"}, "inverter optimize by name, got ridge"),
        ({"distances": ("x",)}, "by 'x': there are identity, imagenet"),
    ],
)
def test_losses_and_distances_that_are_none_are_refused(tiny, files, settings, says) -> None:
    with pytest.raises(ValueError, match=says):
        invert(tiny, files[0], align="none", **settings)
