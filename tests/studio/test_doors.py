"""Who may come in, whatever they say of themselves."""

import re
import threading
from http.client import HTTPConnection

import pytest

from latentwalk.features.network import PixelFeatures
from latentwalk.studio.doors import COOKIE, Doors, check_host
from latentwalk.studio.model import Model
from latentwalk.studio.serve import Serving
from toys import ToyScorer

OWN = {"host": "127.0.0.1:8765", "origin": "http://127.0.0.1:8765"}
TOKEN = "planted-token-0123"


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_this_machine_is_known_by_all_its_names(name: str) -> None:
    own = {"host": f"{name}:8765", "origin": f"http://{name}:8765"}
    assert Doors(8765).refuses(own, browser_only=True) is None


@pytest.mark.parametrize(
    "host",
    ["", "127.0.0.1", "127.0.0.1:8766", "evil.example:8765", "127.0.0.1:8765.evil.example", "127.0.0.1:8765@evil"],
)
def test_every_other_name_is_400(host: str) -> None:
    assert (Doors(8765).refuses({"host": host}, browser_only=False) or (0, ""))[0] == 400


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://",
        "http://[",
        "file://",
        "https://127.0.0.1:8765",
        "http://127.0.0.1:8766",
        "http://localhost:8765",
        "http://127.0.0.1:8765.evil.example",
        "http://evil@127.0.0.1:8765",
        "http://127.0.0.1:8765/",
    ],
)
@pytest.mark.parametrize("browser_only", [False, True])
def test_every_other_origin_is_403(origin: str, browser_only: bool) -> None:
    assert (Doors(8765).refuses({**OWN, "origin": origin}, browser_only) or (0, ""))[0] == 403


def test_only_a_socket_has_to_name_its_origin() -> None:
    nameless = {"host": OWN["host"]}
    assert Doors(8765).refuses(nameless, browser_only=False) is None
    assert (Doors(8765).refuses(nameless, browser_only=True) or (0, ""))[0] == 403


def test_every_start_has_a_token_of_its_own_that_is_not_guessed() -> None:
    tokens = {Doors(8765).token for _ in range(20)}
    assert len(tokens) == 20 and all(len(token) >= 32 for token in tokens)


def test_two_studios_of_a_machine_do_not_take_each_others_cookie() -> None:
    """A browser sends the cookies of every port of a host."""
    one, two = Doors(8765), Doors(8766)
    assert one.cookie != two.cookie
    both = {"cookie": f"{one.cookie}={one.token}; {two.cookie}={two.token}"}
    assert one.knows(both) and two.knows(both)
    assert not one.knows({"cookie": f"{two.cookie}={two.token}"})


@pytest.mark.parametrize(
    "cookie",
    ["", "=", ";;", f"{COOKIE}", f"{COOKIE}=", f"other={TOKEN}", f"{COOKIE}={TOKEN}x", f"{COOKIE}={TOKEN[:-1]}"],
)
def test_no_other_cookie_opens(cookie: str) -> None:
    doors = Doors(8765, TOKEN)
    assert doors.knows({"cookie": f"{doors.cookie}={TOKEN}"})
    assert not doors.knows({"cookie": cookie})


@pytest.mark.parametrize("host", ["10.0.0.1", "192.168.1.20", "studio.example", "fe80::1", "8.8.8.8"])
def test_what_others_can_reach_needs_a_token(host: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{host} can be reached by others: choose a token")):
        check_host(host, None)
    check_host(host, TOKEN)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_this_machine_alone_needs_none(host: str) -> None:
    check_host(host, None)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "a b", "http://studio.example", "studio.example/x", "a" * 300])
def test_a_host_that_no_browser_can_name_is_refused_even_with_a_token(host: str) -> None:
    with pytest.raises(ValueError, match="a host is the one name or address that browsers go to"):
        check_host(host, TOKEN)


@pytest.mark.parametrize("token", ["", "short", "with a space in it", "semi;colon;semi;colon", "ü" * 20, "a" * 300])
def test_a_token_that_is_guessed_or_quoted_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="a token is 12 to 200 letters"):
        check_host("10.0.0.1", token)


def test_a_host_of_its_own_is_the_only_name_that_is_answered(toy) -> None:
    """On another address of this machine, which browsers do not call by its usual names."""
    scorer = ToyScorer(entangled=True)
    with Serving(
        Model.of(toy, scorer, PixelFeatures(), scorer.directions), 0, host="127.0.0.2", token=TOKEN
    ) as serving:
        assert serving.socket.getsockname()[0] == "127.0.0.2"
        assert serving.address == f"http://127.0.0.2:{serving.port}/?token={TOKEN}"
        thread = threading.Thread(target=serving.run, daemon=True)
        thread.start()
        for host, cookie, status in [
            ("127.0.0.2", TOKEN, 200),
            ("127.0.0.1", TOKEN, 400),
            ("localhost", TOKEN, 400),
            ("127.0.0.2", "another-token-0123", 403),
        ]:
            connection = HTTPConnection("127.0.0.2", serving.port, timeout=10)
            headers = {"Host": f"{host}:{serving.port}", "Cookie": f"{serving.doors.cookie}={cookie}"}
            connection.request("GET", "/", headers=headers)
            assert connection.getresponse().status == status, (host, cookie)
        serving.stop()
        thread.join(10)


@pytest.mark.parametrize(
    ("host", "said"), [("203.0.113.7", "is no address of this machine"), ("no.invalid", "no host")]
)
def test_an_address_of_another_machine_is_said(toy, host: str, said: str) -> None:
    scorer = ToyScorer(entangled=True)
    with pytest.raises(ValueError, match=said):
        Serving(Model.of(toy, scorer, PixelFeatures(), scorer.directions), 0, host=host, token=TOKEN)
