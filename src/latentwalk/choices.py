"""What a person says of a checkpoint when it is opened, because no file of its kind says it."""

from pydantic import BaseModel, ConfigDict, Field


class Choices(BaseModel):
    """part: which network of a file with several, by its place in it ("G_ema"). classes: how many it was trained with.

    activation: between the layers, "relu" or "leaky_relu:0.2". bgr: whether blue is the first of its colours.
    side: of its pictures.
    Receipts keep them, so that who replays one opens the same network.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    part: str | None = None
    classes: int | None = Field(default=None, ge=1)
    activation: str | None = None
    bgr: bool = False
    side: int | None = Field(default=None, ge=1)

    @property
    def words(self) -> list[str]:
        """The same as options of the command line."""
        given = {name: value for name, value in self.model_dump().items() if value not in (None, False)}
        return [
            word for name, value in given.items() for word in (f"--{name}", *([] if value is True else [str(value)]))
        ]
