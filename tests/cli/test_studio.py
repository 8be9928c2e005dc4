"""The studio's command: what is wrong is said before anything is served."""

import socket

import pytest


def test_a_generator_that_is_not_there_is_said_first(run) -> None:
    code, _, err = run("studio", "missing.pt", "--no-browser")
    assert code == 2 and "no generator 'missing.pt'" in err


def test_a_taken_port_is_said_in_one_line(run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, err = run("studio", "faces64", "--no-browser", "--port", taken.getsockname()[1])
    assert code == 2 and "is taken: choose another (--port)" in err


def test_directions_of_another_generator_are_refused(run) -> None:
    from latentwalk.bundled import DIRECTIONS

    code, _, err = run("studio", "faces64", "--no-browser", "--directions", DIRECTIONS["avatars64"])
    assert code == 2 and "was made for the generator" in err


@pytest.mark.parametrize("port", ["-1", "70000", "http"])
def test_a_port_is_a_number_of_a_port(run, port: str) -> None:
    assert run("studio", "--port", port)[0] == 2


def test_a_host_that_others_reach_needs_a_token(run) -> None:
    code, _, err = run("studio", "--no-browser", "--host", "10.0.0.1")
    assert code == 2 and "choose a token that they have to know (--token)" in err and err.count("\n") == 1


def test_a_token_that_is_too_short_is_refused(run) -> None:
    code, _, err = run("studio", "--no-browser", "--host", "10.0.0.1", "--token", "1234")
    assert code == 2 and "a token is 12 to 200" in err
