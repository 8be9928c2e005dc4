"""Pictures to learn from, out of folders, lists, CelebA, data sets and arrays: each reads what was planted."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from latentwalk.training.attribute_list import read_attribute_list
from latentwalk.training.data import Pictures
from latentwalk.training.datasets import from_arrays, from_dataset
from latentwalk.training.decoded import squared
from latentwalk.training.image_folder import read_image_folder
from latentwalk.training.sources import read_pictures

SIZE = 16


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """What is kept goes to a folder of the test's own."""
    place = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("LATENTWALK_CACHE", str(place))
    return place


def save(path: Path, level: int, width: int = 20, height: int = 24) -> None:
    """A picture of one grey, which says which one it is whatever is cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), (level, level, level)).save(path)


def levels(pictures: Pictures) -> list[int]:
    return pictures.images[:, 0, 0, 0].tolist()


def classes_folder(root: Path) -> Path:
    for number in range(12):
        save(root / ("cat", "dog", "owl")[number % 3] / f"{number:02}.png", 10 * number)
    return root


def test_sub_folders_are_classes(tmp_path):
    pictures = read_image_folder(classes_folder(tmp_path), SIZE)
    assert pictures.attributes == ("cat", "dog", "owl") and pictures.images.shape == (12, 3, SIZE, SIZE)
    number = torch.tensor(levels(pictures)) // 10
    assert torch.equal(pictures.classes(), number % 3)


def test_no_classes_without_two_sub_folders(tmp_path):
    save(tmp_path / "only" / "a.png", 1)
    save(tmp_path / "only" / "b.png", 2)
    assert read_image_folder(tmp_path, SIZE).attributes == ()
    save(tmp_path / "other" / "c.png", 3)
    assert read_image_folder(tmp_path, SIZE).attributes == ("only", "other")
    save(tmp_path / "loose.png", 4)
    pictures = read_image_folder(tmp_path, SIZE)
    assert pictures.attributes == () and len(pictures) == 4
    with pytest.raises(ValueError, match="two classes or more, the pictures have none"):
        pictures.classes()


def test_the_middle_square_is_resized(tmp_path):
    wide = np.zeros((SIZE, 3 * SIZE, 3), dtype=np.uint8)
    wide[:, SIZE : 2 * SIZE] = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3))
    middle = torch.from_numpy(wide[:, SIZE : 2 * SIZE].copy()).permute(2, 0, 1)
    assert torch.equal(squared(Image.fromarray(wide), SIZE), middle)
    with pytest.raises(ValueError, match="has 48x16 pixels: expected 17 or more a side"):
        squared(Image.fromarray(wide), SIZE + 1)


def test_files_are_decoded_once_and_again_when_they_change(tmp_path):
    folder, done = classes_folder(tmp_path), []
    read = lambda: read_image_folder(folder, SIZE, progress=lambda what, *_: done.append(what))  # noqa: E731
    assert read().fingerprint == read().fingerprint and done == ["decoding pictures"]
    save(folder / "cat" / "00.png", 255, 30, 30)
    assert levels(read())[0] == 255 and len(done) == 2


def test_a_few_unusable_files_are_left_out_and_named(tmp_path):
    for number in range(199):
        save(tmp_path / f"{number:03}.png", number)
    (tmp_path / "050x.jpg").write_bytes(b"no picture")
    notes: list[str] = []
    for _ in range(2):  # decoded, then kept
        pictures = read_image_folder(tmp_path, SIZE, note=notes.append)
        assert levels(pictures) == list(range(199))
    assert notes[0] == notes[1] and notes[0].startswith("1 of 200 pictures cannot be used and are left out: ")
    assert "050x.jpg" in notes[0]


def test_many_unusable_files_are_an_error_that_names_five(tmp_path):
    for number in range(20):
        save(tmp_path / f"{number:02}.png", number)
    for number in range(6):
        (tmp_path / f"bad{number}.jpg").write_bytes(b"")
    save(tmp_path / "small.png", 0, 8, 24)
    with pytest.raises(ValueError, match="7 of 27 pictures cannot be used: ") as raised:
        read_image_folder(tmp_path, SIZE)
    said = str(raised.value)
    assert "\n" not in said and all(f"bad{number}.jpg" in said for number in range(5))
    assert "bad5.jpg" not in said and said.endswith("; and 2 more")


def test_small_pictures_and_empty_folders_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"no pictures in .*: expected files that end in"):
        read_image_folder(tmp_path, SIZE)
    with pytest.raises(ValueError, match="no folder"):
        read_image_folder(tmp_path / "nowhere", SIZE)
    save(tmp_path / "a.png", 1, 8, 8)
    with pytest.raises(ValueError, match=r"a\.png has 8x8 pixels: expected 16 or more a side"):
        read_image_folder(tmp_path, SIZE)


CELEBA_LIST = "4\nHat Age\n00.png -1 30\n01.png  1 nan\nsub/02.png -1 7.5\n03.png 1 2e1\n"
CSV_LIST = "file,Hat,Age\n00.png,-1,30\n01.png,1,\nsub/02.png,-1,7.5\n03.png,1,20\n"


@pytest.mark.parametrize("text", [CELEBA_LIST, CELEBA_LIST[2:], CSV_LIST])
def test_a_list_says_what_is_in_the_pictures(tmp_path, text):
    folder, path = tmp_path / "photos", tmp_path / "list.txt"
    for number, name in enumerate(["00.png", "01.png", "sub/02.png", "03.png", "unlisted.png"]):
        save(folder / name, number)
    path.write_text(text)
    notes: list[str] = []
    pictures = read_pictures(folder, SIZE, path, note=notes.append)
    assert pictures.attributes == ("Hat", "Age") and levels(pictures) == [0, 1, 2, 3]
    assert pictures.column("Hat").tolist() == [0, 1, 0, 1]
    assert pictures.column("Age").nan_to_num(-1).tolist() == [30, -1, 7.5, 20]
    assert len(notes) == 1 and "4 pictures are both among the 5" in notes[0]
    assert read_pictures(folder, SIZE, path, ["Hat"], note=notes.append).attributes == ("Hat",)
    with pytest.raises(ValueError, match="no attribute 'Beard': there are Hat, Age"):
        read_pictures(folder, SIZE, path, ["Beard"], note=notes.append)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has 0 lines: expected a count"),
        ("Hat Age\na.png 1\n", "line 2: expected a file and 2 numbers"),
        ("Hat Age\na.png 1 big\n", "line 2: expected a file and 2 numbers"),
        ("Hat Age\na.png 1 inf\n", "line 2: expected a file and 2 numbers"),
        ("Hat Hat\na.png 1 1\n", "each once"),
    ],
)
def test_lists_that_do_not_fit_are_refused(tmp_path, text, says):
    (tmp_path / "list.txt").write_text(text)
    with pytest.raises(ValueError, match=says):
        read_attribute_list(tmp_path / "list.txt")


def test_a_list_of_other_pictures_is_refused(tmp_path):
    save(tmp_path / "a.png", 1)
    (tmp_path / "list.txt").write_text("Hat\nb.png 1\n")
    with pytest.raises(ValueError, match=r"names none of the 1 pictures .* such as a\.png; the list has b\.png"):
        read_image_folder(tmp_path, SIZE, tmp_path / "list.txt")


def test_celeba_is_known_by_its_files(tmp_path):
    root = tmp_path / "celeba"
    rows = [f"{number:06}.jpg {2 * (number % 2) - 1} -1" for number in range(1, 7)]
    for number in range(1, 7):
        save(root / "img_align_celeba" / f"{number:06}.jpg", 40 * number, 178, 218)
    (root / "list_attr_celeba.txt").write_text("\n".join(["6", "Smiling Bald", *rows]))
    (root / "list_eval_partition.txt").write_text("\n".join(f"{n:06}.jpg {n // 5}" for n in range(1, 7)))
    for folder in (root, tmp_path):
        pictures = read_pictures(folder, SIZE)
        assert levels(pictures) == [40, 80, 120, 160] and pictures.attributes == ("Smiling", "Bald")
        assert pictures.column("Smiling").tolist() == [1, 0, 1, 0] and pictures.column("Bald").sum() == 0
    with pytest.raises(ValueError, match="Bald is 0 in all 4 pictures"):
        pictures.only(["Bald"])


class Drawn(torch.utils.data.Dataset):
    """As torchvision has them: pairs, and the names of the classes."""

    classes = ("even", "odd")

    def __init__(self, many: bool = False) -> None:
        self.many = many
        self.attr_names = ["half", "third", ""]

    def __len__(self) -> int:
        return 6

    def __getitem__(self, row: int):
        picture = Image.new("L", (SIZE, SIZE + 2), 10 * row)
        return picture, torch.tensor([row / 2, row / 3]) if self.many else row % 2


def test_data_sets_give_classes_or_attributes():
    pictures = read_pictures(Drawn(), SIZE)
    assert levels(pictures) == [0, 10, 20, 30, 40, 50] and pictures.attributes == ("even", "odd")
    assert pictures.classes().tolist() == [0, 1, 0, 1, 0, 1]
    pictures = from_dataset(Drawn(many=True), SIZE)
    assert pictures.attributes == ("half", "third") and pictures.column("half").tolist() == [0, 0.5, 1, 1.5, 2, 2.5]
    with pytest.raises(ValueError, match="picture 0 of the data set has 16x18 pixels: expected 17"):
        from_dataset(Drawn(), SIZE + 1)
    with pytest.raises(ValueError, match="leave transforms out"):
        from_dataset([(torch.zeros(3, SIZE, SIZE), 0)], SIZE)
    with pytest.raises(ValueError, match="no pair"):
        from_dataset([Image.new("L", (SIZE, SIZE))], SIZE)


def test_arrays_are_read_whichever_way_round(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (5, 3, SIZE, SIZE), dtype=np.uint8)
    np.savez(tmp_path / "first.npz", images=images, labels=np.array([0, 2, 1, 0, 2]))
    pictures = read_pictures(tmp_path / "first.npz", SIZE)
    assert np.array_equal(pictures.images, images) and pictures.classes().tolist() == [0, 2, 1, 0, 2]
    np.save(tmp_path / "last.npy", images.transpose(0, 2, 3, 1))
    assert np.array_equal(from_arrays(tmp_path / "last.npy").images, images)
    torch.save({"data": torch.from_numpy(images[:, 0])}, tmp_path / "grey.pt")
    assert np.array_equal(from_arrays(tmp_path / "grey.pt").images, images[:, :1])
    np.save(tmp_path / "float.npy", images / 255)
    with pytest.raises(ValueError, match=r"expected images \[n, c, h, w\], bytes from 0 to 255, got .* float64"):
        from_arrays(tmp_path / "float.npy")
    with pytest.raises(ValueError, match=r"picture 0 of .*first\.npz has 16x16 pixels: expected 32"):
        from_arrays(tmp_path / "first.npz", 32)


def test_what_is_no_source_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"no pictures at .*nowhere: expected avatars, a folder"):
        read_pictures(tmp_path / "nowhere", SIZE)
    with pytest.raises(ValueError, match="a list of attributes belongs to a folder"):
        read_pictures("avatars", SIZE, tmp_path / "list.txt")
    pictures = from_dataset(Drawn(), SIZE)
    assert read_pictures(pictures, SIZE) is pictures
    with pytest.raises(ValueError, match="the pictures have 16x16 pixels: expected 32x32"):
        read_pictures(pictures, 32)
