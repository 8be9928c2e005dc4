"""`latentwalk benchmark`, as a person meets it."""

import json

from latentwalk.disentanglement import FIGURES, Benchmark, Disentanglement, Setup, Trial
from latentwalk.jobs import benchmark as job
from latentwalk.origin import Source


def small(*_given, **_more) -> Benchmark:
    """What a run could have measured."""
    source = Source(source="avatars64")
    setup = Setup(generator=source, scorer=source, judge=source, drawing="", samples=100, codes=100, drawings=0)
    seen = Disentanglement(**dict.fromkeys(FIGURES, 0.25))
    row = {"names": ["one", "two"], "space": "w", "seconds": 1.0, "judged": seen, "knows": [[0.5] * 2] * 2}
    trials = [Trial(method="sefa", count=2, seed=seed, **row) for seed in (0, 1)]
    return Benchmark(latentwalk="0", setup=setup, factors=["hat", "x"], trials=trials, left_out={"ica": "nothing"})


def test_a_table_and_a_page(run, monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(job, "benchmark", small)
    code, out, _ = run("benchmark", "avatars64", "--out", "b")
    assert code == 0 and "2 directions" in out and "sefa" in out and "0.250" in out
    assert "means over 2 seeds" in out and "left out ica: nothing" in out
    for name in ("html", "md", "json"):
        assert f"wrote b/benchmark.{name}" in out
    code, _, err = run("benchmark", "avatars64", "--out", "b")
    assert code == 2 and "exists already" in err
    code, out, _ = run("benchmark", "avatars64", "--out", "b", "--force", "--json")
    assert code == 0 and len(json.loads(out)["trials"]) == 2


def test_bad_input_is_one_line(run) -> None:
    for arguments, message in (
        (("nowhere.safetensors",), "no generator 'nowhere.safetensors'"),
        (("avatars64", "--method", "seffa"), "no method 'seffa'"),
        (("avatars64", "--space", "y"), "the spaces z, w, w+, s, got 'y'"),
        (("avatars64", "--out", "b.json"), "expected a folder"),
    ):
        code, _, err = run("benchmark", *arguments)
        assert code == 2 and message in err and len(err.strip().splitlines()) == 1
