import pytest

from latentwalk.jobs.discover import discover
from latentwalk.jobs.label import label_sheet, open_table, propose
from latentwalk.labels import LabelTable, read_labels
from latentwalk.methods.fewshot import FewShot
from latentwalk.scores import score
from toys import AXES, ToyScorer


@pytest.fixture
def hand(toy, tmp_path):
    """Sixty labels of "one", given by the truth."""
    logits = score(toy, ToyScorer(), toy.sample(range(60)))[:, 0]
    path = tmp_path / "hand.csv"
    path.write_text("seed,one\n" + "".join(f"{seed},{int(x > 0)}\n" for seed, x in enumerate(logits)))
    return path


def test_what_is_written_is_what_scorers_are_trained_on(toy, tmp_path) -> None:
    table = LabelTable().with_rows([5, 9, 2], ["hat"]).with_cell(9, "hat", "1").with_cell(2, "hat", "0")
    table.write(tmp_path / "labels.csv")
    samples = read_labels(tmp_path / "labels.csv", toy, None, ["hat"])
    assert samples.latents.seeds.tolist() == [5, 9, 2]
    assert samples.scores[:, 0].nan_to_num(-1).tolist() == [-1, 1, 0]
    assert table.counts("hat") == (1, 1) and table.open_questions([5, 9, 4], ["hat"]) == [(5, "hat"), (4, "hat")]


def test_a_table_to_go_on_with(tmp_path) -> None:
    path = tmp_path / "labels.csv"
    assert open_table(path, ["hat"]) == LabelTable()
    path.write_text("seed,hat,hair\n1,1,k\n")
    assert open_table(path, ["hat", "new"]).cell(1, "hat") == "1"
    with pytest.raises(ValueError, match=r"the column hair of .* holds k: expected 0, 1 or nothing"):
        open_table(path, ["hair"])
    path.write_text("index,hat\n1,1\n")
    with pytest.raises(ValueError, match="by index: expected the column 'seed'"):
        open_table(path, ["hat"])


def test_from_a_file_of_labels_to_a_direction(toy, hand) -> None:
    found = discover(toy, ["fewshot"], None, ["one"], samples=400, labelled=hand)["fewshot"]
    assert found["one"].vector @ AXES[:, 0] > 0.75
    assert found.origin.labels == str(hand) and found.origin.made_for == toy.fingerprint
    assert found.origin.cost.labels == 60
    assert f"--labels {hand} --samples 400 " in found.origin.command()


def test_seeds_near_the_boundary_are_proposed_and_none_twice(toy, hand) -> None:
    seeds = propose(toy, hand, "one", range(300), 10, FewShot("pcs", ("entry",), 3))
    assert len(set(seeds)) == 10 and min(seeds) >= 60
    logits = score(toy, ToyScorer(), toy.sample(range(60, 300)))[:, 0]
    assert score(toy, ToyScorer(), toy.sample(seeds))[:, 0].abs().mean() < 0.6 * logits.abs().mean()
    with pytest.raises(ValueError, match="2 of the seeds have no label yet, fewer than the 10 to propose"):
        propose(toy, hand, "one", range(62), 10)


def test_labels_by_index_propose_no_seeds(toy, tmp_path) -> None:
    toy.sample(range(3)).save(tmp_path / "codes.safetensors")
    (tmp_path / "labels.csv").write_text("index,hat\n0,1\n1,0\n")
    with pytest.raises(ValueError, match="give the file of the codes"):
        propose(toy, tmp_path / "labels.csv", "hat", range(9), 2)


def test_the_sheet_shows_every_seed(toy) -> None:
    sheet = label_sheet(toy, [3, 4, 5], columns=3, scale=2)
    assert sheet.width == 3 * 16 + 2 * 4 + 2 * 8
