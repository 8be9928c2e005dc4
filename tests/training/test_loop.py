"""The loop: seeded, resumable to the bit, and clear about what is kept when it is stopped."""

import os

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from latentwalk.files import NoSpace
from latentwalk.training import loop
from latentwalk.training.loop import Interrupted, Trainable, train
from latentwalk.training.one_cycle import OneCycle, Schedule

SCHEDULE, SEED = Schedule(steps=12, rate=1e-2), 3


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.2), nn.Linear(8, 1))


def loss(net: nn.Module, _step: int) -> torch.Tensor:
    x = torch.randn(16, 4)
    return F.mse_loss(net(x)[:, 0], x.sum(1))


def learner(schedule: Schedule = SCHEDULE) -> OneCycle:
    return OneCycle(network(), loss, schedule)


class PointGAN:
    """Two networks, two optimizers with states of their own: points on a circle against points of a generator.

    The critic learns twice as often, and a moving average of the generator is kept (Karras et al., 2018).
    """

    def __init__(self) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.generator = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
            self.critic = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(16, 1))
        self.average = {name: value.clone() for name, value in self.generator.state_dict().items()}
        self.makes = torch.optim.Adam(self.generator.parameters(), 1e-2)
        self.tells = torch.optim.RMSprop(self.critic.parameters(), 1e-2)

    def step(self, step: int, /) -> dict[str, torch.Tensor]:
        for _ in range(2):
            real = F.normalize(torch.randn(16, 2))
            fake = self.generator(torch.randn(16, 2)).detach()
            critic = F.softplus(-self.critic(real)).mean() + F.softplus(self.critic(fake)).mean()
            self.tells.zero_grad()
            critic.backward()
            self.tells.step()
        generator = F.softplus(-self.critic(self.generator(torch.randn(16, 2)))).mean()
        self.makes.zero_grad()
        generator.backward()
        self.makes.step()
        for name, value in self.generator.state_dict().items():
            self.average[name] = torch.lerp(self.average[name], value, 1 / (1 + step))
        return {"loss of the critic": critic.detach(), "loss of the generator": generator.detach()}

    def state_dict(self) -> dict:
        parts = {"generator": self.generator, "critic": self.critic, "makes": self.makes, "tells": self.tells}
        return {"average": self.average, **{name: part.state_dict() for name, part in parts.items()}}

    def load_state_dict(self, state: dict, /) -> None:
        self.average = state["average"]
        for name in ("generator", "critic", "makes", "tells"):
            getattr(self, name).load_state_dict(state[name])


LEARNERS = {"one network": learner, "a GAN": PointGAN}


def stop_at(wanted: int):
    def progress(_what: str, done: int, _total: int) -> None:
        if done == wanted:
            raise KeyboardInterrupt

    return progress


@pytest.fixture
def often(monkeypatch):
    """Write a checkpoint after every step."""
    monkeypatch.setattr(loop, "EVERY", -1.0)


def tensors(state: object) -> list[torch.Tensor]:
    """Every tensor of a nested state, in order."""
    if isinstance(state, torch.Tensor):
        return [state]
    parts = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else ()
    return [tensor for part in parts for tensor in tensors(part)]


def same(a: Trainable, b: Trainable) -> bool:
    """Whether two states agree bit for bit, those of the optimizers too."""
    return all(torch.equal(x, y) for x, y in zip(tensors(a.state_dict()), tensors(b.state_dict()), strict=True))


def trained(one: Trainable, *rest, steps: int = 12, seed: int = SEED) -> Trainable:
    train(one, steps, seed, *rest)
    return one


def test_the_rate_rises_then_falls_to_nothing():
    rates = [SCHEDULE.rate_at(step) for step in range(SCHEDULE.steps + 1)]
    peak = rates.index(max(rates))
    assert rates[peak] == pytest.approx(SCHEDULE.rate) and 0 < peak < SCHEDULE.steps / 2
    assert rates[: peak + 1] == sorted(rates[: peak + 1]) and rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] == pytest.approx(0, abs=1e-9)


def test_training_lowers_the_loss_and_leaves_the_callers_random_state():
    one = learner(Schedule(steps=150, rate=3e-2))
    before = float(loss(one.network.eval(), 0).detach())
    state = torch.random.get_rng_state()
    trained(learner(one.schedule), steps=150)
    assert torch.equal(state, torch.random.get_rng_state())
    net = trained(learner(one.schedule), steps=150).network.eval()
    assert float(loss(net, 0).detach()) < before / 3


def test_the_loop_is_this_one():
    """AdamW, a rate for every step and a seed for every step, written out."""
    net = network().train()
    optimizer = torch.optim.AdamW(net.parameters(), lr=SCHEDULE.rate, weight_decay=SCHEDULE.decay)
    with torch.random.fork_rng():
        for step in range(12):
            torch.manual_seed(SEED * 1_000_003 + step)
            optimizer.param_groups[0]["lr"] = SCHEDULE.rate_at(step)
            optimizer.zero_grad()
            loss(net, step).backward()
            optimizer.step()
    assert all(map(torch.equal, trained(learner()).network.state_dict().values(), net.state_dict().values()))


@pytest.mark.parametrize("make", LEARNERS.values(), ids=LEARNERS)
def test_the_seed_decides(make):
    assert isinstance(make(), Trainable)
    assert same(trained(make()), trained(make()))
    assert not same(trained(make()), trained(make(), seed=4))


@pytest.mark.parametrize("make", LEARNERS.values(), ids=LEARNERS)
def test_a_resumed_run_ends_with_the_same_bits(tmp_path, often, make):
    path = tmp_path / "checkpoint.pt"
    with pytest.raises(Interrupted) as stopped:
        trained(make(), path, stop_at(7))
    assert stopped.value.step == 6 and stopped.value.checkpoint == path, "the seventh step was not written yet"
    assert "step 6 is kept" in str(stopped.value) and "same command continues" in str(stopped.value)
    seen: list[int] = []
    resumed = trained(make(), path, lambda _what, done, _total: seen.append(done))
    assert seen == list(range(7, 13))
    assert same(resumed, trained(make()))
    assert same(trained(make(), path), resumed), "a finished run is only read"


@pytest.mark.parametrize("make", LEARNERS.values(), ids=LEARNERS)
def test_what_is_kept_is_a_whole_state(tmp_path, often, make):
    """Ctrl-C in the middle of a step, when one part has learned and others have not."""
    path, one = tmp_path / "checkpoint.pt", make()

    def step(number: int, /) -> object:
        losses = make.step(one, number) if make is PointGAN else OneCycle.step(one, number)
        if number == 5:
            raise KeyboardInterrupt
        return losses

    one.step = step
    with pytest.raises(Interrupted):
        trained(one, path)
    kept = torch.load(path, weights_only=True)
    assert kept["step"] == 5
    five = make()
    for number in range(5):  # the steps alone, without the loop
        with torch.random.fork_rng():
            torch.manual_seed(SEED * 1_000_003 + number)
            five.step(number)
    assert all(map(torch.equal, tensors(kept["trainable"]), tensors(five.state_dict())))
    assert same(trained(make(), path), trained(make()))


def test_stopped_before_the_first_checkpoint(tmp_path):
    with pytest.raises(Interrupted, match="before the first checkpoint") as stopped:
        trained(learner(), tmp_path / "checkpoint.pt", stop_at(2))
    assert stopped.value.checkpoint is None and not list(tmp_path.iterdir())


def test_stopped_while_writing_leaves_no_half_a_file(tmp_path, often, monkeypatch):
    path = tmp_path / "checkpoint.pt"

    def stop(_file: int) -> None:
        assert len(list(tmp_path.iterdir())) == 1, "what was written so far"
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", stop)
        with pytest.raises(Interrupted):
            trained(learner(), path)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_keeps_the_checkpoint_before(tmp_path, often, room):
    path, kept = tmp_path / "checkpoint.pt", b""

    def fill(_what: str, done: int, _total: int) -> None:
        nonlocal kept
        if done == 7:
            kept = path.read_bytes()
            room(len(kept) // 2)

    with pytest.raises(
        NoSpace, match=r"no space left to write .*checkpoint.pt \([\d,]+ bytes\): make room, .* goes on from step 6"
    ) as full:
        trained(learner(), path, fill)
    assert "\n" not in str(full.value)
    assert path.read_bytes() == kept and list(tmp_path.iterdir()) == [path]
    room(None)
    assert same(trained(learner(), path), trained(learner()))


def test_a_run_that_diverged_is_not_kept(tmp_path, often):
    """The last sound state stays on disk."""
    path, one = tmp_path / "checkpoint.pt", learner()
    one.loss = lambda net, step: loss(net, step) * (float("nan") if step == 4 else 1.0)
    with pytest.raises(ValueError, match="the loss is nan at step 4: training diverged"):
        trained(one, path)
    assert torch.load(path, weights_only=True)["step"] == 4


def test_foreign_and_damaged_checkpoints_are_refused(tmp_path, often):
    path = tmp_path / "checkpoint.pt"
    trained(learner(), path)
    for changed in ({"steps": 13}, {"seed": 4}):
        with pytest.raises(ValueError, match="belongs to other settings"):
            trained(learner(), path, **changed)
    for other in (OneCycle(nn.Linear(4, 1), loss, SCHEDULE), PointGAN(), learner(Schedule(steps=12, rate=1e-3))):
        with pytest.raises(ValueError, match="belongs to another network"):
            trained(other, path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match="damaged: delete it"):
        trained(learner(), path)
    torch.save({"step": 1}, path)
    with pytest.raises(ValueError, match="no checkpoint of a training run"):
        trained(learner(), path)
