"""How usual pictures are: what a person called broken is told from what a person called good, and samples are usual."""

import csv
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from latentwalk.kept import PLACE
from latentwalk.latents import Latents
from latentwalk.realism import STRANGE, Realism, read_from
from latentwalk.samples import sample_codes
from random_networks import EVERY

SEEN = Path(__file__).parent / "realism"
"""Codes of faces64 at the ends of walks, looked at one by one, and how they were made, row by row."""


@pytest.fixture(scope="module")
def of_faces(faces) -> Realism:
    return Realism.of(faces, "z")


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(PLACE, str(tmp_path))
    return tmp_path


def test_what_is_broken_is_flagged_and_what_is_good_is_not(of_faces: Realism) -> None:
    ends = load_file(SEEN / "faces64.safetensors")
    flagged = {name: of_faces.usual(Latents(codes.float(), "z")) < STRANGE for name, codes in ends.items()}
    assert len(flagged["failures"]) >= 50 and float(flagged["failures"].float().mean()) >= 0.95
    assert len(flagged["good"]) >= 400 and float(flagged["good"].float().mean()) <= 0.02


def test_every_code_says_how_it_was_made() -> None:
    ends = load_file(SEEN / "faces64.safetensors")
    with (SEEN / "faces64.csv").open(encoding="utf-8", newline="") as file:
        verdicts = [row["verdict"] for row in csv.DictReader(file)]
    assert verdicts == ["failure"] * len(ends["failures"]) + ["good"] * len(ends["good"])


def test_one_sample_in_a_hundred_looks_like_no_sample(faces, of_faces: Realism) -> None:
    usual = of_faces.usual(faces.sample(range(7000, 7400)))
    assert float((usual < STRANGE).float().mean()) < 0.03
    assert 0.4 < float(usual.median()) < 0.6


def test_the_limit_is_where_usual_says(of_faces: Realism, faces) -> None:
    codes = faces.sample(range(7000, 7100))
    far, usual = of_faces.beyond(codes), of_faces.usual(codes)
    for least in (0.05, 0.5):
        clear = (usual - least).abs() > 0.01
        assert torch.equal((far > of_faces.limit(least))[clear], (usual < least)[clear])


@pytest.mark.parametrize("kind", ["stylegan2", "biggan", "dcgan-conditional"])
def test_what_is_far_out_looks_like_no_sample(kind: str, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every space, of every family, with few samples."""
    monkeypatch.setattr("latentwalk.realism.LEARNED", 150)
    monkeypatch.setattr("latentwalk.realism.MEASURED", 100)
    generator = EVERY[kind]()
    labels = torch.arange(generator.classes) if generator.classes else None
    for space in generator.spaces:
        realism = Realism.of(generator, space)
        fresh = next(sample_codes(generator, 40, 5, space, labels))
        far = fresh.with_values(fresh.values.mean(0) + 20 * (fresh.values - fresh.values.mean(0)))
        assert float(realism.usual(fresh).median()) > 0.2 and float(realism.usual(far).max()) < STRANGE


def test_what_was_learned_is_kept(toy, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Realism.of(toy, "z")
    monkeypatch.setattr("latentwalk.realism._learn", lambda *_: pytest.fail("learned twice"))
    again = Realism.of(toy, "z")
    codes = toy.sample(range(20))
    assert torch.equal(first.usual(codes), again.usual(codes)) and list(own_cache.glob("realism/*"))


def test_generators_without_coarse_layers_are_known_by_their_codes(toy, faces) -> None:
    assert read_from(toy, "z") == [] and read_from(faces, "z") == ["layers.1", "layers.2"]
