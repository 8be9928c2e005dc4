"""Read the receipt of a picture that was dropped on the page: data, checked, and nothing else."""

from typing import Annotated

from pydantic import Field

from latentwalk.receipts import Receipt
from latentwalk.studio.jobs.job import Job, Teller
from latentwalk.studio.recipe import restored
from latentwalk.studio.session import Session

LONGEST = 2**22
"""Letters of a receipt."""


class Restore(Job):
    """receipt: the JSON text inside the picture."""

    receipt: Annotated[str, Field(max_length=LONGEST)]

    brief = True

    def run(self, session: Session, tell: Teller) -> None:
        state, found, note = restored(session, Receipt.parse(self.receipt, "the picture"))
        kept = {} if found is None else {"id": found.id, "found": found.model_dump()}
        tell("restored", state=state.model_dump(mode="json"), note=note, **kept)
