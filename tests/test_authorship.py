"""An animated video says that it is synthetic, by what and from what; `facemotion verify` reads it back, whatever was
done to the file since."""

import json
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from certificates import make_certificates
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from facemotion import __version__, video
from facemotion.authorship import signature, verify
from facemotion.authorship.finish import finish
from facemotion.authorship.label import Label
from facemotion.authorship.record import FORMAT, TAG, Input, Record, digest
from facemotion.authorship.sidecar import path_of
from facemotion.cli import app
from facemotion.errors import FacemotionError

SIDE = 64


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """What a video is made from: a model's weights, a photo and a driver."""
    made = {name: tmp_path / name for name in ("weights.safetensors", "me.jpg", "talk.mp4")}
    for name, path in made.items():
        path.write_bytes(name.encode())
    return made


@pytest.fixture
def record(files: dict[str, Path]) -> Record:
    return Record(
        model="landmarks_refined", weights=digest(files["weights.safetensors"]),
        inputs=(Input("source", digest(files["me.jpg"])), Input("driving", digest(files["talk.mp4"]))),
        options={"motion": "relative", "strength": 1.0, "paste": False, "start": None}, label=True, synthetic=True,
        facemotion=__version__, format=FORMAT,
    )  # fmt: skip


def write(path: Path, record: Record, credentials: signature.Credentials | None = None) -> Path:
    with av.open(str(path), "w") as container:
        container.metadata.update(record.tags())
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, "yuv420p"
        for number in range(8):
            frame = np.full((SIDE, SIDE, 3), 20 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    finish(path, record, credentials)
    return path


def copied(source: Path, target: Path, keep_tags: bool = True) -> Path:
    """As other programs do: the same streams in another container."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        if keep_tags:
            new.metadata.update(old.metadata)
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    return target


def asked(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["verify", *arguments])
    if isinstance(result.exception, FacemotionError):
        return 1, str(result.exception)
    return result.exit_code, result.output


def test_a_video_tells_that_it_is_synthetic_by_what_and_from_what(
    tmp_path: Path, record: Record, files: dict[str, Path]
) -> None:
    path = write(tmp_path / "result.mp4", record)
    code, said = asked(str(path), "--made-from", str(files["me.jpg"]), "--made-from", str(path))
    assert code == 0
    assert "synthetic" in said
    assert "landmarks_refined" in said
    assert "container, sidecar" in said
    assert f"{files['me.jpg']}: the video was made from it" in said.replace("\n", "")
    assert f"{path}: not among" in said.replace("\n", "")
    with av.open(str(path)) as container:
        assert container.metadata[TAG].startswith("AI-generated video")
    beside = json.loads(path_of(path).read_text())
    assert beside["record"]["synthetic"] is True
    assert [one["role"] for one in beside["record"]["inputs"]] == ["source", "driving"]
    assert "me.jpg" not in path_of(path).read_text(), "names of files tell of people"


def test_a_record_survives_json(record: Record) -> None:
    assert Record.from_json(record.to_json(), "here") == record
    assert Record.from_json(record.to_json(), "here").to_json() == record.to_json()


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_the_record_survives_another_container(tmp_path: Path, record: Record, suffix: str) -> None:
    path = copied(write(tmp_path / "result.mp4", record), tmp_path / f"copy{suffix}")
    found = verify.examine(path)
    assert (found.state, found.record) == ("synthetic", record)


def test_what_was_changed_since_shows(tmp_path: Path, record: Record) -> None:
    path = write(tmp_path / "result.mp4", record)
    beside = path_of(path).read_text()
    # Another video under the name, its record taken out.
    stripped = copied(path, tmp_path / "stripped.mp4", keep_tags=False)
    assert asked(str(stripped))[0] == 3
    shutil.copy(stripped, path)
    code, said = asked(str(path))
    assert code == 4
    assert "other bytes" in said
    assert "lost its record" in said
    # A sidecar that tells of other options.
    write(path, record)
    path_of(path).write_text(beside.replace("relative", "absolute"))
    code, said = asked(str(path))
    assert code == 4
    assert "different things" in said


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"{", "no JSON"), (b"[" * 100_000, "no JSON"), (b"{}", "video_sha256"), (b'{"video_sha256": "0"}', "no record")],
)
def test_a_strangers_sidecar_is_told_of_and_does_no_harm(
    tmp_path: Path, record: Record, content: bytes, what: str
) -> None:
    path = write(tmp_path / "result.mp4", record)
    path_of(path).write_bytes(content)
    code, said = asked(str(path))
    assert code == 4
    assert what in said


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("none.mp4", None, "not a file"),
        ("photo.jpg", b"\xff\xd8\xff\xe0 no video", "cannot be read as video"),
        ("empty.mp4", b"", "cannot be read as video"),
        ("list.mp4", b"#EXTM3U\nhttp://127.0.0.1/a.ts\n", "cannot be read as video"),
    ],
)
def test_other_files_are_no_videos(tmp_path: Path, name: str, content: bytes | None, what: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    code, said = asked(str(tmp_path / name))
    assert code == 1
    assert what in said
    assert name in said


@settings(max_examples=50)
@given(
    st.one_of(st.text(), st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps))
)
def test_no_words_but_a_record_are_taken_for_one(text: str) -> None:
    with pytest.raises(FacemotionError, match="no record"):
        Record.from_json(text, "here")


@pytest.mark.parametrize(
    "change",
    [
        {"synthetic": False},
        {"weights": "../../etc/passwd"},
        {"more": 1},
        {"format": "facemotion.record/2"},
        {"model": "x" * 501},
        {"label": "yes"},
    ],
)
def test_a_record_with_other_contents_is_refused(record: Record, change: dict[str, object]) -> None:
    text = json.dumps(json.loads(record.to_json()) | change)
    with pytest.raises(FacemotionError, match=next(iter(change))):
        Record.from_json(text, "here")


def test_a_strangers_words_steer_no_terminal(tmp_path: Path, record: Record) -> None:
    told = json.loads(record.to_json()) | {"model": "\x1b[2Jmodel"}
    path = write(tmp_path / "result.mp4", Record.from_json(json.dumps(told), "here"))
    code, said = asked(str(path))
    assert code == 0
    assert "\x1b[2J" not in said


@pytest.mark.parametrize("suffix", signature.KINDS)
def test_a_signed_video_shows_every_change(tmp_path: Path, record: Record, suffix: str) -> None:
    pem = make_certificates(tmp_path)
    path = write(tmp_path / f"result{suffix}", record, signature.Credentials.load(pem.chain, pem.key))
    assert len(list(video.frames(path))) == 8
    code, said = asked(str(path))
    assert code == 0
    assert "signature, container, sidecar" in said
    assert "signed by Test signer" in said
    assert "nobody named as trusted" in said
    code, said = asked(str(path), "--trust", str(pem.root))
    assert code == 0
    assert "vouch for" in said
    # A signed video has its record in the manifest, too: taking it out of the container shows.
    changed = path.read_bytes().replace(b'"relative"', b'"absolute"', 1)
    (tmp_path / f"changed{suffix}").write_bytes(changed)
    code, said = asked(str(tmp_path / f"changed{suffix}"))
    assert code == 4
    assert "signature does not hold" in said


def test_of_a_picture_that_was_changed_the_signature_does_not_hold(tmp_path: Path, record: Record) -> None:
    pem = make_certificates(tmp_path)
    path = write(tmp_path / "result.mp4", record, signature.Credentials.load(pem.chain, pem.key))
    data = bytearray(path.read_bytes())
    data[data.find(b"mdat") + 60] ^= 1
    path.write_bytes(data)
    found = verify.examine(path)
    assert found.state == "doubtful"
    assert any("bmffHash" in problem for problem in found.problems)
    assert any("other bytes" in problem for problem in found.problems)


def test_credentials_are_refused_before_there_is_a_video(tmp_path: Path) -> None:
    pem = make_certificates(tmp_path)
    (tmp_path / "other").mkdir()
    other = make_certificates(tmp_path / "other")
    locked = make_certificates(tmp_path, password=b"secret").key
    for chain, key, what in [
        (pem.chain, other.key, "not that of the first certificate"),
        (pem.key, other.key, "no PEM certificate"),
        (pem.chain, pem.chain, "no PEM private key"),
        (pem.chain, tmp_path / "gone.pem", "cannot read"),
        (pem.chain, locked, "locked by a password"),
    ]:
        with pytest.raises(FacemotionError, match=what):
            signature.Credentials.load(chain, key)


def test_what_cannot_bear_a_signature_is_told_before_there_is_a_video() -> None:
    with pytest.raises(FacemotionError, match=r"only .mp4 and .mov are signed"):
        signature.check_name(Path("result.mkv"))


def test_a_certificate_that_may_not_sign_leaves_the_video_with_its_record(tmp_path: Path, record: Record) -> None:
    pem = make_certificates(tmp_path, may_sign=False)
    path = tmp_path / "result.mp4"
    with pytest.raises(FacemotionError, match="without a signature"):
        write(path, record, signature.Credentials.load(pem.chain, pem.key))
    assert verify.examine(path).state == "synthetic"


@pytest.mark.parametrize(
    ("width", "height"), [(64, 64), (128, 128), (256, 256), (1920, 1080), (1080, 1920), (512, 200)]
)
def test_the_label_is_legible_on_white_and_on_black_and_covers_little(width: int, height: int) -> None:
    label = Label(height, width)
    for shade in (0, 255):
        frame = np.full((height, width, 3), shade, np.uint8)
        labelled = label.on(frame)
        changed = (labelled != frame).any(-1)
        assert (frame == shade).all(), "the frame given stays as it was"
        assert 0.002 < changed.mean() < (0.25 if width == 64 else 0.13)
        rows, columns = np.nonzero(changed)
        assert rows.min() > height / 2
        inside = labelled[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert int(inside.max()) - int(np.median(inside)) > 90, "the box is dark, whatever lies below"
        assert (inside.max(-1) > 200).mean() > 0.05, "letters"


def test_a_frame_too_small_for_a_label_is_refused() -> None:
    with pytest.raises(FacemotionError, match="choose a larger size"):
        Label(12, 16)
