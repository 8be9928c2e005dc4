"""The server over a real socket: who may come in, and that the newest state is what is drawn."""

import asyncio
import base64
import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPConnection
from io import BytesIO

import pytest
import torch
from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from latentwalk.features.network import PixelFeatures
from latentwalk.framing.template import Template
from latentwalk.images import to_pictures
from latentwalk.scores import Unscored
from latentwalk.studio.doors import COOKIE, HEADERS
from latentwalk.studio.faces import Faces
from latentwalk.studio.mailbox import Mailbox
from latentwalk.studio.model import Model
from latentwalk.studio.models import unsupervised
from latentwalk.studio.serve import Serving
from latentwalk.studio.session import Session
from latentwalk.studio.state import Share, State, read
from toys import ToyScorer


@pytest.fixture(scope="module")
def model(toy) -> Model:
    scorer = ToyScorer(entangled=True)
    return Model.of(toy, scorer, PixelFeatures(), scorer.directions)


@pytest.fixture(scope="module")
def serving(model: Model) -> Iterator[Serving]:
    with Serving(model, 0) as serving:
        thread = threading.Thread(target=serving.run, daemon=True)
        thread.start()
        yield serving
        serving.stop()
        thread.join(10)


def ask(serving: Serving, path: str = "/", cookie: bool = True, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a GET, as a program that sets its own headers asks for it."""
    connection = HTTPConnection("127.0.0.1", serving.port, timeout=10)
    known = {"Cookie": f"{COOKIE}={serving.doors.token}"} if cookie else {}
    connection.request(
        "GET", path, headers={**known, **{name.replace("_", "-"): value for name, value in headers.items()}}
    )
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


@contextlib.contextmanager
def page(serving: Serving) -> Iterator[ClientConnection]:
    """A socket as the page opens it, its first message read."""
    own = f"127.0.0.1:{serving.port}"
    with connect(
        f"ws://{own}/live", origin=f"http://{own}", additional_headers={"Cookie": f"{COOKIE}={serving.doors.token}"}
    ) as socket:
        assert json.loads(socket.recv(10))["kind"] == "model"
        yield socket


def unpacked(frame: bytes) -> tuple[dict, Image.Image]:
    size = int.from_bytes(frame[:4], "big")
    return json.loads(frame[4 : 4 + size]), Image.open(BytesIO(frame[4 + size :]))


def test_a_state_comes_back_as_its_picture(serving: Serving, model: Model) -> None:
    state = {"seed": 3, "edits": [{"direction": "one", "amount": 2}]}
    with page(serving) as socket:
        socket.send(json.dumps({"seq": 5, "state": state, "final": True}))
        header, picture = unpacked(socket.recv(10))
    frame = Session(model).frame(read(State, state))
    assert header["seq"] == 5
    assert header["after"] == pytest.approx(frame.after)
    expected = to_pictures(frame.image[None])[0]
    difference = torch.tensor(list(picture.tobytes())).float() - torch.tensor(list(expected.tobytes())).float()
    assert difference.abs().mean() < 8  # JPEG


def test_the_newest_state_is_drawn_and_none_goes_back(serving: Serving) -> None:
    with page(serving) as socket:
        for number in range(1, 201):
            socket.send(json.dumps({"seq": number, "state": {"seed": number}}))
        shown = []
        while not shown or shown[-1] < 200:
            shown.append(unpacked(socket.recv(10))[0]["seq"])
    assert shown == sorted(shown) and shown[-1] == 200


def test_while_somebody_drags_the_picture_comes_first_and_what_is_seen_in_it_after(serving: Serving) -> None:
    state = {"seed": 3, "edits": [{"direction": "one", "amount": 2}]}
    with page(serving) as socket:
        socket.send(json.dumps({"seq": 1, "state": state, "final": False}))
        first, picture = unpacked(socket.recv(10))
        seen = json.loads(socket.recv(10))
        socket.send(json.dumps({"seq": 2, "state": state, "final": True}))
        whole, same = unpacked(socket.recv(10))
    assert "after" not in first and (seen["kind"], seen["seq"]) == ("seen", 1)
    assert {name: seen[name] for name in ("before", "after", "identity", "distance", "usual")}.items() <= whole.items()
    assert picture.tobytes() == same.tobytes()


def test_a_walk_streams_its_steps_and_can_be_gone_on_from(serving: Serving) -> None:
    with page(serving) as socket:
        socket.send(json.dumps({"job": "walk", "attribute": "one", "target": 0.001, "state": {"seed": 5}}))
        steps = []
        while isinstance(message := socket.recv(10), bytes):
            steps.append(unpacked(message)[0]["step"])
        walked = json.loads(message)
        assert json.loads(socket.recv(10)) == {"kind": "ended", "job": "walk", "error": None, "stopped": False}
        assert walked["kind"] == "walked" and walked["reached"]
        climbed = steps.index(1, 1)  # the slider was not enough
        assert steps[:climbed] == [*range(1, climbed + 1)] and steps[climbed:] == sorted(steps[climbed:])
        socket.send(json.dumps({"seq": 1, "state": {"kept": walked["id"]}}))
        header, _ = unpacked(socket.recv(10))
    assert header["after"]["one"] <= 0.001 < header["before"]["one"]
    with page(serving) as later:  # another server, say
        later.send(json.dumps({"seq": 1, "state": {"kept": walked["id"]}}))
        assert json.loads(later.recv(10)) == {"kind": "forgotten", "seq": 1, "id": walked["id"]}
        later.send(json.dumps({"bring": walked["found"]}))
        later.send(json.dumps({"seq": 2, "state": {"kept": walked["id"]}}))
        assert unpacked(later.recv(10))[0]["after"] == pytest.approx(header["after"], abs=1e-5)


def test_a_walk_that_cannot_be_says_why_and_pictures_go_on(serving: Serving) -> None:
    with page(serving) as socket:
        socket.send(json.dumps({"job": "walk", "attribute": "age", "target": 0.9, "state": {"seed": 5}}))
        assert "no attribute 'age'" in json.loads(socket.recv(10))["error"]
        socket.send(json.dumps({"seq": 1, "state": {}}))
        assert unpacked(socket.recv(10))[0]["seq"] == 1


def test_another_picture_is_drawn_beside_and_keeps_nobody_waiting(serving: Serving, model: Model) -> None:
    with page(serving) as socket:
        for number in (1, 2, 3):
            socket.send(json.dumps({"seq": number, "state": {"seed": 9}, "beside": True}))
            socket.send(json.dumps({"seq": number, "state": {"seed": number}}))
        newest = {}
        while newest != {"frame": 3, "beside": 3}:
            header, picture = unpacked(socket.recv(10))
            newest[header["kind"]] = header["seq"]
            if header["kind"] == "beside":
                beside = picture
        expected = to_pictures(Session(model).frame(State(seed=9)).image[None])[0]
        difference = torch.tensor(list(beside.tobytes())).float() - torch.tensor(list(expected.tobytes())).float()
        assert difference.abs().mean() < 8  # JPEG


def test_a_saved_picture_is_dropped_on_another_page(serving: Serving) -> None:
    state = {"seed": 7, "edits": [{"direction": "one", "amount": 1.5}], "hold": ["two"]}
    with page(serving) as socket:
        socket.send(json.dumps({"job": "save", "state": state}))
        header, picture = unpacked(socket.recv(10))
        assert (header["kind"], header["name"]) == ("file", "toy-seed7-one.png")
        assert json.loads(socket.recv(10))["kind"] == "ended"
    with page(serving) as socket:
        socket.send(json.dumps({"job": "restore", "receipt": picture.text["latentwalk"]}))
        assert read(State, json.loads(socket.recv(10))["state"]) == read(State, state)
        assert json.loads(socket.recv(10))["kind"] == "ended"
        for text in ("{", "[" * 100_000, picture.text["latentwalk"].replace('"seed": 7', '"seed": 1e400')):
            socket.send(json.dumps({"job": "restore", "receipt": text}))
            assert "damaged or foreign" in json.loads(socket.recv(10))["error"]


def test_where_a_slider_leads_to_is_drawn_small_beside_each_other(serving: Serving, model: Model) -> None:
    with page(serving) as socket:
        wish = {"ends": {"direction": "one", "amount": 0}, "amounts": [-2, 2], "state": {"seed": 3}}
        socket.send(json.dumps(wish))
        header, picture = unpacked(socket.recv(10))
        assert header == {"kind": "ends", "slider": "one"} and picture.size == (16, 8)
        socket.send(json.dumps({**wish, "ends": {"direction": "age", "amount": 0}}))
        assert json.loads(socket.recv(10)) == {"kind": "ends", "slider": "age"}


def test_a_page_keeps_its_own_sliders_and_brings_them_to_a_server_that_has_forgotten(
    serving: Serving, model: Model
) -> None:
    with page(serving) as socket:
        socket.send(json.dumps({"job": "discover", "methods": ["sefa"], "samples": 200}))
        told = []
        while not told or told[-1]["kind"] != "ended":
            told.append(json.loads(socket.recv(20)))
        assert told[-1]["error"] is None
        slider = next(each["sliders"] for each in told if each["kind"] == "sliders")[0]
        moved = {"state": {"edits": [{"direction": slider["id"], "amount": 2}]}}
        socket.send(json.dumps({"seq": 1, **moved}))
        header, _ = unpacked(socket.recv(10))
    with page(serving) as later:
        later.send(json.dumps({"seq": 1, **moved}))
        assert json.loads(later.recv(10)) == {"kind": "forgotten", "seq": 1, "id": slider["id"]}
        later.send(json.dumps({"bring": slider["found"]}))
        assert json.loads(later.recv(10))["sliders"] == [slider]
        later.send(json.dumps({"seq": 2, **moved}))
        assert unpacked(later.recv(10))[0]["after"] == pytest.approx(header["after"], abs=1e-5)
        later.send(json.dumps({"rename": slider["id"], "name": "rosy cheeks"}))
        renamed = json.loads(later.recv(10))["sliders"][0]
        assert (renamed["id"], renamed["name"]) == (slider["id"], "rosy cheeks")
        later.send(json.dumps({"save": [slider["id"]], "name": "mine"}))
        raw = later.recv(10)
        size = int.from_bytes(raw[:4], "big")
        assert json.loads(raw[4 : 4 + size]) == {"kind": "file", "name": "mine.safetensors"}
        later.send(json.dumps({"open": base64.b64encode(raw[4 + size :]).decode(), "name": "mine"}))
        again = json.loads(later.recv(10))["sliders"][0]
        assert (again["id"], again["name"]) == ("own:mine:rosy cheeks", "rosy cheeks")


@pytest.mark.parametrize(
    "message",
    [
        {"bring": {"slider": "own:a:b", "file": "AAAA"}},
        {"bring": {"slider": "one", "file": ""}},
        {"bring": {}},
        {"open": "?", "name": "x"},
        {"open": base64.b64encode(b"\x80\x04cos\nsystem\n").decode(), "name": "x"},
        {"rename": "age", "name": "old"},
        {"rename": "one", "name": "uno"},
        {"rename": "one", "name": "\n"},
        {"save": ["own:a:b"]},
        {"save": ["own:a:b"], "name": "../x"},
        {"ends": {"direction": "one", "amount": 0}, "amounts": [float("nan")], "state": {}},
    ],
)
def test_wishes_that_cannot_be_are_refused_in_words(serving: Serving, message: dict) -> None:
    with page(serving) as socket:
        socket.send(json.dumps(message))
        answer = json.loads(socket.recv(10))
        assert answer["kind"] == "refused" and "\n" not in answer["error"]
        socket.send(json.dumps({"seq": 1, "state": {}}))
        assert unpacked(socket.recv(10))[0]["seq"] == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"seq": "1"}', "[" * 100_000])
def test_a_message_that_means_nothing_is_answered_in_words(serving: Serving, text: str) -> None:
    with page(serving) as socket:
        socket.send(text)
        assert json.loads(socket.recv(10))["kind"] == "refused"
        socket.send(json.dumps({"seq": 1, "state": {"seed": 1}}))
        assert unpacked(socket.recv(10))[0]["seq"] == 1


def test_a_state_that_cannot_be_drawn_says_why(serving: Serving) -> None:
    with page(serving) as socket:
        socket.send(json.dumps({"seq": 1, "state": {"edits": [{"direction": "age", "amount": 1}]}}))
        assert "no slider 'age'" in json.loads(socket.recv(10))["error"]


def test_the_page_comes_with_a_strict_policy_and_nothing_from_elsewhere(serving: Serving) -> None:
    status, headers, body = ask(serving)
    assert status == 200
    for name, value in HEADERS.items():
        assert headers[name.lower()] == value
    assert b"https://" not in body and b"<script>" not in body and b"style=" not in body
    assert "unsafe" not in headers["content-security-policy"]


def test_the_address_gives_the_cookie_once_and_strictly(serving: Serving) -> None:
    status, headers, _ = ask(serving, f"/?token={serving.doors.token}", cookie=False)
    assert (status, headers["location"]) == (303, "/")
    assert "samesite=strict" in headers["set-cookie"].lower() and "httponly" in headers["set-cookie"].lower()
    assert "domain" not in headers["set-cookie"].lower()  # of this host alone
    assert ask(serving, "/?token=guess", cookie=False)[0] == 403


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/live"])
def test_without_the_token_there_is_nothing(serving: Serving, path: str) -> None:
    assert ask(serving, path, cookie=False)[0] == 403
    assert ask(serving, path, cookie=False, Cookie=f"{COOKIE}=guess")[0] == 403


def test_other_names_and_other_pages_are_refused(serving: Serving) -> None:
    assert ask(serving, Host="evil.example")[0] == 400
    assert ask(serving, Host=f"evil.example:{serving.port}")[0] == 400
    for origin in ("http://evil.example", "null", f"https://127.0.0.1:{serving.port}", "http://127.0.0.1:1"):
        assert ask(serving, Origin=origin)[0] == 403
    assert ask(serving, Origin=f"http://127.0.0.1:{serving.port}")[0] == 200


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null"])
def test_sockets_of_other_pages_are_refused(serving: Serving, origin: str | None) -> None:
    cookie = {"Cookie": f"{COOKIE}={serving.doors.token}"}
    with (
        pytest.raises((InvalidStatus, ConnectionClosed)),
        connect(f"ws://127.0.0.1:{serving.port}/live", origin=origin, additional_headers=cookie) as socket,
    ):
        socket.recv(5)


@pytest.mark.parametrize(
    "name",
    ["..%2fserver.py", "..", "%2e%2e", "app.js%00.png", "a" * 300, "../session.py", "....//state.py", "index.html/"],
)
def test_no_path_comes_from_a_client(serving: Serving, name: str) -> None:
    status, _, body = ask(serving, f"/static/{name}")
    assert status == 404 and b"import" not in body


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/static/", "/static"])
def test_there_are_no_other_pages(serving: Serving, path: str) -> None:
    assert ask(serving, path)[0] in (404, 405)


def test_it_is_bound_to_this_machine_alone(serving: Serving) -> None:
    assert serving.socket.getsockname()[0] == "127.0.0.1"


def test_a_taken_port_is_said(model: Model, serving: Serving) -> None:
    with pytest.raises(ValueError, match="is taken: choose another"):
        Serving(model, serving.port)


def test_a_mailbox_keeps_the_newest() -> None:
    async def drag() -> list[int]:
        mail: Mailbox[int] = Mailbox()
        for number in range(5):
            mail.put(number)
        taken = [await mail.take()]
        asyncio.get_running_loop().call_later(0.01, mail.put, 7)
        return [*taken, await mail.take()]

    assert asyncio.run(drag()) == [4, 7]


def test_a_mix_asks_for_every_code_that_was_forgotten(serving: Serving, model: Model) -> None:
    shelf = Session(model).shelf
    kept = [shelf.keep(code, code) for code in (model.generator.sample([1]), model.generator.sample([2]))]
    look = json.dumps({"seq": 1, "state": {"mix": [{"kept": each.id, "weight": 0.5} for each in kept]}})
    with page(serving) as socket:
        for each in kept:
            socket.send(look)
            assert json.loads(socket.recv(10)) == {"kind": "forgotten", "seq": 1, "id": each.id}
            socket.send(json.dumps({"bring": each.model_dump()}))
        socket.send(look)
        header, _ = unpacked(socket.recv(10))
    expected = Session(model).frame(State(mix=(Share(seed=1, weight=0.5), Share(seed=2, weight=0.5))))
    assert header["after"] == pytest.approx(expected.after, abs=1e-5)


def test_a_page_goes_on_to_another_model(model: Model, tiny) -> None:
    other = Model.of(tiny, Unscored(), PixelFeatures(), unsupervised(tiny))
    with Serving(model, 0, {"toy": lambda: model, "tiny": lambda: other}) as several:
        thread = threading.Thread(target=several.run, daemon=True)
        thread.start()
        with page(several) as socket:
            socket.send(json.dumps({"job": "open", "name": "tiny"}))
            told = [json.loads(socket.recv(10)) for _ in range(3)]
            assert [message["kind"] for message in told] == ["opening", "model", "ended"]
            assert (told[1]["name"], told[1]["size"], told[1]["models"]) == ("tiny", [3, 16, 16], ["toy", "tiny"])
            socket.send(json.dumps({"seq": 1, "state": {"seed": 3}}))
            assert unpacked(socket.recv(10))[1].size == (16, 16)
        with page(several) as socket:  # whoever comes next begins with the first
            socket.send(json.dumps({"seq": 1, "state": {"seed": 3}}))
            assert unpacked(socket.recv(10))[1].size == (8, 8)
        several.stop()
        thread.join(10)


class AnyFaces(Faces):
    """Takes all for one person to a degree."""

    def alike(self, before: torch.Tensor, after: torch.Tensor) -> float:
        return 1.0 if before is after else 0.25


def test_whether_it_is_the_same_person_is_said_of_what_nobody_drags(model: Model) -> None:
    known = replace(model, faces=AnyFaces(Template(generator="", looked=1, found=0, points=[])))
    edited = {"seed": 1, "edits": [{"direction": "one", "amount": 1}]}
    with Serving(known, 0) as people:
        thread = threading.Thread(target=people.run, daemon=True)
        thread.start()
        with page(people) as socket:
            for seq, state, final in ((1, edited, False), (2, edited, True), (3, {"seed": 1}, True)):
                socket.send(json.dumps({"seq": seq, "state": state, "final": final}))
                assert unpacked(socket.recv(10))[0]["seq"] == seq
                said = json.loads(socket.recv(10))
                if final:
                    assert said == {"kind": "person", "seq": seq, "alike": {2: 0.25, 3: 1.0}[seq]}
                else:
                    assert said["kind"] == "seen"
        people.stop()
        thread.join(10)
