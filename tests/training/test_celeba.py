"""CelebA in torchvision's layout: a small folder with a planted attribute, and every way in which a folder is wrong."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from latentwalk.training import loop
from latentwalk.training.celeba import CelebARecipe, learn_from_celeba
from latentwalk.training.celeba_folder import read_celeba
from latentwalk.training.loop import Interrupted

NAMES = ("Bald", "Bright", "Young")
RECIPE = CelebARecipe(("Bright", "Young"), epochs=3, batch=16, width=8, rate=2e-3)


@pytest.fixture
def folder(drawn, tmp_path):
    """The pictures in a folder that a test may spoil."""
    return Path(shutil.copytree(drawn, tmp_path / "celeba"))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """96 + 32 + 32 pictures 178x218 of noise: "Bright" is a bright background, "Young" is a bright upper half."""
    random = np.random.default_rng(0)
    root = tmp_path_factory.mktemp("drawn") / "celeba"
    (root / "img_align_celeba").mkdir(parents=True)
    rows, parts = [], []
    for number in range(160):
        bright, young = number % 2, number // 2 % 2
        pixels = random.normal(90, 20, (218, 178, 3)) + 60 * bright
        pixels[:109] += 50 * young
        name = f"{number + 1:06}.jpg"
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(root / "img_align_celeba" / name)
        rows.append(f"{name} -1 {2 * bright - 1:2} {2 * young - 1:2}")
        parts.append(f"{name} {0 if number < 96 else 1 if number < 128 else 2}")
    (root / "list_attr_celeba.txt").write_text("\n".join([str(len(rows)), " ".join(NAMES), *rows]) + "\n")
    (root / "list_eval_partition.txt").write_text("\n".join(parts) + "\n")
    return root


def test_a_planted_attribute_is_learned(folder):
    done: set[str] = set()
    scorer = learn_from_celeba(folder.parent, RECIPE, progress=lambda what, _done, _total: done.add(what))
    assert scorer.attributes == ("Bright", "Young") and done == {"training", "judging"}
    bright = scorer.card["held_out"][0]
    assert bright["attribute"] == "Bright" and bright["labels"] == 32 and bright["auc"] > 0.98
    assert scorer.card["pictures"] == 96 and scorer.card["data"] == "CelebA"
    assert not any(p.requires_grad for p in scorer.parameters())


def test_pictures_are_resized_and_cropped_as_torchvision_does(folder):
    part = read_celeba(folder, ["Bright"])["train"]
    picture = part.read(torch.tensor([5]))
    assert picture.shape == (1, 3, 64, 64) and picture.dtype == torch.uint8
    whole = Image.open(part.files[5]).resize((64, 78), Image.Resampling.BILINEAR)
    expected = torch.from_numpy(np.array(whole)).permute(2, 0, 1)[:, 7:71]
    assert torch.equal(picture[0], expected)
    assert part.labels[:4, 0].tolist() == [0, 1, 0, 1]


def test_resuming_ends_with_the_same_bits(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "EVERY", -1.0)
    recipe, run = replace(RECIPE, epochs=1), tmp_path / "run"

    def stop(_what: str, done: int, _total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as stopped:
        learn_from_celeba(folder, recipe, run, stop)
    assert stopped.value.step == 3
    resumed, whole = learn_from_celeba(folder, recipe, run), learn_from_celeba(folder, recipe)
    assert all(
        torch.equal(a, b) for a, b in zip(resumed.state_dict().values(), whole.state_dict().values(), strict=True)
    )
    with pytest.raises(ValueError, match="other settings"):
        learn_from_celeba(folder, replace(recipe, attributes=("Young",)), run)


def spoil(folder, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("list_attr_celeba.txt", "000003.jpg -1", "000003.jpg 2", "line 5: expected a file and 3 values -1 or 1"),
        ("list_attr_celeba.txt", "000003.jpg -1", "000003.jpg", "line 5: expected a file and 3 values"),
        ("list_eval_partition.txt", "000003.jpg 0", "000003.jpg 3", "line 3: expected a file and 0, 1 or 2"),
        ("list_eval_partition.txt", "000003.jpg 0", "1", "line 3: expected a file and 0, 1 or 2"),
    ],
)
def test_lines_that_do_not_fit_are_named(folder, name, old, new, says):
    spoil(folder, name, old, new)
    with pytest.raises(ValueError, match=says):
        read_celeba(folder, ["Bright"])


@pytest.mark.parametrize("name", ["list_attr_celeba.txt", "list_eval_partition.txt", "img_align_celeba"])
def test_missing_parts_are_named(folder, name):
    (folder / name).rename(folder / "elsewhere")
    with pytest.raises(ValueError, match=f"no {name} in .*torchvision's layout"):
        read_celeba(folder, ["Bright"])


def test_wrong_folders_pictures_and_attributes_are_named(folder, tmp_path):
    with pytest.raises(ValueError, match="torchvision's layout"):
        read_celeba(tmp_path / "nowhere", ["Bright"])
    with pytest.raises(ValueError, match="no attribute 'Smiling': there are Bald, Bright, Young"):
        read_celeba(folder, ["Smiling"])
    with pytest.raises(ValueError, match="each once"):
        read_celeba(folder, ["Bright", "Bright"])
    with pytest.raises(ValueError, match="Bald is 0 times 1 among the 96 pictures of 'train'"):
        read_celeba(folder, ["Bald"])
    with pytest.raises(ValueError, match="96 pictures to train on: expected a batch of 128"):
        learn_from_celeba(folder, CelebARecipe(("Bright",)))
    part = read_celeba(folder, ["Bright"])["train"]
    part.files[0].write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"000001\.jpg is no readable picture"):
        part.read(torch.tensor([0]))
    part.files[0].unlink()
    with pytest.raises(ValueError, match=r"lacks 1 of the 160 pictures that are listed, 000001\.jpg first"):
        read_celeba(folder, ["Bright"])


def test_an_empty_list_is_refused(folder):
    (folder / "list_attr_celeba.txt").write_text("0\n")
    with pytest.raises(ValueError, match="has 1 lines: expected a count"):
        read_celeba(folder, ["Bright"])
