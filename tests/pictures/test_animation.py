"""Films: how many frames, in which order, and nothing half-written."""

from pathlib import Path

import imageio.v2 as imageio
import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from latentwalk.images import to_bytes
from latentwalk.pictures.animation import REST, frames, gif, mp4, showing
from latentwalk.pictures.layout import GAP, MARGIN
from latentwalk.pictures.text import RED

SCALE = 30
WIDTH, HEIGHT = 5 * SCALE, 6 * SCALE


@pytest.fixture
def film() -> list[Image.Image]:
    """Four frames of odd size that differ much."""
    return [Image.new("RGB", (33, 21), (60 * i, 200 - 50 * i, 90)) for i in range(4)]


def test_everyone_walks_at_once_and_waits_at_the_end(noise) -> None:
    paths = [noise(3, seed=0), noise(1, seed=1)]
    shown = frames(paths, columns=2, scale=SCALE)
    assert len(shown) == 3
    for step, picture in enumerate(shown):
        assert picture.size == (2 * WIDTH + GAP + 2 * MARGIN, HEIGHT + 2 * MARGIN)
        for i, images in enumerate(paths):
            left = MARGIN + i * (WIDTH + GAP)
            seen = np.asarray(picture)[MARGIN : MARGIN + HEIGHT, left : left + WIDTH]
            assert np.array_equal(seen[::SCALE, ::SCALE], to_bytes(images)[min(step, len(images) - 1)])


def test_frames_have_one_size_however_long_the_captions_are(noise) -> None:
    paths = [noise(2, seed=0), noise(3, seed=1)]
    captions = [["short", "a caption " * 20], ["1", "2", "3"]]
    assert len({picture.size for picture in frames(paths, captions, scale=SCALE)}) == 1


def test_who_did_not_arrive_is_marked_at_the_end_alone(noise) -> None:
    lost = [np.asarray(frame) for frame in frames([noise(4), noise(4)], marks=["", "not reached"])]
    red = [(frame == RED).all(2) for frame in lost]
    assert [mask.any() for mask in red] == [False, False, False, True]
    assert not red[-1][:, : red[-1].shape[1] // 2].any(), "the first arrived"
    with pytest.raises(ValueError, match="one mark per path, got 1 for 2"):
        frames([noise(4), noise(4)], marks=[""])


def test_columns_follow_from_the_number_of_codes(noise) -> None:
    paths = [noise(1, seed=i) for i in range(4)]
    assert frames(paths, scale=SCALE)[0].size == frames(paths, columns=2, scale=SCALE)[0].size


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("rest", [0, 2])
def test_a_film_rests_at_both_ends_and_comes_back_without_a_jump(count: int, rest: int) -> None:
    there, loop = showing(count, rest, False), showing(count, rest, True)
    assert set(there) == set(range(count))
    assert (there.count(0), there.count(count - 1)) == ((rest + 1,) * 2 if count > 1 else (2 * rest + 1,) * 2)
    assert len(loop) == len(there) + max(0, count - 2)
    assert all(abs(a - b) <= 1 for a, b in zip(loop, [*loop[1:], loop[0]], strict=True))


@pytest.mark.parametrize("bounce", [True, False])
@pytest.mark.parametrize("fps", [1, 12, 50])
def test_a_gif_plays_every_frame_for_its_time(tmp_path: Path, film, bounce: bool, fps: int) -> None:
    path = tmp_path / "walk.gif"
    gif(path, film, fps, bounce)
    order = [0, 1, 2, 3, 2, 1] if bounce else [0, 1, 2, 3]
    read = imageio.mimread(path)
    assert len(read) == len(order)
    for frame, i in zip(read, order, strict=True):
        assert np.abs(np.asarray(frame)[..., :3].mean((0, 1)) - film[i].getpixel((0, 0))).max() < 4
    with Image.open(path) as opened:
        assert opened.info["loop"] == 0
        times = []
        for i in range(len(order)):
            opened.seek(i)
            times.append(opened.info["duration"])
    each = round(100 / fps) * 10
    assert times == [each * (1 + (round(REST * fps) if i in (0, 3) else 0)) for i in order]


@pytest.mark.parametrize("bounce", [True, False])
@pytest.mark.parametrize("fps", [5, 24])
def test_a_film_plays_every_frame(tmp_path: Path, film, bounce: bool, fps: int) -> None:
    path = tmp_path / "walk.mp4"
    mp4(path, film, fps, bounce)
    order = showing(4, round(REST * fps), bounce)
    with imageio.get_reader(path) as reader:
        assert reader.get_meta_data()["fps"] == fps
        assert reader.get_meta_data()["codec"] == "h264"
    read = imageio.mimread(path)
    assert [frame.shape for frame in read] == [(22, 34, 3)] * len(order)
    for frame, i in zip(read, order, strict=True):
        assert np.abs(frame[4:16, 4:28].mean((0, 1)) - film[i].getpixel((0, 0))).max() < 6


def test_one_frame_is_a_film_too(tmp_path: Path, film) -> None:
    gif(tmp_path / "still.gif", film[:1])
    mp4(tmp_path / "still", film[:1])
    assert len(imageio.mimread(tmp_path / "still.gif")) == 1
    assert imageio_ffmpeg.count_frames_and_secs(str(tmp_path / "still"))[0] == len(showing(1, round(REST * 24), True))


@pytest.mark.parametrize("write", [gif, mp4])
def test_what_cannot_be_a_film_is_refused_and_leaves_no_file(tmp_path: Path, film, write) -> None:
    path = tmp_path / "film"
    with pytest.raises(ValueError, match="at least one frame, got none"):
        write(path, [])
    with pytest.raises(ValueError, match="frames of one size, got 33 x 21, 34 x 21"):
        write(path, [film[0], Image.new("RGB", (34, 21))])
    with pytest.raises(ValueError, match="frames per second, got 0"):
        write(path, film, fps=0)
    with pytest.raises(ValueError, match="frames per second, got 999"):
        write(path, film, fps=999)
    assert not list(tmp_path.iterdir())


def test_a_gif_that_fails_half_way_leaves_what_was_there(tmp_path: Path, film, monkeypatch) -> None:
    path = tmp_path / "walk.gif"
    path.write_text("older")

    def fail(_picture: Image.Image, to: Path, **_options: object) -> None:
        to.write_text("half")
        raise OSError("no space left")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(OSError, match="no space left"):
        gif(path, film)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["older"]


def breaks(path: str, *_size: object, **_options: object):
    """An encoder that writes a little and breaks."""
    Path(path).write_text("half")
    yield
    raise OSError("broken pipe")


def loses(path: str, *_size: object, **_options: object):
    """An encoder that takes every frame and writes nothing that plays, without a word."""
    Path(path).write_text("half")
    while True:
        yield


@pytest.mark.parametrize("encoder", [breaks, loses])
def test_a_film_that_ffmpeg_does_not_finish_leaves_no_file(tmp_path: Path, film, monkeypatch, encoder) -> None:
    monkeypatch.setattr(imageio_ffmpeg, "write_frames", encoder)
    with pytest.raises(ValueError, match="ffmpeg could not write"):
        mp4(tmp_path / "walk.mp4", film)
    assert not list(tmp_path.iterdir())


def test_what_does_not_match_is_refused(noise) -> None:
    with pytest.raises(ValueError, match="at least one path of images, got none"):
        frames([])
    with pytest.raises(ValueError, match="at least one image"):
        frames([noise(0)])
    with pytest.raises(ValueError, match="one list of captions per path, got 1 for 2"):
        frames([noise(1), noise(1)], [["a"]])
    with pytest.raises(ValueError, match="one caption per picture, got 1 for 2"):
        frames([noise(2)], [["a"]])
    with pytest.raises(ValueError, match="at least 1 column, got 0"):
        frames([noise(2)], columns=0)
