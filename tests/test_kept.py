"""What is computed once is read back, and computed again when it is damaged or no longer fits."""

from pathlib import Path

import pytest
import torch

from latentwalk.kept import PLACE, close, kept, kept_in, place


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """An empty cache, and a place to count how often something was computed."""
    monkeypatch.setenv(PLACE, str(tmp_path))
    return []


def ask(made: list[int], key: str = "k", fits=lambda _: True) -> torch.Tensor:
    def make() -> dict[str, torch.Tensor]:
        made.append(1)
        return {"x": torch.arange(3.0)}

    return kept("things", key, make, fits)["x"]


def test_it_is_computed_once(made, tmp_path) -> None:
    assert torch.equal(ask(made), ask(made)) and len(made) == 1
    assert [path.name for path in (tmp_path / "things").iterdir()] == ["k.safetensors"]
    ask(made, "other")
    assert len(made) == 2


def test_without_a_key_nothing_is_kept(made, tmp_path) -> None:
    ask(made, "")
    ask(made, "")
    assert len(made) == 2 and not list(tmp_path.iterdir())


def test_what_is_damaged_or_does_not_fit_is_computed_again(made, tmp_path) -> None:
    ask(made)
    file = tmp_path / "things" / "k.safetensors"
    file.write_bytes(file.read_bytes()[:-4])
    assert torch.equal(ask(made), torch.arange(3.0)) and len(made) == 2
    ask(made, fits=lambda old: bool(old["x"].sum() > 100))
    assert len(made) == 3


def test_where_nothing_can_be_written_it_still_is_computed(made, monkeypatch, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(PLACE, str(tmp_path / "file"))
    assert torch.equal(ask(made), torch.arange(3.0))


def test_what_has_another_shape_is_not_near() -> None:
    assert close(torch.ones(3), torch.ones(3) * 1.01, 0.02, 0.0)
    assert not close(torch.ones(3), torch.ones(3) * 1.03, 0.02, 0.0)
    assert not close(torch.ones(3), torch.ones(4), 1.0, 1.0)


def test_it_can_be_kept_elsewhere_for_a_while(made, tmp_path) -> None:
    with kept_in(tmp_path / "job"):
        ask(made)
        assert place("things", "k").parent == tmp_path / "job" / "things"
    assert (tmp_path / "job" / "things" / "k.safetensors").is_file() and not (tmp_path / "things").exists()
    ask(made)
    assert len(made) == 2, "what is kept elsewhere is not looked for here"


def test_what_was_just_computed_lies_in_memory_as_what_is_read(made) -> None:
    first = kept("things", "t", lambda: {"x": torch.rand(3, 4).T}, lambda _: True)["x"]
    again = kept("things", "t", lambda: {}, lambda _: True)["x"]
    assert torch.equal(first, again) and first.stride() == again.stride()
