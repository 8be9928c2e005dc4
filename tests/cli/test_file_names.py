"""Files whose names are no UTF-8, as they come out of old archives: every command takes them and can say them."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from latentwalk.receipts import Receipt

ODD = b"mod\xe8le.pt".decode("utf-8", "surrogateescape")
READABLE = r"mod\xe8le.pt"


@pytest.fixture
def odd(small, tmp_path, monkeypatch) -> str:
    """A generator with such a name, in the working directory."""
    monkeypatch.chdir(tmp_path)
    try:
        torch.save(load_file(small), "model.pt")
        Path("model.pt").rename(ODD)
    except OSError:
        pytest.skip("this file system has no such names")
    return ODD


def test_samples_of_it_have_a_receipt_that_can_be_read(run, odd):
    assert run("sample", odd, "--out", "sheet.png").code == 0
    assert Receipt.read("sheet.png").recipe.generator.source == READABLE


def test_an_edit_of_it_has_a_receipt_and_prints_json(run, odd, telling):
    ran = run("edit", odd, "--scorer", telling, "--set", "bright=0.6", "--seeds", "0-1", "--show", "none", "--json")
    assert ran.code in (0, 1)
    assert json.loads(ran.out)["generator"] == READABLE
    assert Receipt.read("out/bright/receipt.json").recipe.generator.source == READABLE


def test_what_is_written_under_such_a_name_can_be_said(run, small, tmp_path):
    ran = run("sample", small, "--out", tmp_path / ODD.replace(".pt", ".png"), "--seeds", "0")
    assert ran.code == 0
    ran.out.encode("utf-8")
    assert READABLE.replace(".pt", ".png") in ran.out
