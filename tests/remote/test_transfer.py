"""Files come whole, as they were asked for and from public hosts, or not at all."""

import hashlib
import json
import logging
import socket
import threading
from pathlib import Path
from urllib.error import URLError

import pytest

from latentwalk.kept import PLACE, cache_folder
from latentwalk.remote import transfer
from latentwalk.remote.address import Remote, check_host
from latentwalk.remote.cache import fetch
from latentwalk.remote.transfer import CHUNK

URL = "https://a.org/model.pkl"
BODY = bytes(range(256)) * (CHUNK // 100)
SUM = hashlib.sha256(BODY).hexdigest()


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.name != "cache")


def refused(remote: Remote, folder: Path) -> str:
    """The message; nothing is kept."""
    with pytest.raises(ValueError) as caught:
        fetch(remote)
    assert str(caught.value).isprintable() and kept(folder) == []
    return str(caught.value)


def test_a_file_is_fetched_once_and_says_so(web, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    web[URL] = BODY
    steps: list[tuple[str, int, int]] = []
    path = fetch(Remote(URL, "model.pkl"), progress=lambda *step: steps.append(step))
    assert path.read_bytes() == BODY and path.is_relative_to(tmp_path / "cache")
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert caplog.messages == [f"fetching {URL} (2.7 MB) into {path.parent}"]
    assert steps[-1] == ("fetching model.pkl (MB)", 3, 3) and len(steps) == 3
    record = json.loads((path.parent / "model.pkl.from").read_bytes())
    assert (record["url"], record["sha256"], record["bytes"]) == (URL, SUM, len(BODY))
    web.clear()
    assert fetch(Remote(URL, "model.pkl")) == path and fetch(Remote(URL, "model.pkl", SUM)) == path
    assert web.asked == [URL] and len(caplog.messages) == 1


def test_what_changed_here_is_fetched_again(web) -> None:
    web[URL] = BODY
    path = fetch(Remote(URL, "model.pkl"))
    path.write_bytes(BODY[:-1])
    assert fetch(Remote(URL, "model.pkl")).read_bytes() == BODY
    path.write_bytes(bytes(len(BODY)))  # of the same length: the checksum sees it
    assert fetch(Remote(URL, "model.pkl", SUM)).read_bytes() == BODY
    (path.parent / "model.pkl.from").write_text("[", encoding="utf-8")
    assert fetch(Remote(URL, "model.pkl")).read_bytes() == BODY
    assert len(web.asked) == 4


def test_another_checksum(web, tmp_path: Path) -> None:
    web[URL] = BODY
    assert f"has the sha256 {SUM}, expected {'0' * 64}" in refused(Remote(URL, "model.pkl", "0" * 64), tmp_path)
    path = fetch(Remote(URL, "model.pkl"))
    with pytest.raises(ValueError, match="it is another file"):
        fetch(Remote(URL, "model.pkl", "0" * 64))
    assert path.read_bytes() == BODY  # what was there before is as it was


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((404, {}, b""), "there is no such file"),
        ((401, {}, b""), "asks for a login"),
        ((500, {}, b""), "answers 500"),
        ((302, {"Location": "file:///etc/passwd"}, b""), "answers 302"),
        ((302, {"Location": "http://a.org/x"}, b""), "is not followed: .*expected https"),
        ((302, {"Location": "https://me:secret@a.org/x"}, b""), "is not followed: .*leave it out"),
        ((302, {"Location": "https://192.168.0.1/x"}, b""), "not public"),
        ((302, {"Location": URL}, b""), "answers 302"),  # round and round
        ((200, {"Content-Length": "100"}, b"short"), "broke off after"),
        ((200, {"Content-Length": "3"}, b"longer"), "sends more than"),
        ((200, {"Content-Length": "-3"}, b"abc"), "this is no number"),
        ((200, {"Content-Length": str(2**40)}, b"abc"), "expected 8.6 GB at most"),
        (URLError(socket.gaierror(-2, "Name or service not known")), "cannot reach a.org .*without a network"),
        (TimeoutError("timed out"), r"failed \(timed out\)"),
        (ConnectionResetError(104, "Connection reset by peer"), "Connection reset by peer"),
    ],
    ids=str,
)
def test_what_goes_wrong_is_one_line(web, tmp_path: Path, answer: object, message: str) -> None:
    web[URL] = answer
    text = refused(Remote(URL, "model.pkl"), tmp_path)
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(text)
    assert len(web.asked) <= 12


def test_without_a_length_the_limit_holds(web, tmp_path: Path) -> None:
    web[URL] = (200, {}, BODY)
    assert fetch(Remote(URL, "model.pkl"), tmp_path / "a").read_bytes() == BODY
    with pytest.raises(ValueError, match=r"sends more than 1\.0 MB"):
        fetch(Remote(URL, "model.pkl"), tmp_path / "b", most=10**6)
    assert kept(tmp_path / "b") == []


def test_a_full_disk(web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    web[URL] = BODY
    monkeypatch.setattr(transfer, "SPARE", 2**60)
    assert "more than is free" in refused(Remote(URL, "model.pkl"), tmp_path)


def test_redirects_to_https_are_followed(web) -> None:
    web[URL] = (302, {"Location": "/elsewhere"}, b"")
    web["https://a.org/elsewhere"] = (307, {"Location": "https://b.org/x?signature=1"}, b"")
    web["https://b.org/x?signature=1"] = BODY
    assert fetch(Remote(URL, "model.pkl")).read_bytes() == BODY


LOCAL = ("127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.9", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1")
LOCAL += ("::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1")


@pytest.mark.parametrize("address", LOCAL)
def test_addresses_that_are_not_public(address: str) -> None:
    with pytest.raises(ValueError, match="not public"):
        check_host(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_that_are_public(address: str) -> None:
    check_host(address)


def test_a_host_that_turns_out_to_be_this_computer_hears_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            connection, _ = server.accept()
            with connection:
                heard.append(connection.recv(1000))

        listener = threading.Thread(target=listen)
        listener.start()
        url = f"https://localhost:{server.getsockname()[1]}/model.pkl"
        with pytest.raises(ValueError, match="not public"), transfer._answer(url):
            pass
        listener.join()
    assert heard == [b""]


def test_the_cache_is_where_the_user_keeps_such_things(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(PLACE, raising=False)
    assert cache_folder().name == "latentwalk" and cache_folder().is_relative_to(Path.home().anchor)
    monkeypatch.setenv(PLACE, str(tmp_path))
    assert cache_folder() == tmp_path
