"""The studio's smallest screen in Gradio, to compare with: one slider, one picture, the same render.

Started by studio.py with the Python of an environment that has Gradio; what else is needed comes from --packages, the
folders of packages of the environment that has latentwalk.
"""

import argparse
import os
import sys


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--slider", default="eyeglasses")
    parser.add_argument("--packages", nargs="*", default=[])
    options = parser.parse_args()
    sys.path += options.packages  # after Gradio's own
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

    import gradio
    import torch
    from PIL import Image

    from latentwalk.images import to_pictures
    from latentwalk.studio.models import open_model
    from latentwalk.studio.session import Session
    from latentwalk.studio.state import Slide, State

    torch.set_num_threads(1)
    session = Session(open_model("faces64"))

    def draw(amount: float) -> Image.Image:
        state = State(edits=(Slide(direction=options.slider, amount=amount),))
        return to_pictures(session.frame(state).image[None])[0]

    with gradio.Blocks() as page:
        slider = gradio.Slider(-4, 4, value=0, step=0.05, label=options.slider)
        picture = gradio.Image(draw(0), show_label=False)
        slider.input(draw, slider, picture, trigger_mode="always_last", show_progress="hidden")
    print(f"gradio {gradio.__version__}", flush=True)
    page.launch(server_name="127.0.0.1", server_port=options.port, quiet=True)


if __name__ == "__main__":
    main()
