import threading

import pytest
import torch

from latentwalk.threads import pool


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield 2
    torch.set_num_threads(before)


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_everything_is_done_once_and_the_threads_are_as_before(threads, device) -> None:
    done, lock = [], threading.Lock()

    def do(thing: int) -> None:
        with lock:
            done.append(thing)

    with pool(torch.device(device)) as each:
        each(do, range(20))
    assert sorted(done) == list(range(20))
    assert torch.get_num_threads() == threads


def test_on_a_processor_two_things_happen_at_once(threads) -> None:
    """Each waits for the other, which can only end when both are there."""
    meeting = threading.Barrier(threads, timeout=20)
    with pool(torch.device("cpu")) as each:
        each(lambda _: meeting.wait() and None, range(threads))


def test_what_is_raised_comes_out_and_the_threads_are_as_before(threads) -> None:
    def fail(thing: int) -> None:
        raise ValueError(f"no {thing}")

    with pytest.raises(ValueError, match="no 0"), pool(torch.device("cpu")) as each:
        each(fail, [0])
    assert torch.get_num_threads() == threads
