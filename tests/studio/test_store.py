"""What is kept by id: nobody guesses it, there is room for so much, and nothing stays forever."""

import pytest

from latentwalk.studio.store import Store


def test_ids_say_nothing_and_cannot_be_guessed() -> None:
    store: Store[str] = Store()
    ids = {store.put("same", 1) for _ in range(16)}
    assert len(ids) == 16 and min(map(len, ids)) >= 20
    for id in ("", "0", "../same", next(iter(ids))[:-1]):
        with pytest.raises(KeyError):
            store.take(id)


def test_there_are_only_so_many_and_those_that_are_asked_for_stay() -> None:
    store: Store[int] = Store(most=3)
    first, second, third = (store.put(number, 1) for number in range(3))
    assert store.take(first) == 0
    fourth = store.put(3, 1)
    assert [store.take(id) for id in (first, third, fourth)] == [0, 2, 3] and len(store) == 3
    with pytest.raises(KeyError):
        store.take(second)


def test_there_is_only_so_much_room() -> None:
    store: Store[str] = Store(room=10)
    small, large = store.put("small", 4), store.put("large", 7)
    assert store.take(large) == "large" and len(store) == 1
    with pytest.raises(KeyError):
        store.take(small)
    with pytest.raises(ValueError, match="no room for 11 bytes"):
        store.put("huge", 11)
    assert store.take(large) == "large"


def test_what_nobody_asks_for_goes() -> None:
    now = [0.0]
    store: Store[str] = Store(lasts=60, clock=lambda: now[0])
    asked, left = store.put("asked for", 1), store.put("left", 1)
    now[0] = 50
    store.take(asked)
    now[0] = 70
    store.sweep()
    assert len(store) == 1 and store.take(asked) == "asked for"
    with pytest.raises(KeyError):
        store.take(left)
