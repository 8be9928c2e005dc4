import pytest
import torch

from latentwalk.jobs.load import load, load_scorer
from latentwalk.jobs.shard_scores import read_scores, score_job
from latentwalk.samples import COUNTED, counted_codes
from latentwalk.scale.shard import read_shard, shard_file
from latentwalk.scores import score
from shards_done import digest_of, done


@pytest.fixture(scope="module")
def faces():
    return load("faces64")


@pytest.fixture(scope="module")
def judge(faces):
    return load_scorer("measurements", "cpu", faces)


@pytest.fixture(scope="module")
def folder(faces, judge, tmp_path_factory):
    return done(tmp_path_factory.mktemp("scored"), score_job(faces, judge, 50, seed=3, batch=8, shard=16))


def test_every_row_has_the_scores_of_its_code(faces, judge, folder) -> None:
    samples = read_scores(folder, faces)
    codes = counted_codes(faces, 3, 0, 50)
    assert samples.attributes == judge.attributes
    assert torch.equal(samples.latents.values, codes.values)
    assert torch.allclose(samples.scores, score(faces, judge, codes), atol=1e-4)


def test_any_order_gives_the_same_bytes(faces, judge, folder, tmp_path) -> None:
    assert digest_of(folder) == digest_of(
        done(tmp_path, score_job(faces, judge, 50, seed=3, batch=8, shard=16), [3, 1, 0, 2])
    )


def test_the_last_shard_is_shorter_and_no_row_is_lost(folder) -> None:
    sizes = [len(read_shard(shard_file(folder, shard)).tensors["scores"]) for shard in range(4)]
    assert sizes == [16, 16, 16, 2]


def test_some_attributes_come_in_the_order_asked_for(faces, folder) -> None:
    whole = read_scores(folder, faces)
    names = whole.attributes[2::-2]
    some = read_scores(folder, faces, names)
    assert some.attributes == names
    assert torch.equal(some.scores, whole.scores[:, [2, 0]])


def test_rows_that_failed_are_left_out(faces, folder, tmp_path, monkeypatch) -> None:
    from latentwalk.jobs import shard_scores

    class Torn:
        """A picture of NaN for the code 20."""

        source, attributes, seen = "measurements", ("bright",), 0

        def __call__(self, images, /):
            rows = torch.arange(self.seen, self.seen + len(images))
            self.seen += len(images)
            logits = images.mean((1, 2, 3))[:, None].clone()
            logits[rows == 20] = torch.nan
            return logits

    job = score_job(faces, load_scorer("measurements", "cpu", faces), 32, batch=8, shard=32)
    monkeypatch.setattr(shard_scores, "scorer_of", lambda job, folder, generator: Torn())
    done(tmp_path, job.model_copy(update={"attributes": ["bright"]}))
    samples = read_scores(tmp_path, faces)
    good = torch.arange(32) != 20
    assert torch.equal(samples.latents.values, counted_codes(faces, 0, 0, 32).values[good])
    assert bool(samples.scores.isfinite().all()) and len(samples.scores) == 31
    assert read_shard(shard_file(tmp_path, 0)).facts["reasons"] == {"20": "a score that is no number"}


def test_what_is_not_there_is_refused(faces, judge, folder, tmp_path) -> None:
    with pytest.raises(ValueError, match="has no scores of bald: there are"):
        read_scores(folder, faces, ["bald"])
    with pytest.raises(ValueError, match="holds no job"):
        read_scores(tmp_path, faces)
    with pytest.raises(ValueError, match="is about the generator faces64"):
        read_scores(folder, load("avatars64"))
    half = done(tmp_path / "half", score_job(faces, judge, 32, batch=8, shard=16), [1])
    with pytest.raises(ValueError, match="has 1 of 2 shards"):
        read_scores(half, faces)


def test_a_shard_that_is_another_is_noticed(faces, judge, tmp_path) -> None:
    folder = done(tmp_path, score_job(faces, judge, 16, batch=8, shard=8))
    file = shard_file(folder, 1)
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(ValueError, match="is not what was written"):
        read_scores(folder, faces)


def test_a_lambda_is_no_scorer_of_a_job(faces) -> None:
    with pytest.raises(ValueError, match="no other process can open the scorer"):
        score_job(faces, lambda images: images.mean((1, 2, 3)), COUNTED)
