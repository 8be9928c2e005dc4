"""The loop: seeded, resumable to the bit, and clear about what is kept when it is stopped."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from latentwalk.training import loop
from latentwalk.training.loop import Interrupted, Schedule, train

SCHEDULE = Schedule(steps=12, rate=1e-2, seed=3)


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.2), nn.Linear(8, 1))


def loss(net: nn.Module, _step: int) -> torch.Tensor:
    x = torch.randn(16, 4)
    return F.mse_loss(net(x)[:, 0], x.sum(1))


def stop_at(wanted: int):
    def progress(_what: str, done: int, _total: int) -> None:
        if done == wanted:
            raise KeyboardInterrupt

    return progress


@pytest.fixture
def often(monkeypatch):
    """Write a checkpoint after every step."""
    monkeypatch.setattr(loop, "EVERY", -1.0)


def same(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_the_rate_rises_then_falls_to_nothing():
    rates = [SCHEDULE.rate_at(step) for step in range(SCHEDULE.steps + 1)]
    peak = rates.index(max(rates))
    assert rates[peak] == pytest.approx(SCHEDULE.rate) and 0 < peak < SCHEDULE.steps / 2
    assert rates[: peak + 1] == sorted(rates[: peak + 1]) and rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] == pytest.approx(0, abs=1e-9)


def test_training_lowers_the_loss_and_leaves_the_callers_random_state():
    net, schedule = network(), Schedule(steps=150, rate=3e-2)
    before = float(loss(net.eval(), 0).detach())
    state = torch.random.get_rng_state()
    assert not train(net, loss, schedule).training
    assert torch.equal(state, torch.random.get_rng_state())
    assert float(loss(net, 0).detach()) < before / 3


def test_the_seed_decides():
    assert same(train(network(), loss, SCHEDULE), train(network(), loss, SCHEDULE))
    assert not same(train(network(), loss, SCHEDULE), train(network(), loss, Schedule(steps=12, rate=1e-2, seed=4)))


def test_a_resumed_run_ends_with_the_same_bits(tmp_path, often):
    path = tmp_path / "checkpoint.pt"
    with pytest.raises(Interrupted) as stopped:
        train(network(), loss, SCHEDULE, path, stop_at(7))
    assert stopped.value.step == 6 and stopped.value.checkpoint == path, "the seventh step was not written yet"
    assert "step 6 is kept" in str(stopped.value) and "same command continues" in str(stopped.value)
    seen: list[int] = []
    resumed = train(network(), loss, SCHEDULE, path, lambda _what, done, _total: seen.append(done))
    assert seen == list(range(7, 13))
    assert same(resumed, train(network(), loss, SCHEDULE))
    assert same(train(network(), loss, SCHEDULE, path), resumed), "a finished run is only read"


def test_stopped_before_the_first_checkpoint(tmp_path):
    with pytest.raises(Interrupted, match="before the first checkpoint") as stopped:
        train(network(), loss, SCHEDULE, tmp_path / "checkpoint.pt", stop_at(2))
    assert stopped.value.checkpoint is None and not list(tmp_path.iterdir())


def test_stopped_while_writing_leaves_no_half_a_file(tmp_path, often, monkeypatch):
    path = tmp_path / "checkpoint.pt"

    def half(_state: object, file) -> None:
        file.write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop.torch, "save", half)
        with pytest.raises(Interrupted):
            train(network(), loss, SCHEDULE, path)
    assert not list(tmp_path.iterdir())


def test_foreign_and_damaged_checkpoints_are_refused(tmp_path, often):
    path = tmp_path / "checkpoint.pt"
    train(network(), loss, SCHEDULE, path)
    with pytest.raises(ValueError, match="belongs to other settings"):
        train(network(), loss, Schedule(steps=13), path)
    with pytest.raises(ValueError, match="belongs to another network"):
        train(nn.Linear(4, 1), loss, SCHEDULE, path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match="damaged: delete it"):
        train(network(), loss, SCHEDULE, path)
    torch.save({"step": 1}, path)
    with pytest.raises(ValueError, match="no checkpoint of a training run"):
        train(network(), loss, SCHEDULE, path)
