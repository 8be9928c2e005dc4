"""`latentwalk studio`: everything live, in a browser."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from latentwalk.cli.console import say, working
from latentwalk.cli.file_options import FileOptions
from latentwalk.cli.options import Device, check_generator
from latentwalk.studio.doors import LOCAL, check_host

INSTALL = "the studio needs more packages: pip install latentwalk[studio]"


@dataclass(frozen=True)
class StudioOptions(FileOptions):
    """What stands on the page, and where it is served; how a file is read is said of the first generator alone."""

    models: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A folder whose generators can be chosen on the page.", show_default=False),
    ] = None
    directions: Annotated[
        list[Path] | None,
        typer.Option(
            "--directions",
            metavar="FILE",
            help="Directions of the first generator that become sliders. By itself its own, else SeFa's.",
            show_default=False,
        ),
    ] = None
    scorer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Whose attributes are shown of the first generator. By itself its own.",
            show_default=False,
        ),
    ] = None
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="Of this machine; 0 for any free one.")] = (
        8765
    )
    host: Annotated[
        str, typer.Option(metavar="NAME", help="Where it is served; what others can reach too needs --token.")
    ] = LOCAL
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="What browsers have to know: 12 or more letters, digits, - and _. By itself a new one.",
            show_default=False,
        ),
    ] = None
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True
    device: Device = "cpu"


def studio(
    look: StudioOptions,
    generators: Annotated[
        list[str] | None,
        typer.Argument(
            help="Bundled names, checkpoints, or addresses; the first is shown. By itself faces64, then avatars64.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Move sliders and see the picture change, with what else changed beside it.

    The page is served on this machine alone, to the browser that is opened. Ctrl-C ends it. With --host, others who
    know the --token come in as well; nothing is encrypted, so do that in a network that you trust.

    \bExamples:
      latentwalk studio
      latentwalk studio my_model.pkl faces64 --models models
      latentwalk studio my_model.pkl --directions out/directions/sefa.safetensors
      latentwalk studio my_gan.pt --part G_ema --activation leaky_relu:0.2
    """
    check_host(look.host, look.token)
    for generator in generators or ():
        check_generator(generator)
    with working(f"loading {generators[0] if generators else 'faces64'}", False):
        try:
            from latentwalk.studio.serve import Serving
        except ImportError as error:
            raise ValueError(INSTALL) from error
        from latentwalk.studio.models import Models

        models = Models(generators or (), look.models, look.scorer, look.directions or (), look.device, look.choices)
        model = models.open(models.names[0])
    with Serving(model, look.port, models.openers, host=look.host, token=look.token) as serving:
        say(f"the studio is at {serving.address}\nCtrl-C ends it")
        if look.browser:
            import webbrowser

            webbrowser.open(serving.address)
        serving.run()
