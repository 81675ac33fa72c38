"""Every option of `facemotion animate` at once, from the command line to the file, and frames as they once were."""

import inspect
import json
import os
from pathlib import Path

import numpy as np
import torch
from certificates import make_certificates
from PIL import Image
from talking import Talking
from typer.testing import CliRunner

from facemotion import video
from facemotion.animate import Animator, Options
from facemotion.animation.motions import MotionOptions
from facemotion.authorship import verify
from facemotion.authorship.sidecar import path_of
from facemotion.cli import app
from facemotion.commands.animate import animate

GOLDEN = Path(__file__).parent / "golden"
# How to make them anew, after looking at what changed: UPDATE_GOLDEN=1 python -m pytest tests/test_animate_options.py
UPDATE = "UPDATE_GOLDEN"
SHOWN = {"rest": 0, "mouth_open": 6, "blink": 16}
SIDE = 80
# None of which it is by itself, and what of it the record tells.
CHOSEN: dict[str, tuple[list[str], dict[str, object]]] = {
    "motion": (["--motion", "relative"], {"way": "relative"}),
    "scale": (["--scale", "off"], {"scale": "off"}),
    "best_frame": (["--first-frame"], {"best_frame": False}),
    "strength": (["--strength", "0.8"], {"strength": 0.8}),
    "region": (["--region", "expression"], {"region": "expression"}),
    "smooth": (["--smooth", "2"], {"smooth": 2.0}),
    "face": (["--face", "leftmost"], {"face": "leftmost"}),
    "driving_face": (["--driving-face", "1"], {"driving_face": "1"}),
    "source_frame": (["--source-frame", "3"], {"source_frame": 3}),
    "references": (["--references", "2"], {"references": 2}),
    "start": (["--start", "0.2"], {"start": 0.2}),
    "end": (["--end", "0.5"], {"end": 0.5}),
    "size": (["--size", "160"], {"size": 160}),
    "detail": (["--detail", "model"], {"detail": "model"}),
    "paste": (["--paste"], {"paste": True}),
    "strip": (["--strip"], {"strip": True}),
    "label": (["--no-label"], {}),
    "sound": (["--no-sound"], {}),
    "lossless": (["--lossless"], {}),
    "keep_partial": (["--keep-partial"], {}),
    "device": (["--device", "cpu"], {}),
    "threads": (["--threads", "1"], {}),
}
FILES = {"source", "driving", "out", "model", "certificate", "key"}


def test_every_option_arrives_and_the_record_tells_it(talking: Talking, tmp_path: Path) -> None:
    assert set(CHOSEN) | FILES == set(inspect.signature(animate).parameters)
    pem, out = make_certificates(tmp_path), tmp_path / "result.mp4"
    words = ["--source", talking.mute, "--driving", talking.video, "--out", out, "--model", talking.model]
    words += ["--certificate", pem.chain, "--key", pem.key]
    words += [word for given, _ in CHOSEN.values() for word in given]
    threads = torch.get_num_threads()
    said = CliRunner().invoke(app, ["animate", *map(str, words)])
    torch.set_num_threads(threads)
    assert said.exit_code == 0, said.output
    told = json.loads(path_of(out).read_text())["record"]
    wanted: dict[str, object] = {}
    for _, of_option in CHOSEN.values():
        wanted |= of_option
    assert {name: told["options"].get(name) for name in wanted} == wanted
    assert told["label"] is False
    info = video.probe(out)
    # Photo and driver are 320 x 256, brought to 160 x 128, and three are side by side.
    assert (info.width, info.height, info.frames, info.has_audio) == (3 * 160, 128, 9, False)
    found = verify.examine(out)
    assert found.state == "synthetic"
    assert (found.signer or "").startswith("Test signer")


def test_frames_are_as_they_once_were(talking: Talking) -> None:
    """But for what another processor or codec rounds; untrained, so what shows is the photo, bent."""
    animator = Animator.load(talking.model, device="cpu")
    # Which of the driver's frames is most like the photo may be a matter of rounding: the first is its start.
    options = Options(size=SIDE, motion=MotionOptions(smooth=0.0, best_frame=False), label=False)
    made = list(animator.animate(talking.photo, talking.mute, options))
    for name, number in SHOWN.items():
        path = GOLDEN / f"animate_{name}.png"
        if os.environ.get(UPDATE):
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(made[number]).save(path, optimize=True)
        assert path.stat().st_size < 20_000
        apart = np.abs(made[number].astype(int) - np.array(Image.open(path)).astype(int))
        assert apart.mean() < 1.5, f"{name}: {apart.mean():.2f} levels apart on average; see {UPDATE} here"
        assert np.percentile(apart, 99) < 16, name
    # And they would not pass for one another.
    first, second = (
        np.array(Image.open(GOLDEN / f"animate_{name}.png")).astype(int) for name in ("rest", "mouth_open")
    )
    assert np.percentile(np.abs(first - second), 99) > 30
