"""The benchmark: small, on the bundled generator of avatars."""

import re

import pytest

from latentwalk.jobs import benchmark as job
from latentwalk.jobs.benchmark import benchmark, settings, usual_methods
from latentwalk.jobs.benchmark_page import save_benchmark
from latentwalk.jobs.load import load
from latentwalk.methods import METHODS

SMALL = {"samples": 220, "codes": 110, "drawings": 0}


@pytest.fixture(scope="module")
def avatars():
    return load("avatars64")


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("benchmark")


@pytest.fixture(scope="module")
def result(avatars, kept):
    return benchmark(avatars, ["regression", "channels", "sefa"], (4, 5), 1, keep=kept, **SMALL)


def test_every_method_is_measured_with_every_number(result) -> None:
    assert [(trial.method, trial.count) for trial in result.trials] == [
        (method, count) for count in (5, 4) for method in ("regression", "channels", "sefa")
    ]
    for trial in result.trials:
        assert 2 <= len(trial.names) == len(trial.knows) <= trial.count and len(trial.knows[0]) == 12
        assert trial.drawn is None and 0 <= trial.judged.mig <= 1
    assert {trial.method: trial.space for trial in result.trials} == {"regression": "w", "channels": "s", "sefa": "w"}


def test_who_was_taught_knows_more_than_who_was_not(result) -> None:
    assert result.ranking(5)[-1] == "sefa"
    found = result.of("regression", 5)[0]
    hat = found.knows[found.names.index("hat")]
    assert hat[:5].index(max(hat[:5])) == 3  # among what is there or not


def test_it_goes_on_from_what_was_kept(result, avatars, kept, monkeypatch) -> None:
    monkeypatch.setattr(job, "prepare", None)  # whoever draws fails
    again = benchmark(avatars, ["regression", "sefa"], (5,), 1, keep=kept, **SMALL)
    assert again.trials == [trial for trial in result.trials if trial.count == 5 and trial.method != "channels"]
    with pytest.raises(TypeError):
        benchmark(avatars, ["regression"], (5,), 1, keep=kept, **(SMALL | {"samples": 221}))


def test_the_page_shows_every_method(result, tmp_path) -> None:
    page, text, data = save_benchmark(result, tmp_path / "b.html", ["latentwalk benchmark avatars64"])
    for name in ("regression", "channels", "sefa"):
        assert name in page.read_text() and f"| {name} |" in text.read_text()
    assert "4 directions" in page.read_text() and data.stat().st_size > 1000
    assert not re.search(r"(src|href)=.http", page.read_text())


def test_pictures_that_are_no_avatars_are_refused(faces) -> None:
    with pytest.raises(ValueError, match="these pictures do not look like avatars"):
        benchmark(faces, ["sefa"], (2,), 1, **SMALL)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"directions": (1,)}, "expected 2 to 12 directions"),
        ({"directions": ()}, "expected 2 to 12 directions"),
        ({"seeds": 0}, "1 seed or more"),
        ({"drawings": 50}, "100 samples, codes and drawings"),
        ({"methods": ["seffa"]}, "no method 'seffa'"),
        ({"methods": ["channels"], "space": "w"}, "channels finds directions in s"),
    ],
)
def test_bad_input_is_refused_before_anything_is_drawn(avatars, monkeypatch, given, message) -> None:
    monkeypatch.setattr(job, "prepare", None)
    with pytest.raises(ValueError, match=message):
        benchmark(avatars, **(SMALL | given))


def test_all_methods_but_the_slow_one_are_usual(avatars, tiny) -> None:
    assert usual_methods(avatars, None) == [name for name in METHODS if name != "learned"]
    assert "channels" not in usual_methods(tiny, None) and "channels" not in usual_methods(avatars, "w")


def test_settings_are_those_that_a_method_has() -> None:
    assert settings("sefa", 10, 3) == {"components": 10}
    assert settings("ica", 12, 3) == {"components": 12, "seed": 3}
    assert settings("regression", 12, 3) == {"seed": 3}
    assert settings("channels", 12, 3) == {"top": 1}
