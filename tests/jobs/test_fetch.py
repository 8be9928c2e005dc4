"""A generator by its address is the generator of its file."""

import hashlib
import io
import json
from pathlib import Path

import pytest
import torch

from latentwalk.jobs.load import load
from latentwalk.jobs.replay import replay
from latentwalk.jobs.sheets import sample_receipt
from latentwalk.receipts import PictureRecipe

HUB = "https://huggingface.co"


@pytest.fixture(scope="module")
def model() -> bytes:
    """A DCGAN in the tutorial's layout, as torch saves it."""
    random, file = torch.Generator().manual_seed(0), io.BytesIO()
    shapes = {"main.0.weight": (5, 4, 4, 4), "main.3.weight": (4, 3, 4, 4)}
    torch.save({name: torch.randn(shape, generator=random) for name, shape in shapes.items()}, file)
    return file.getvalue()


def test_https(web, model: bytes, tmp_path: Path) -> None:
    (tmp_path / "here.pt").write_bytes(model)
    web["https://a.org/there.pt"] = model
    source = f"https://a.org/there.pt#sha256={hashlib.sha256(model).hexdigest()}"
    steps: list[str] = []
    generator = load(source, progress=lambda what, done, total: steps.append(what))
    assert generator.fingerprint == load(tmp_path / "here.pt").fingerprint and generator.source == source
    assert steps and set(steps) == {"fetching there.pt (MB)"}


def test_a_file_of_the_hub(web, model: bytes) -> None:
    web[f"{HUB}/owner/models/resolve/v1/sub/there.pt"] = (302, {"Location": "https://cdn.org/x"}, b"")
    web["https://cdn.org/x"] = model
    assert load("hf://owner/models@v1/sub/there.pt").image_shape == (3, 8, 8)


def test_a_repository_of_the_hub(web, model: bytes) -> None:
    names = ["README.md", "sub/other.pt", "netG.pt", ".gitattributes"]
    listing = {"siblings": [{"rfilename": name} for name in names]}
    web[f"{HUB}/api/models/owner/models/revision/main"] = json.dumps(listing).encode()
    web[f"{HUB}/owner/models/resolve/main/netG.pt"] = model
    first = load("hf://owner/models")
    assert len(web.asked) == 2
    web.clear()  # from now on there is no network
    assert load("hf://owner/models").fingerprint == first.fingerprint


@pytest.mark.parametrize(
    ("listing", "message"),
    [
        (b'{"siblings": [{"rfilename": "a.pt"}, {"rfilename": "b.pt"}]}', "folder of 2 checkpoints"),
        (b'{"siblings": [{"rfilename": "README.md"}]}', "folder without weights"),
        (b'{"siblings": 3}', "name a file of it"),
        (b"<html>", "name a file of it"),
        ((404, {}, b""), "there is no such file"),
    ],
)
def test_repositories_that_are_none(web, listing: object, message: str) -> None:
    web[f"{HUB}/api/models/owner/models/revision/main"] = listing
    with pytest.raises(ValueError, match=message):
        load("hf://owner/models")


def test_what_was_fetched_is_data_like_any_other(web) -> None:
    web["https://a.org/page.pkl"] = b"<!DOCTYPE html>"
    with pytest.raises(ValueError, match="a web page"):
        load("https://a.org/page.pkl")


def test_a_receipt_cannot_make_anybody_fetch(web, faces, tmp_path: Path) -> None:
    codes = faces.sample([1])
    how = PictureRecipe(kind="samples", show=1)
    receipt = sample_receipt(faces, codes, how).to_json().replace('"faces64"', '"https://a.org/there.pt"')
    (tmp_path / "a.json").write_text(receipt, encoding="utf-8")
    with pytest.raises(ValueError, match="name its file with --generator"):
        replay(tmp_path / "a.json")
    assert not web.asked
