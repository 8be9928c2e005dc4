"""What went wrong, in one line: `error: ...` on stderr and exit code 2, never a traceback."""

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from latentwalk.filenames import readable

ALL_WELL, NOT_REACHED, BAD_INPUT, STOPPED = 0, 1, 2, 130
"""Exit codes: done; done, but not as far as asked for; nothing done; Ctrl-C."""


class Group(TyperGroup):
    """Commands of which one has to be chosen: without any, the help is what was asked for."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            print(ctx.get_help())
            raise typer.Exit(ALL_WELL)
        return super().parse_args(ctx, args)


class Commands(Group):
    """The commands, with errors that a person can act on: every job raises ValueError with what to do."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # `latentwalk ... | head` is no error
            raise
        except (ValueError, OSError) as error:
            complain(one_line(error))
            for note in getattr(error, "__notes__", ()):  # such as what a file holds
                print(readable(note), file=sys.stderr)
            raise typer.Exit(BAD_INPUT) from None
        except KeyboardInterrupt as error:
            print(f"stopped: {str(error) or 'nothing was written'}", file=sys.stderr)
            raise typer.Exit(STOPPED) from None


def complain(text: str, how: str = "error") -> None:
    print(readable(f"{how}: {text}"), file=sys.stderr)


def remark(text: str) -> None:
    """What a person should know though all goes well."""
    complain(text, "note")


def one_line(error: Exception) -> str:
    """What an error says, without line breaks."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return " ".join(str(error).split()) or type(error).__name__
