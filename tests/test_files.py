"""Files are written whole or not at all."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors import safe_open

from latentwalk.filenames import readable
from latentwalk.files import NoSpace, atomic, check_writable, remove_remains, write_bytes, write_tensors, write_text
from latentwalk.images import save_image


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_file_appears_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "note.txt"
    write_text(path, "né\n")
    assert path.read_text(encoding="utf-8") == "né\n"
    assert names(path.parent) == ["note.txt"]
    assert path.stat().st_mode & 0o444 == 0o444  # readable by others, unlike temporary files


def test_a_failing_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError, match="half way"), atomic(path) as temporary:
        temporary.write_text("new", encoding="utf-8")
        raise RuntimeError("half way")
    assert path.read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["note.txt"]


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("note.txt", lambda path, n: write_text(path, "x" * n)),
        ("bytes.pt", lambda path, n: write_bytes(path, bytes(n))),
        ("t.safetensors", lambda path, n: write_tensors(path, {"a": torch.zeros(n)}, {})),
        ("noise.png", lambda path, n: save_image(path, Image.effect_noise((100, n // 100), 50))),
    ],
)
def test_a_full_disk_leaves_the_old_file_and_nothing_else(name, write, tmp_path: Path, room) -> None:
    path = tmp_path / name
    write(path, 100)
    old = path.read_bytes()
    room(5000)
    with pytest.raises(NoSpace, match=rf"no space left to write .*{name}.*: make room, what was there is kept$"):
        write(path, 100_000)
    room(None)
    assert path.read_bytes() == old and names(tmp_path) == [name]


def test_the_old_file_is_there_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    write_text(path, "old")
    with atomic(path) as temporary:
        temporary.write_text("new", encoding="utf-8")
        assert path.read_text(encoding="utf-8") == "old"
        assert temporary.suffix == ".txt" and temporary.parent == tmp_path
    assert path.read_text(encoding="utf-8") == "new"


def test_an_interrupted_write_cleans_up(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic(tmp_path / "note.txt"):
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """And nothing else, whatever its name looks like."""
    path = tmp_path / "note[1].txt"
    for name in (
        ".note[1]-abcd_123.txt",
        "note[1].txt",
        ".note[1]-abcd_123.png",
        ".note1-abcd_123.txt",
        ".note[1]-x.txt",
    ):
        (tmp_path / name).write_text("x")
    remove_remains(path)
    assert sorted(names(tmp_path)) == [".note1-abcd_123.txt", ".note[1]-abcd_123.png", ".note[1]-x.txt", "note[1].txt"]
    with pytest.raises(KeyError), atomic(path) as temporary:
        temporary.write_text("half")
        raise KeyError
    with atomic(path) as temporary:
        remove_remains(path)
        assert not temporary.exists(), "the pattern is that of the names"
        temporary.write_text("whole")


def test_what_cannot_be_written_is_said_beforehand(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    assert check_writable(path) == path and not path.exists()
    write_text(path, "old")
    with pytest.raises(ValueError, match="is a folder"):
        check_writable(tmp_path)
    with pytest.raises(ValueError, match="exists already"):
        check_writable(path, force=False)
    with pytest.raises(ValueError, match="cannot write in the folder"):
        check_writable(path / "below.txt")
    assert check_writable(path) == path


def test_tensors_and_their_metadata(tmp_path: Path) -> None:
    whole = torch.arange(6.0, requires_grad=True)
    write_tensors(tmp_path / "t.safetensors", {"whole": whole, "part": whole[::2], "same": whole}, {"kind": "test"})
    with safe_open(tmp_path / "t.safetensors", framework="pt") as file:
        assert file.metadata() == {"kind": "test"}
        assert file.get_tensor("part").tolist() == [0, 2, 4]
        assert torch.equal(file.get_tensor("same"), whole.detach())


def test_a_name_that_is_no_utf_8_is_text_all_the_same(tmp_path: Path) -> None:
    """Bytes out of old archives; Python has a half character for each, which no file can hold."""
    name = b"mod\xe8le.pkl".decode("utf-8", "surrogateescape")
    assert readable(Path(name)) == r"mod\xe8le.pkl" == readable(readable(name))
    assert readable("modèle 😀.pkl") == "modèle 😀.pkl"
    write_text(tmp_path / "note.txt", f"from {name}")
    assert (tmp_path / "note.txt").read_text(encoding="utf-8") == r"from mod\xe8le.pkl"
    write_tensors(tmp_path / "t.safetensors", {"a": torch.zeros(1)}, {"from": name})
    with safe_open(tmp_path / "t.safetensors", "pt") as file:
        assert file.metadata() == {"from": r"mod\xe8le.pkl"}
