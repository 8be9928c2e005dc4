"""Generators and scorers are opened by name, path or import name; anything else is refused in one line."""

import sys
import tempfile
import types
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import latentwalk as lw
from latentwalk.bundled import GENERATORS, SCORERS
from latentwalk.checkpoints.own import write
from latentwalk.generator import Generator
from latentwalk.jobs.load import check_device, load, load_scorer
from random_networks import SIZES, random_stylegan2

MARKER = Path(tempfile.gettempdir()) / "latentwalk_pwned"
HOSTILE = [
    "h01_os_system_reduce.pkl",
    "h02_builtins_eval.pkl",
    "h03_nested_load_from_bytes.pkl",
    "h04_getattr_chain.pkl",
    "h05_numpy_object_array.pkl",
    "h06_enormous_storage.pkl",
    "h07_deep_nesting.pkl",
    "h08_memo_bomb.pkl",
    "h09_truncated.pkl",
    "h10_zip_torch_save.pt",
    "h11_module_src_payload.pkl",
]


def tiny_state() -> dict[str, Tensor]:
    """The tutorial layout at 16x16, with a BatchNorm."""
    layers = nn.Sequential(
        nn.ConvTranspose2d(5, 4, 4), nn.BatchNorm2d(4), nn.ReLU(), nn.ConvTranspose2d(4, 3, 4, 2, 1), nn.Tanh()
    )
    return {f"main.{name}": tensor for name, tensor in layers.state_dict().items()}


def refused(source: str | Path) -> str:
    with pytest.raises(ValueError, match=r"expected|use another") as error:
        load(source)
    assert "\n" not in str(error.value) and str(source) in str(error.value)
    return str(error.value)


def test_the_bundled_generator(faces: Generator) -> None:
    assert lw.load is load
    assert faces.image_shape == (3, 64, 64)
    assert faces.spaces["z"].shape == (100,)
    assert faces.source == "faces64"
    # Receipts, directions and the scorer's card name it, so it must stay what it is.
    assert faces.fingerprint == "f3e929d13ddccf18"


def test_the_bundled_generator_draws_what_the_plain_network_draws(faces: Generator) -> None:
    widths = (100, 512, 256, 128, 64)
    layers: list[nn.Module] = []
    for i in range(4):
        layers.append(nn.ConvTranspose2d(widths[i], widths[i + 1], 4, 2 if i else 1, 1 if i else 0, bias=False))
        layers += [nn.BatchNorm2d(widths[i + 1]), nn.ReLU()]
    network = nn.Sequential(*layers, nn.ConvTranspose2d(64, 3, 4, 2, 1, bias=False), nn.Tanh())
    network.load_state_dict({k.removeprefix("main."): v for k, v in load_file(GENERATORS["faces64"]).items()})
    latents = faces.sample(range(8))
    with torch.no_grad():
        expected = network.eval()(latents.values[:, :, None, None])
    images = faces.render(latents)
    assert (images - expected).abs().max() < 1e-5
    assert (faces.render(latents, 1) - images).abs().max() < 1e-5
    assert (faces.render(latents[[6, 1]]) - images[[6, 1]]).abs().max() < 1e-5


@pytest.mark.parametrize("name", ["a.safetensors", "a.pt", "a.pth", "a.pkl"])
def test_any_container_gives_the_same_network(tmp_path: Path, name: str) -> None:
    state, path = tiny_state(), tmp_path / name
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save({"gen": state} if path.suffix == ".pkl" else state, path)
    other = tmp_path / "other"
    torch.save(state, other, _use_new_zipfile_serialization=False)
    one, two = load(path), load(str(other))
    assert one.fingerprint == two.fingerprint != ""
    assert one.source == str(path)
    assert torch.equal(one.render(one.sample([1])), two.render(two.sample([1])))
    assert not any(parameter.requires_grad for parameter in one.parameters())


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-5), (torch.bfloat16, 0.2)])
def test_another_type_of_number(tmp_path: Path, dtype: torch.dtype, tolerance: float) -> None:
    save_file(tiny_state(), tmp_path / "a.safetensors")
    single, other = load(tmp_path / "a.safetensors"), load(tmp_path / "a.safetensors", dtype=dtype)
    images = other.render(other.sample(range(3)))
    assert images.dtype == other.dtype == dtype
    assert other.fingerprint == single.fingerprint
    assert (images.float() - single.render(single.sample(range(3)))).abs().max() < tolerance
    assert other.render(single.sample([0])).dtype == dtype  # codes of another type are welcome


def test_types_and_devices_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"got torch.int64: expected torch\.float32"):
        load("faces64", dtype=torch.int64)
    with pytest.raises(ValueError, match="cannot compute on the device 'gpu'"):
        load("faces64", device="gpu")
    with pytest.raises(ValueError, match="cannot compute on the device 'cuda:99'"):
        load_scorer("faces64", device="cuda:99")
    assert check_device("cpu") == torch.device("cpu")


def test_what_is_no_generator(tmp_path: Path) -> None:
    assert "or one of faces64" in refused("nowhere.pt")
    assert "is a folder" in refused(tmp_path)
    for name in ("faces64", "faces64-judge"):
        assert "holds no generator but latentwalk.classifier" in refused(SCORERS[name])
    (tmp_path / "notes.txt").write_text("notes", encoding="utf-8")
    assert "not a readable checkpoint" in refused(tmp_path / "notes.txt")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_damaged_weights(tmp_path: Path, value: float) -> None:
    state = tiny_state()
    state["main.3.weight"][0, 0, 0, 0] = value
    save_file(state, tmp_path / "a.safetensors")
    assert "'main.3.weight' holds NaN or infinite values" in refused(tmp_path / "a.safetensors")


def test_truncated_files(tmp_path: Path) -> None:
    whole = GENERATORS["faces64"].read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    assert "truncated" in refused(tmp_path / "cut.safetensors")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_and_nothing_runs(shared: Path, name: str) -> None:
    assert not MARKER.exists()
    refused(shared / "fixtures" / "hostile" / name)
    assert not MARKER.exists()


def test_no_hostile_file_was_forgotten(shared: Path) -> None:
    assert sorted(p.name for p in (shared / "fixtures" / "hostile").glob("h*")) == HOSTILE


@pytest.mark.parametrize("name", SCORERS)
def test_the_bundled_scorers(name: str) -> None:
    scorer = load_scorer(name)
    assert len(scorer.attributes) == scorer(torch.zeros(2, 3, 64, 64)).shape[1]


def brightness(images: Tensor) -> Tensor:
    return images.mean((1, 2, 3))


def test_a_scorer_by_its_import_name(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("a_module_of_mine")
    module.brightness = brightness  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    scorer = load_scorer("a_module_of_mine:brightness")
    assert scorer.attributes == ("score",)
    assert scorer(torch.ones(2, 3, 4, 4)).tolist() == [[1.0], [1.0]]


def test_what_is_no_scorer(tmp_path: Path) -> None:
    for source in ("nothing", tmp_path, tmp_path / "missing.safetensors"):
        with pytest.raises(ValueError, match="expected a scorer file, package"):
            load_scorer(source)
    with pytest.raises(ValueError, match="is no scorer"):
        load_scorer(GENERATORS["faces64"])


def test_half_precision_is_for_networks_that_clamp(tmp_path: Path) -> None:
    for clamp in (None, 64.0):
        write(random_stylegan2(replace(SIZES, clamp=clamp)), tmp_path / f"{clamp}.safetensors")
    with pytest.raises(ValueError, match=r"StyleGAN2 puts no limit on its activations.*bfloat16"):
        load(tmp_path / "None.safetensors", dtype=torch.float16)
    single, half = load(tmp_path / "64.0.safetensors"), load(tmp_path / "64.0.safetensors", dtype=torch.float16)
    codes = single.sample(range(3))
    assert (half.render(codes).float() - single.render(codes)).abs().max() < 0.1
    with pytest.raises(ValueError, match="DCGAN puts no limit"):
        load("faces64", dtype=torch.float16)
