"""Sweeps out of shards are those of one pass, and an evaluation cannot tell who recorded them."""

from dataclasses import replace

import pytest
import torch

from latentwalk.direction import Direction, Directions
from latentwalk.features.network import PixelFeatures
from latentwalk.jobs.evaluate import evaluate, with_evaluation
from latentwalk.jobs.evaluate_sweeps import check_room
from latentwalk.jobs.features import features_of
from latentwalk.jobs.load import load_scorer
from latentwalk.jobs.shard_sweeps import DIRECTIONS, held_out, lay_out, read_sweeps, sum_of, sweeps_job
from latentwalk.jobs.verify_job import verify_job
from latentwalk.metrics.record import Recorder
from latentwalk.scale.shard import read_shard, shard_file
from latentwalk.scorers.callable import CallableScorer
from latentwalk.sweep import even_strengths
from random_networks import random_biggan
from shards_done import COLOURS, Here, colours, digest_of, done, tiny_generator

STRENGTHS = even_strengths(5)
GIVEN = {f"mine:{name}": Direction(name, torch.eye(24)[i]) for i, name in enumerate(("red", "pc 1"))}
FOUND = Directions(tuple(GIVEN.values()))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_generator(tmp_path_factory.mktemp("tiny") / "tiny.safetensors")


@pytest.fixture(scope="module")
def judge(tiny):
    return load_scorer(COLOURS, "cpu", tiny)


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """The folder where jobs of their own begin."""
    monkeypatch.setenv("LATENTWALK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "runs"


def lambda_judge() -> CallableScorer:
    """The same judge, which no other process can open."""
    return CallableScorer(lambda images: colours(images), "<lambda>", ("red", "green"))


def swept(folder, job, directions=GIVEN, order=None):
    lay_out(job, folder, directions)
    return done(folder, job, order)


def once(generator, judge, features, codes, close, seed=0, directions=GIVEN, strengths=STRENGTHS):
    """The same in one pass."""
    every = held_out(generator, seed, codes, 0, 2 * codes)
    recorder = Recorder(generator, judge, features, strengths)
    return dict(
        zip(
            directions,
            recorder.record(list(directions.values()), every[:codes], every[codes:], close, seed),
            strict=True,
        )
    )


def numbers(sweep) -> dict[str, torch.Tensor]:
    whole = {name: getattr(sweep, name) for name in ("logits", "edited", "unedited", "reference")}
    return whole | {
        name: getattr(sweep.close, name) for name in ("embeddings", "perceptual", "pixels", "changes", "path")
    }


def far(one, other) -> float:
    """The largest difference of any number of two sweeps of the same shapes."""
    first, second = numbers(one), numbers(other)
    assert {n: t.shape for n, t in first.items()} == {n: t.shape for n, t in second.items()}
    return max(float((first[name] - second[name]).abs().max()) for name in first)


def figures(evaluation) -> list[tuple[str, str, float]]:
    """All metrics of all directions with their intervals, as far as there are."""
    return [
        (result.key, f"{name} {part}", getattr(found, part))
        for result in evaluation.directions
        for name, found in result.metrics.items()
        if found is not None
        for part in ("value", "low", "high")
        if getattr(found, part) is not None
    ]


def alike(one, other) -> bool:
    first, second = figures(one), figures(other)
    same = [row[:2] for row in first] == [row[:2] for row in second]
    return same and [row[2] for row in first] == pytest.approx([row[2] for row in second], rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("counted", [False, True])
def test_joined_sweeps_are_those_of_one_pass_bit_for_bit(tiny, judge, tmp_path, monkeypatch, counted) -> None:
    """Where the same codes are rendered at once: 64, as always for pictures so small."""
    monkeypatch.setattr("latentwalk.samples.COUNTED", 100 if counted else 20_000)
    job = sweeps_job(tiny, judge, GIVEN, 192, STRENGTHS, seed=3, close=20, shard=64)
    assert (job.shards, job.batch) == (3, 64)
    found = read_sweeps(swept(tmp_path, job))
    expected = once(tiny, judge, PixelFeatures(), 192, 20, seed=3)
    assert list(found) == list(GIVEN)
    for key, sweep in found.items():
        assert far(sweep, expected[key]) == 0
        assert sweep._kind == expected[key]._kind
    assert found["mine:red"].unedited is found["mine:pc 1"].unedited


def test_sizes_that_do_not_fit_are_the_same_but_for_rounding(tiny, judge, tmp_path) -> None:
    """A last shard of one code, others at once than in one pass, and closer looks that end within a shard."""
    job = sweeps_job(tiny, judge, GIVEN, 41, STRENGTHS, close=23, batch=5, shard=10)
    found, expected = read_sweeps(swept(tmp_path, job)), once(tiny, judge, PixelFeatures(), 41, 23)
    assert len(read_shard(shard_file(tmp_path, 4)).tensors["unedited"]) == 1
    assert max(far(found[key], expected[key]) for key in GIVEN) < 1e-4  # the path divides by EPSILON squared
    all_close = sweeps_job(tiny, judge, GIVEN, 41, STRENGTHS, close=96, batch=5, shard=10)
    sweep = read_sweeps(swept(tmp_path / "all", all_close))["mine:red"]
    assert len(sweep.close.path) == 41


def test_a_network_is_looked_into_by_workers_too(faces, tmp_path) -> None:
    judge = load_scorer("faces64-judge", "cpu", faces)
    given = {"a": Direction("hat", torch.nn.functional.normalize(torch.ones(faces.input_space.size), dim=0))}
    job = sweeps_job(faces, judge, given, 6, STRENGTHS[::2], close=3, batch=2, shard=4)
    expected = once(faces, judge, features_of(judge), 6, 3, directions=given, strengths=STRENGTHS[::2])["a"]
    sweep = read_sweeps(swept(tmp_path, job, given))["a"]
    assert far(replace(sweep, close=expected.close), expected) < 1e-4
    assert torch.allclose(sweep.close.path, expected.close.path, rtol=0.01)


def test_any_order_gives_the_same_bytes_and_the_same_again(tiny, judge, tmp_path) -> None:
    job = sweeps_job(tiny, judge, GIVEN, 41, STRENGTHS, batch=5, shard=10)
    one, other = swept(tmp_path / "one", job), swept(tmp_path / "other", job, order=[4, 1, 0, 3, 2])
    assert digest_of(one) == digest_of(other)
    assert verify_job(one, share=1.0, trusted=(COLOURS,)).exact


@pytest.mark.parametrize("most", [100, 20_000])
def test_an_evaluation_has_the_same_figures_whoever_recorded_it(tiny, judge, cache, monkeypatch, most) -> None:
    """More codes than `most` are rows of an endless table, here and there; up to as many are as they were."""
    monkeypatch.setattr("latentwalk.samples.COUNTED", most)
    engine, told = Here(), []
    settings = {"codes": 150, "strengths": 5, "close": 20, "features": "pixels"}
    shared = evaluate(tiny, [FOUND], judge, **settings, engine=engine, tell=told.append)
    assert engine.ran == [0] and len(told) == 1 and str(cache) in told[0]
    alone = evaluate(tiny, [FOUND], lambda_judge(), **settings)
    assert len(list(cache.iterdir())) == 1
    assert alike(shared, alone) and len(figures(shared)) > 20
    assert shared.floor == pytest.approx(alone.floor, abs=1e-6)
    assert (shared.seed, shared.images, shared.spread) == (alone.seed, alone.images, pytest.approx(alone.spread))


def test_many_codes_begin_a_job_by_themselves_and_few_do_not(tiny, judge, cache, monkeypatch) -> None:
    made = []
    monkeypatch.setattr("latentwalk.jobs.evaluate_sweeps.read_engine", lambda device: made.append(Here()) or made[-1])
    settings = {"strengths": 3, "features": "pixels"}
    evaluate(tiny, [FOUND], judge, 50, **settings)
    assert not made and not cache.exists()
    monkeypatch.setattr("latentwalk.samples.COUNTED", 49)
    evaluate(tiny, [FOUND], judge, 50, **settings)
    assert made[0].ran == [0]


def test_the_same_again_goes_on_and_what_was_measured_changes_no_job(tiny, judge, cache) -> None:
    settings = {"codes": 60, "strengths": 3, "features": "pixels"}
    first = evaluate(tiny, [FOUND], judge, **settings, engine=Here())
    again = Here()
    kept = with_evaluation([FOUND], first)  # what --update writes
    second = evaluate(tiny, kept, judge, **settings, seed=first.seed, engine=again)
    assert again.ran == []
    assert figures(first) == figures(second)
    other = Here()
    turned = Directions(tuple(direction.turned() for direction in FOUND))
    evaluate(tiny, [turned], judge, **settings, engine=other)
    assert other.ran == [0] and len(list(cache.iterdir())) == 2


def test_directions_that_are_others_are_refused_and_put_back(tiny, judge, tmp_path) -> None:
    job = sweeps_job(tiny, judge, GIVEN, 10, STRENGTHS, batch=5)
    folder = swept(tmp_path, job)
    Directions(tuple(each.turned() for each in GIVEN.values())).save(folder / DIRECTIONS)
    with pytest.raises(ValueError, match="holds other directions than the job was started with"):
        read_sweeps(folder)
    (folder / DIRECTIONS).write_bytes(b"garbage")
    with pytest.raises(ValueError, match="is not a readable file of directions"):
        read_sweeps(folder)
    lay_out(job, folder, GIVEN)
    assert len(read_sweeps(folder)) == 2
    with pytest.raises(ValueError, match="holds another job"):
        lay_out(sweeps_job(tiny, judge, GIVEN, 11, STRENGTHS, batch=5), folder, GIVEN)


def test_the_sum_tells_all_that_an_edit_depends_on() -> None:
    one = Direction("one", torch.eye(8)[0], "w")
    others = [
        replace(one, name="two"),
        replace(one, vector=torch.eye(8)[1]),
        replace(one, space="z"),
        replace(one, unit=2.0),
        replace(one, layers=(1, 2)),
    ]
    sums = {sum_of([each]) for each in (one, *others)}
    assert len(sums) == 6
    assert sum_of([replace(one, range=(0.0, 1.0))]) in sums


@pytest.mark.parametrize("most", [5, 20_000])
def test_held_out_codes_can_be_made_in_parts(monkeypatch, most) -> None:
    monkeypatch.setattr("latentwalk.samples.COUNTED", most)
    generator, labels = random_biggan(), torch.tensor([2, 0, 1])
    whole = held_out(generator, 4, 10, 0, 20, labels)
    for first, count in ((0, 1), (7, 5), (10, 10)):
        part = held_out(generator, 4, 10, first, count, labels)
        assert torch.equal(part.values, whole.values[first : first + count])
        assert part.labels is not None and torch.equal(part.labels, whole.labels[first : first + count])


def test_a_logit_that_is_no_number_stops_the_job(tiny, judge, tmp_path, monkeypatch) -> None:
    job = sweeps_job(tiny, judge, GIVEN, 10, STRENGTHS, batch=5)

    class Torn:
        source, attributes = COLOURS, ("red", "green")

        def __call__(self, images, /):
            return images[:, :2].mean((2, 3)).log()

    monkeypatch.setattr("latentwalk.jobs.shard_sweeps.scorer_of", lambda job, folder, generator: Torn())
    with pytest.raises(ValueError, match="logits are not finite along 'red': use another judge"):
        swept(tmp_path, job)


def test_a_shard_has_so_many_pictures_that_little_is_lost(tiny, judge) -> None:
    one = sweeps_job(tiny, judge, {"one": GIVEN["mine:red"]}, 20_001, even_strengths(9))
    many = sweeps_job(tiny, judge, {str(i): GIVEN["mine:red"] for i in range(40)}, 20_001, even_strengths(9))
    assert (one.shard, many.shard) == (1024, 64)


def test_what_does_not_fit_in_memory_is_refused_with_what_does() -> None:
    check_room(20_001, 10, 9, 40)
    with pytest.raises(ValueError, match=r"1,000,000 codes along 10 directions take 79 GB .* more than 10: take"):
        check_room(10**6, 10, 9, 40)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"codes": 1}, "2 codes or more"),
        ({"directions": {}}, "expected a direction or more"),
        ({"batch": 1}, "2 at once"),
        ({"close": 0}, "a close look at 1 or more"),
        ({"features": "vgg"}, "no features 'vgg'"),
        ({"judge": lambda_judge()}, "no other process can open the scorer"),
    ],
)
def test_what_is_no_job_is_refused(tiny, judge, wrong, message) -> None:
    given = {"judge": judge, "directions": GIVEN, "codes": 10, "strengths": STRENGTHS, **wrong}
    with pytest.raises(ValueError, match=message):
        sweeps_job(tiny, **given)
