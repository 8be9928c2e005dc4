"""What a benchmark says of its trials."""

import pytest

from latentwalk.disentanglement import FIGURES, Benchmark, Disentanglement, Setup, Trial
from latentwalk.origin import Source


def seen(mig: float) -> Disentanglement:
    return Disentanglement(**(dict.fromkeys(FIGURES, 0.5) | {"mig": mig}))


def trial(method: str, seed: int, judged: float, drawn: float | None, count: int = 2) -> Trial:
    return Trial(
        method=method,
        count=count,
        seed=seed,
        names=["a", "b"],
        space="w",
        seconds=1.0,
        judged=seen(judged),
        drawn=None if drawn is None else seen(drawn),
        knows=[[0.5, 0.1], [0.0, 0.4]],
    )


def made(trials: list[Trial], drawings: int) -> Benchmark:
    source = Source(source="x")
    setup = Setup(generator=source, scorer=source, judge=source, drawing="", samples=100, codes=100, drawings=drawings)
    return Benchmark(latentwalk="0", setup=setup, factors=["one", "two"], trials=trials)


def test_figures_are_means_over_seeds_and_the_best_comes_first() -> None:
    trials = [trial("a", 0, 0.9, 0.1), trial("a", 1, 0.9, 0.3), trial("b", 0, 0.1, 0.4), trial("b", 1, 0.1, 0.4)]
    drawn = made(trials, 100)
    assert drawn.ranking(2) == ["b", "a"] and drawn.seeds == [0, 1] and drawn.counts == [2]
    figure = drawn.figure("a", 2, "mig")
    assert figure and figure.mean == pytest.approx(0.2) and figure.deviation == pytest.approx(0.2 / 2**0.5)
    judged = drawn.figure("a", 2, "mig", judged=True)
    assert judged and judged.mean == pytest.approx(0.9)


def test_without_drawings_the_judge_has_the_word() -> None:
    plain = made([trial("a", 0, 0.2, None), trial("b", 0, 0.3, None)], 0)
    assert plain.ranking(2) == ["b", "a"]
    figure = plain.figure("a", 2, "mig")
    assert figure and figure.mean == 0.2 and figure.deviation is None
    assert plain.figure("c", 2, "mig") is None


def test_it_is_read_as_it_was_written(tmp_path) -> None:
    first = made([trial("a", 0, 0.2, 0.1)], 100)
    first.save(tmp_path / "b.json")
    assert Benchmark.read(tmp_path / "b.json") == first
    (tmp_path / "b.json").write_text('{"latentwalk": "0"}')
    with pytest.raises(ValueError, match="damaged or foreign"):
        Benchmark.read(tmp_path / "b.json")
    with pytest.raises(ValueError, match="cannot read the benchmark"):
        Benchmark.read(tmp_path / "none.json")
