"""Photographs as jobs of shards: the same bytes in any order, bad ones cost nothing, what is done is kept."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from latentwalk.images import to_pictures
from latentwalk.inversion import INVERTERS
from latentwalk.inversion.problem import Problem
from latentwalk.inverter import Inversion
from latentwalk.jobs.album import Album, AlbumRecord
from latentwalk.jobs.album_run import RUN, faceless_in, fill_album, is_open, remove_run
from latentwalk.jobs.convert import convert
from latentwalk.jobs.invert import Framing, read_inverter
from latentwalk.jobs.invert_all import invert_all
from latentwalk.jobs.job_status import job_status
from latentwalk.jobs.load import load
from latentwalk.jobs.run_shards import run_job
from latentwalk.jobs.shard_inversions import invert_job, learn_before, mark_of, read_done
from latentwalk.jobs.shard_work import open_work
from latentwalk.jobs.verify_job import verify_job
from latentwalk.latents import Latents
from latentwalk.origin import Source
from latentwalk.pool import Done, Opener
from latentwalk.scale.job import read_job
from latentwalk.scale.local import Local
from latentwalk.scale.shard import shard_file
from random_networks import EVERY

BAD = {2: b"", 5: b"no picture", 9: b"%PDF-1.4"}
"""What is in some of the files."""


@dataclass
class InThisProcess:
    """An engine without processes. backwards: the last shard first. most: shards after which it is killed."""

    backwards: bool = False
    most: int = 1000
    did: list[int] = field(default_factory=list)

    def run(self, opener: Opener, folder: Path, shards: Sequence[int]) -> Iterator[Done]:
        run = opener(folder)
        for shard in list(shards)[:: -1 if self.backwards else 1]:
            if len(self.did) == self.most:
                raise KeyboardInterrupt
            self.did.append(shard)
            yield run(shard)


def from_file(generator, path: Path):
    convert(generator, path)
    return load(path)


@pytest.fixture(scope="module")
def made(tiny, tmp_path_factory):
    """The tiny generator, from a file that workers can open."""
    return from_file(tiny, tmp_path_factory.mktemp("generator") / "tiny.safetensors")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENTWALK_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def kept(made, tmp_path_factory) -> Path:
    """A job's folder with what inverters learn of the generator, which takes longer than the photographs."""
    folder = tmp_path_factory.mktemp("learned")
    learn_before(job_of(made, ["none.png"], "optimize"), folder, made)
    return folder / "learned"


@pytest.fixture
def photos(made, tmp_path, monkeypatch) -> list[str]:
    """Twelve pictures of the generator, three of them damaged."""
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    for i, picture in enumerate(to_pictures(made.render(made.sample(range(12))))):
        path = Path(f"photos/{i:02}.png")
        picture.save(path)
        if i in BAD:
            path.write_bytes(BAD[i])
    return [f"photos/{i:02}.png" for i in range(12)]


def job_of(generator, photos: Sequence[str], inverter: str = "ridge", **options):
    return invert_job(generator, photos, inverter, framing=Framing("none"), **{"batch": 2, "shard": 4, **options})


def album_of(generator, folder: Path, inverter: str = "ridge") -> Album:
    return Album(AlbumRecord(generator=Source.of(generator), inverter=inverter), folder=folder)


def fill(album: Album, generator, photos: Sequence[str], engine, kept: Path, inverter: str = "ridge", **options):
    folder = album.folder
    if not (folder / RUN).exists():
        shutil.copytree(kept, folder / RUN / "learned")
    return fill_album(
        album, folder, generator, photos, lambda some: job_of(generator, some, inverter), engine, **options
    )


def sums(folder: Path) -> str | None:
    return job_status(folder).digest


@pytest.mark.parametrize("inverter", ["ridge", "optimize"])
def test_any_order_and_any_process_give_the_same_bytes(made, photos, kept, inverter) -> None:
    for name, engine in (("a", InThisProcess()), ("b", InThisProcess(backwards=True))):
        shutil.copytree(kept, Path(name) / "learned")
        run_job(Path(name), job_of(made, photos, inverter), engine)
    assert sums(Path("a")) == sums(Path("b")) is not None
    again = verify_job(Path("a"), share=1.0)
    assert again.exact and again.checked == [0, 1, 2]


def test_workers_give_the_same_bytes(made, photos, kept) -> None:
    one = fill(album_of(made, Path("one")), made, photos, InThisProcess(), kept)
    two = fill(album_of(made, Path("two")), made, photos, Local(2), kept)
    assert sums(Path("one/run")) == sums(Path("two/run")) is not None
    assert one.record == two.record and torch.equal(one.codes(made).values, two.codes(made).values)


@pytest.mark.parametrize("inverter", ["ridge", "optimize"])
def test_the_album_is_that_of_one_process(made, photos, kept, inverter) -> None:
    filled = fill(album_of(made, Path("run")), made, photos, InThisProcess(), kept, inverter)
    start = album_of(made, Path("alone"), inverter)
    how = read_inverter(inverter, made)
    # the same photographs at once, so that not even rounding differs
    alone = start
    for first in range(0, 12, 2):
        *_, alone = invert_all(alone, made, photos[first : first + 2], how, Framing("none"))
    assert filled.record.photos == alone.record.photos and filled.record.skipped == alone.record.skipped
    assert torch.equal(filled.codes(made).values, alone.codes(made).values)
    saved = Album.read(Path("run"))
    assert saved.record == filled.record and torch.equal(saved.codes(made).values, filled.codes(made).values)


def test_bad_photographs_are_listed_and_cost_nothing_else(made, photos, kept) -> None:
    album = fill(album_of(made, Path("a")), made, photos, InThisProcess(), kept)
    assert [photo.photo for photo in album.record.photos] == [p for i, p in enumerate(photos) if i not in BAD]
    why = list(album.record.skipped.items())
    assert [name for name, _ in why] == [photos[i] for i in BAD] and all(name in said for name, said in why)
    assert "empty" in why[0][1] and "no photograph" in why[1][1] and "a PDF" in why[2][1]
    status = job_status(Path("a/run"))
    assert (status.rows, status.failed, status.shards) == (12, 3, 3)
    assert not any("photos/" in reason for reason in status.reasons), "without names, so that they can be counted"
    good = [photo for i, photo in enumerate(photos) if i not in BAD]
    *_, alone = invert_all(album_of(made, Path("b")), made, good, read_inverter("ridge", made), Framing("none"))
    torch.testing.assert_close(album.codes(made).values, alone.codes(made).values, rtol=0, atol=1e-4)


def test_nothing_but_bad_photographs(made, photos, kept) -> None:
    album = fill(album_of(made, Path("a")), made, [photos[i] for i in BAD], InThisProcess(), kept)
    assert len(album) == 0 and len(album.record.skipped) == 3 and album.latents is None


def test_it_goes_on_at_shards(made, photos, kept) -> None:
    album = album_of(made, Path("a"))
    with pytest.raises(KeyboardInterrupt):
        fill(album, made, photos, InThisProcess(most=2), kept)
    assert is_open(Path("a")) and len(Album.read(Path("a"))) == 0
    rest, nothing = InThisProcess(), InThisProcess()
    done = fill(Album.read(Path("a")), made, photos, rest, kept)
    assert rest.did == [2] and not is_open(Path("a"))
    once = fill(album_of(made, Path("b")), made, photos, InThisProcess(), kept)
    assert torch.equal(done.codes(made).values, once.codes(made).values) and done.record == once.record
    same = fill(Album.read(Path("a")), made, photos, nothing, kept)
    assert nothing.did == [] and same.record == done.record, "photographs that failed are as they were"


def test_a_damaged_shard_is_done_again_alone(made, photos, kept) -> None:
    first = fill(album_of(made, Path("a")), made, photos, InThisProcess(), kept)
    shard_file(Path("a/run").resolve(), 1).write_bytes(b"garbage")
    again = InThisProcess()
    fill(album_of(made, Path("a")), made, photos, again, kept, tell=lambda text: None)
    assert again.did == [1] and Album.read(Path("a")).record == first.record


def test_mended_and_new_photographs_are_done_in_another_run(made, photos, kept) -> None:
    first = fill(album_of(made, Path("a")), made, photos[:10], InThisProcess(), kept)
    Path(photos[2]).write_bytes(Path(photos[3]).read_bytes())
    second = fill(Album.read(Path("a")), made, photos, InThisProcess(), kept)
    names = [photo.photo for photo in second.record.photos]
    assert names == [*(photo.photo for photo in first.record.photos), photos[2], *photos[10:]]
    assert list(second.record.skipped) == [photos[5], photos[9]]
    assert torch.equal(second.codes(made).values[: len(first)], first.codes(made).values)
    assert read_job(Path("a/run")).rows == 3


def test_what_is_done_is_kept_when_photographs_change_meanwhile(made, photos, kept) -> None:
    with pytest.raises(KeyboardInterrupt):
        fill(album_of(made, Path("a")), made, photos, InThisProcess(most=2), kept)
    changed = Path(photos[0])
    changed.write_bytes(Path(photos[11]).read_bytes())
    told: list[str] = []
    album = fill(Album.read(Path("a")), made, photos, InThisProcess(), kept, tell=told.append)
    assert len(told) == 1 and "have changed" in told[0]
    names = [photo.photo for photo in album.record.photos]
    assert sorted(names) == [p for i, p in enumerate(photos) if i not in BAD]
    codes = dict(zip(names, album.codes(made).values, strict=True))
    torch.testing.assert_close(codes[photos[0]], codes[photos[11]], rtol=0, atol=1e-4)
    assert read_job(Path("a/run")).rows == 5, "the one that changed, and a shard"


def test_other_settings_are_refused_and_named(made, photos, kept) -> None:
    with pytest.raises(KeyboardInterrupt):
        fill(album_of(made, Path("a")), made, photos, InThisProcess(most=1), kept)
    with pytest.raises(ValueError, match=r"settings\.inverter is ridge there, optimize here.*--force"):
        fill(album_of(made, Path("a")), made, photos, InThisProcess(), kept, "optimize")
    remove_run(Path("a"))
    assert not Path("a/run").exists()


def test_a_part_of_the_shards_leaves_the_album_to_others(made, photos, kept) -> None:
    some, rest = InThisProcess(), InThisProcess()
    part = fill(album_of(made, Path("a")), made, photos, some, kept, shards="1:3")
    assert some.did == [1, 2] and len(part) == 0 and is_open(Path("a"))
    whole = fill(Album.read(Path("a")), made, photos, rest, kept, shards="0:1")
    assert rest.did == [0] and len(whole) == 9


@dataclass
class Classed:
    """An inverter that gives every picture the code 0, and the classes 0, 1, 0, ..."""

    space: str | None = None

    def invert(self, generator, images, start=None, mask=None, progress=None) -> Inversion:
        codes = Latents(torch.zeros(len(images), *generator.spaces["z"].shape), "z", torch.arange(len(images)) % 2)
        return Problem.of(generator, images, mask).inversion(
            codes, 1.0, torch.zeros(1, len(images)), torch.ones(len(images), dtype=torch.long), 0.0
        )


def test_labels_come_back_with_the_codes(photos, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(INVERTERS, "ridge", Classed)
    generator = from_file(EVERY["stylegan2-resnet"](), tmp_path / "classes.safetensors")
    job = job_of(generator, photos[:4])
    run_job(tmp_path / "j", job, InThisProcess())
    (batch,) = read_done(tmp_path / "j", job)
    assert batch.latents is not None and batch.latents.labels is not None and batch.latents.space == "z"
    assert batch.latents.labels.tolist() == [0, 1, 0] and list(batch.skipped) == [photos[2]]


def test_marks_tell_files_apart(tmp_path) -> None:
    path = tmp_path / "a"
    data = bytearray(200_000)
    marks = {mark_of(str(path))}
    for place in (None, 0, 100_000, 199_999):
        if place is not None:
            data[place] = 1
        path.write_bytes(data)
        marks.add(mark_of(str(path)))
    path.write_bytes(data[:-1])
    assert len(marks | {mark_of(str(path))}) == 6 and "" in marks


def test_what_is_no_job(made, unchecked) -> None:
    with pytest.raises(ValueError, match="at least one photograph"):
        job_of(made, [])
    with pytest.raises(ValueError, match=r"photos/\\xe8\.png has a name that is no text"):
        job_of(made, ["photos/\udce8.png"])


def test_faceless_photographs_are_looked_at_again(made, photos) -> None:
    record = AlbumRecord(generator=Source.of(made), inverter="ridge", skipped=dict.fromkeys(photos[:3], "bad"))
    assert faceless_in(Album(record), made, Framing("none"), 6) == []


def test_open_work_opens_photographs(made, photos, kept) -> None:
    shutil.copytree(kept, "j/learned")
    job_of(made, photos).write(Path("j"))
    done = open_work(Path("j"))(0)
    assert (done.rows, done.failed, done.shard) == (4, 1, 0)
