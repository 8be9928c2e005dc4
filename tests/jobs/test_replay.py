"""Every picture carries its recipe, and the recipe makes it again; and no receipt makes anything happen."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import latentwalk as lw
from latentwalk.images import read_receipt, save_png
from latentwalk.jobs.figures import PICTURES, save_film, save_picture
from latentwalk.jobs.replay import replay
from latentwalk.jobs.sheets import between, path_receipt, path_sheet, sample_receipt, samples_sheet
from latentwalk.options import RenderOptions
from latentwalk.receipts import PictureRecipe
from random_networks import SIZES, random_stylegan2

QUICK = lw.GradientWalk(max_steps=6, views=1, batch=2)


@pytest.fixture(scope="module")
def edited(faces):
    codes = faces.sample([3, 1, 2])
    return lw.edit(faces, codes, lw.load_scorer("faces64"), "mouth_open", 0.8, walk=QUICK, frames=True)


@pytest.mark.parametrize("kind", [kind for kind in PICTURES if kind != "plane"])
def test_a_picture_is_made_again_bit_for_bit(edited, kind, tmp_path):
    path = tmp_path / "picture.png"
    picture = save_picture(edited, path, PictureRecipe(kind=kind, show=2))
    again = replay(path)
    assert again.difference == 0
    assert np.array_equal(np.asarray(again.picture), np.asarray(picture))
    assert [code.seed for code in again.receipt.codes] == [3, 1]


def test_codes_without_seeds_are_kept_by_value(edited, faces, tmp_path):
    codes = lw.Latents(edited.start.values, "z")
    valued = lw.edit(faces, codes, edited.scorer, "mouth_open", 0.8, walk=QUICK)
    save_picture(valued, tmp_path / "p.png", PictureRecipe(kind="before-after", show=3))
    assert replay(tmp_path / "p.png").difference == 0


def test_a_walk_along_boundaries_is_made_again(edited, faces, tmp_path):
    vector = torch.nn.functional.normalize(torch.randn(100, generator=torch.Generator().manual_seed(0)), dim=0)
    along = lw.BoundaryWalk(lw.Directions((lw.Direction("mouth_open", vector, offset=0.3),)), reach=1.0)
    walked = lw.edit(faces, edited.start, edited.scorer, "mouth_open", 0.8, walk=along)
    save_picture(walked, tmp_path / "p.png", PictureRecipe(kind="before-after", show=3))
    assert replay(tmp_path / "p.png").difference == 0


def test_sheets_and_paths_are_made_again(faces, tmp_path):
    codes, how = faces.sample([5, 9]), PictureRecipe(kind="grid", show=2)
    save_png(tmp_path / "s.png", samples_sheet(faces, codes, how), sample_receipt(faces, codes, how).to_json())
    receipt = path_receipt(faces, codes, 4, "slerp", how)
    save_png(tmp_path / "i.png", path_sheet(faces, codes, 4, "slerp", how), receipt.to_json())
    assert replay(tmp_path / "s.png").difference == 0
    assert replay(tmp_path / "i.png").difference == 0


@pytest.mark.parametrize("space", ["z", "w+"])
@pytest.mark.parametrize("labels", [[2, 0], torch.tensor([[0.5, 0.5, 0.0], [0.1, 0.2, 0.7]])])
def test_options_classes_and_spaces_are_in_the_receipt(tmp_path, space, labels):
    """Codes that a seed does not give by itself are kept by value, and still have their seeds as captions."""
    network = random_stylegan2(replace(SIZES, classes=3, embedding=4))
    view, how = network.with_options(0.6, 3, 7), PictureRecipe(kind="samples", show=2)
    codes = network.map(network.sample([5, 9], labels), space, RenderOptions(0.5 if space == "w+" else 1.0))
    receipts = {"s.png": sample_receipt(view, codes, how), "i.png": path_receipt(view, codes, 3, "lerp", how)}
    pictures = {"s.png": samples_sheet(view, codes, how), "i.png": path_sheet(view, codes, 3, "lerp", how)}
    for name, receipt in receipts.items():
        save_png(tmp_path / name, pictures[name], receipt.to_json())
        again = replay(tmp_path / name, network)
        assert again.difference == 0
        assert again.receipt.recipe.drawing == RenderOptions(0.6, 3, 7)


def test_a_way_between_classes_goes_through_mixtures():
    network = random_stylegan2(replace(SIZES, classes=3, embedding=4))
    codes = between(network, network.sample([1, 1], [0, 2]), 3, "slerp")
    assert torch.equal(codes.labels, torch.tensor([[1.0, 0, 0], [0.5, 0, 0.5], [0, 0, 1.0]]))
    assert between(network, network.sample([1, 2], 1), 3, "slerp").labels.tolist() == [1, 1, 1]
    assert between(network, network.map(network.sample([1, 2], 1), "w"), 3, "lerp").labels.tolist() == [1, 1, 1]


def test_another_machine_at_a_fork_draws_the_codes_of_the_receipt(edited, tmp_path):
    """A receipt whose ends differ from what the walk gives here stands for a walk on other hardware."""
    path = tmp_path / "p.png"
    save_picture(edited, path, PictureRecipe(kind="before-after", show=2))
    text = json.loads(read_receipt(path))
    text["codes"][0]["end"] = text["codes"][1]["end"]
    with Image.open(path) as picture:
        save_png(path, picture.copy(), json.dumps(text))
    shown = np.asarray(replay(path).picture)
    assert not np.array_equal(shown, np.asarray(Image.open(path)))


def tampered(edited, tmp_path, change) -> str:
    path = tmp_path / "p.png"
    picture = save_picture(edited, path, PictureRecipe(kind="chart", show=2))
    text = json.loads(read_receipt(path))
    change(text)
    save_png(path, picture, json.dumps(text))
    return str(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r["recipe"]["scorer"].update(source="os:getcwd", fingerprint=""), "if you trust it"),
        (lambda r: r["recipe"]["scorer"].update(fingerprint="0" * 16), "name the right one with --scorer"),
        (lambda r: r["recipe"]["generator"].update(fingerprint="0" * 16), "name the right one with --generator"),
        (lambda r: r["recipe"].update(job="explode"), "damaged or foreign"),
        (lambda r: r["recipe"].update(extra=1), "damaged or foreign"),
        (lambda r: r["recipe"]["drawing"].update(extra=1), "damaged or foreign"),
        (lambda r: r["recipe"]["drawing"].update(truncation="x"), "damaged or foreign"),
        (lambda r: r["recipe"]["drawing"].update(noise="none"), "noise means nothing for a DCGAN"),
        (lambda r: r["recipe"]["codes"].update(labels=[1, 2, 3]), "has no classes"),
        (lambda r: r["picture"].update(kind="nothing"), "no picture 'nothing'"),
        (lambda r: r["recipe"]["walk"]["settings"].update(wings=2), "no option .wings."),
        (lambda r: r.pop("picture"), "not of a picture"),
    ],
)
def test_a_receipt_that_does_not_fit_is_refused_in_words(edited, tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        replay(tampered(edited, tmp_path, change))


def test_a_picture_without_a_receipt_is_refused(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    with pytest.raises(ValueError, match="carries no receipt"):
        replay(tmp_path / "plain.png")
    with pytest.raises(ValueError, match="no file"):
        replay(tmp_path / "nowhere.png")


def test_films_move(edited, tmp_path):
    save_film(edited, tmp_path / "walk.gif", "gif", show=2, scale=1)
    with Image.open(tmp_path / "walk.gif") as film:
        assert film.n_frames > 5  # pyright: ignore[reportAttributeAccessIssue]
