import pytest
import torch

from latentwalk.checkpoints.own import write
from latentwalk.jobs.load import load
from latentwalk.jobs.run_shards import run_job
from latentwalk.jobs.shard_moments import moments_job, read_moments
from latentwalk.methods.decomposition import activations
from latentwalk.numerics.moments import Moments
from latentwalk.numerics.sketch import Sketch
from latentwalk.samples import counted_codes
from latentwalk.scale.local import Local
from random_networks import random_stylegan2
from shards_done import digest_of, done, tiny_generator

ROWS = 2500


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_generator(tmp_path_factory.mktemp("tiny") / "tiny.safetensors")


def apart(one, other) -> float:
    return float((one - other).abs().max() / other.abs().max())


def test_moments_of_codes_are_those_of_one_pass(tiny, tmp_path) -> None:
    folder = done(tmp_path, moments_job(tiny, ROWS, seed=4, batch=100, shard=300))
    sums, whole = read_moments(folder), Moments.of(counted_codes(tiny, 4, 0, ROWS).values)
    assert isinstance(sums, Moments) and sums.count == ROWS
    assert apart(sums.mean, whole.mean) < 1e-12
    assert apart(sums.scatter, whole.scatter) < 1e-12


def test_moments_of_a_layer_have_the_codes_behind_them(tiny, tmp_path) -> None:
    folder = done(tmp_path, moments_job(tiny, 700, layer="layers.0", batch=64, shard=128))
    rows = torch.cat(list(activations(tiny, counted_codes(tiny, 0, 0, 700), "layers.0")))
    sums, whole = read_moments(folder), Moments.of(rows)
    assert isinstance(sums, Moments) and len(sums.mean) == 40 + 24
    assert apart(sums.scatter, whole.scatter) < 1e-6  # a layer rounds as many rows at once otherwise


def test_a_sketch_of_a_layer_is_that_of_one_pass(tiny, tmp_path) -> None:
    folder = done(tmp_path, moments_job(tiny, 700, layer="layers.1", columns=20, sketch_seed=3, batch=64, shard=128))
    rows = torch.cat(list(activations(tiny, counted_codes(tiny, 0, 0, 700), "layers.1")))
    sums, whole = read_moments(folder), Sketch.over([rows], 20, 24, 3)
    assert isinstance(sums, Sketch)
    assert (sums.count, sums.columns, sums.kept, sums.seed) == (700, 20, 24, 3)
    assert apart(sums.product, whole.product) < 1e-6
    assert sums.total == pytest.approx(whole.total, rel=1e-6)


def test_any_order_gives_the_same_bytes_and_the_same_sums(tiny, tmp_path) -> None:
    job = moments_job(tiny, 1000, batch=50, shard=100)
    one = done(tmp_path / "one", job)
    other = done(tmp_path / "other", job, [7, 0, 9, 3, 1, 2, 8, 6, 5, 4])
    assert digest_of(one) == digest_of(other)
    first, second = read_moments(one), read_moments(other)
    assert isinstance(first, Moments) and isinstance(second, Moments)
    assert torch.equal(first.scatter, second.scatter)


def test_workers_write_the_same_bytes_as_this_process(tiny, tmp_path) -> None:
    job = moments_job(tiny, 1000, layer="layers.0", batch=50, shard=100)
    run_job(tmp_path / "two", job, Local(2))
    assert digest_of(tmp_path / "two") == digest_of(done(tmp_path / "here", job))


def test_codes_are_mapped_to_the_space_that_is_asked_for(tmp_path) -> None:
    file = tmp_path / "style.safetensors"
    write(random_stylegan2(), file)
    style = load(str(file))
    folder = done(tmp_path / "job", moments_job(style, 60, space="w", batch=20, shard=20))
    sums = read_moments(folder)
    mapped = style.map(counted_codes(style, 0, 0, 60), "w").values
    assert torch.allclose(sums.mean, mapped.double().mean(0), atol=1e-5)


def test_a_row_that_is_no_number_is_left_out_and_told(tiny, tmp_path, monkeypatch) -> None:
    from latentwalk.jobs import shard_moments

    def broken(generator, seed, first, count, labels=None):
        codes = counted_codes(generator, seed, first, count, labels)
        codes.values[torch.arange(first, first + count) == 130] = torch.nan
        return codes

    monkeypatch.setattr(shard_moments, "counted_codes", broken)
    folder = done(tmp_path, moments_job(tiny, 200, batch=50, shard=100))
    sums = read_moments(folder)
    rest = counted_codes(tiny, 0, 0, 200).values[torch.arange(200) != 130]
    assert sums.count == 199
    assert torch.allclose(sums.mean, rest.double().mean(0), atol=1e-12)


def test_many_codes_make_few_files(tiny) -> None:
    assert moments_job(tiny, 10**6).shards <= 64
    assert moments_job(tiny, 1000).shards == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"codes": 0}, "expected at least one code"),
        ({"space": "w"}, "this generator has the spaces z, got 'w'"),
        ({"layer": "layers.7"}, "no layer 'layers.7' to read: there are layers.0"),
    ],
)
def test_what_cannot_be_added_up_is_refused(tiny, wrong, message) -> None:
    with pytest.raises(ValueError, match=message):
        moments_job(tiny, **{"codes": 10, **wrong})


def test_a_job_that_is_not_done_says_how_far_it_is(tiny, tmp_path) -> None:
    folder = done(tmp_path, moments_job(tiny, 400, batch=50, shard=100), [0, 2])
    with pytest.raises(ValueError, match="has 2 of 4 shards: give the command that started it again"):
        read_moments(folder)
