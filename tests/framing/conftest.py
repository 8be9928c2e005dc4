"""What is computed once is kept where these tests alone look."""

from collections.abc import Iterator

import pytest

from latentwalk.kept import PLACE


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PLACE, str(tmp_path_factory.mktemp("cache")))
        yield
