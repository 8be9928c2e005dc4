"""What addresses name, and which are refused before anything is asked of anybody."""

from pathlib import Path

import pytest

from latentwalk.remote.address import Remote, Repository, is_remote, local_name, parse

SUM = "ab" * 32
HUB = "https://huggingface.co"


def test_addresses_are_told_from_paths() -> None:
    assert all(map(is_remote, ("https://a/b", "hf://a/b", "http://a", "file:///a", "FTP://a")))
    assert not any(map(is_remote, ("faces64", "a/b.pkl", "C:\\a.pt", "a:b", "", Path("https://a"), 3, None)))


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("https://a.org/b/my%20model.pkl?x=1", Remote("https://a.org/b/my%20model.pkl?x=1", "my_model.pkl")),
        (f"https://a.org/b.pt#sha256={SUM.upper()}", Remote("https://a.org/b.pt", "b.pt", SUM)),
        ("https://a.org", Remote("https://a.org", "file")),
        ("hf://owner/models", Repository("owner", "models")),
        ("hf://owner/models/", Repository("owner", "models")),
        ("hf://owner/models@v1.0", Repository("owner", "models", "v1.0")),
        ("hf://owner/models/a/b c.pkl", Remote(f"{HUB}/owner/models/resolve/main/a/b%20c.pkl", "b_c.pkl")),
        (f"hf://o/m@dev/b.pt#sha256={SUM}", Remote(f"{HUB}/o/m/resolve/dev/b.pt", "b.pt", SUM)),
    ],
)
def test_what_an_address_names(source: str, wanted: object) -> None:
    assert parse(source) == wanted


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("http://a.org/b.pt", "use https://"),
        ("file:///etc/passwd", "by its path"),
        ("ftp://a.org/b.pt", "expected https://host/file"),
        ("https:///b.pt", "expected https://host/file"),
        ("https://a.org:99999/b", "expected https://host/file"),
        ("https://[::1/b", "expected https://host/file"),
        ("https://a.org/b c", "expected https://host/file"),
        ("https://a.org/b\r\nHost: c", "expected https://host/file"),
        ("https://127.0.0.1/b", "not public"),
        ("https://[::1]:8443/b", "not public"),
        ("https://localhost/b", "not public"),
        ("https://2130706433/b", "no address of a host"),
        ("https://me:secret@a.org/b", "a name or a password in it"),
        ("https://a.org/b#part", "64 hexadecimal digits"),
        ("https://a.org/b#sha256=12", "64 hexadecimal digits"),
        ("https://a.org/b#", "64 hexadecimal digits"),
        ("hf://owner", "names no repository"),
        ("hf:///models/a", "names no repository"),
        ("hf://owner/../models", "names no repository"),
        ("hf://owner/mo dels", "names no repository"),
        ("hf://owner/models/../../x", "is no file of"),
        ("hf://owner/models//x", "is no file of"),
        (f"hf://owner/models#sha256={SUM}", "belongs to one file"),
    ],
)
def test_other_addresses_are_refused(source: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        parse(source)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["..", ".", "", "/", "a/../b", ".hidden", "ä", "a\0b", "x" * 300])
def test_local_names_are_files_of_their_folder(name: str, tmp_path: Path) -> None:
    path = tmp_path / local_name(name)
    path.write_text("a", encoding="utf-8")
    assert path.parent == tmp_path and path.is_file() and not path.name.startswith(".")
