"""One person and one view in a tube: dissolves, faces that change places, hands, turns to the side, jumps of the zoom,
in material made of real clips and of rendered heads; and how good a tube is said to be."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rendered_faces import shown

from facemotion import config, video
from facemotion.faces.interfaces import Image
from facemotion.ingest import tubes
from facemotion.video_writer import Writer

SETTINGS = config.load().tubes.model_copy(update={"min_seconds": 0.2})
SIZE = 256


@cache
def clip(folder: Path, name: str, count: int = 50) -> tuple[Image, ...]:
    return tuple(video.Reader(folder / "clips" / name).frames(0, count, size=(SIZE, SIZE)))


def followed(path: Path, frames: Sequence[Image], **changes: object) -> list[dict[str, Any]]:
    height, width = frames[0].shape[:2]
    with Writer(path, fps=Fraction(25), width=width, height=height, crf=10, preset="veryfast") as writer:
        for frame in frames:
            writer.write(frame)
    settings = SETTINGS.model_copy(update=changes)
    return tubes.tubes_of(tubes.TubeJob("v", path, ((0, 0, len(frames)),), (), settings, video.Limits()))


def mixed(one: Image, other: Image, share: float) -> Image:
    return np.asarray(cv2.addWeighted(one, 1 - share, other, share, 0), np.uint8)


def test_a_dissolve_from_one_person_to_another_ends_a_tube(real_faces: Path, tmp_path: Path) -> None:
    one, other = clip(real_faces, "d9.mp4"), clip(real_faces, "d11.mp4")
    frames = [mixed(a, b, float(np.clip((k - 20) / 8, 0, 1))) for k, (a, b) in enumerate(zip(one, other, strict=True))]
    rows = followed(tmp_path / "dissolve.mp4", frames)
    assert len(rows) >= 2
    assert not [row for row in rows if row["start_frame"] < 20 and row["end_frame"] > 29]
    # Without an eye on it the two are one.
    assert [(r["start_frame"], r["end_frame"]) for r in followed(tmp_path / "d.mp4", frames, embedder=None)] == [
        (0, 50)
    ]


def test_somebody_who_takes_anothers_place_after_a_gap_is_not_the_same_tube(real_faces: Path, tmp_path: Path) -> None:
    one, other = clip(real_faces, "d9.mp4"), clip(real_faces, "d11.mp4")
    empty = np.full((SIZE, SIZE, 3), 90, np.uint8)
    frames = [*one[:20], *[empty] * 10, *other[:20]]
    rows = followed(tmp_path / "gap.mp4", frames)
    assert [(row["start_frame"], row["end_frame"]) for row in rows] == [(0, 20), (30, 50)]
    again = followed(tmp_path / "same.mp4", [*one[:20], *[empty] * 10, *one[30:50]])
    assert [(row["start_frame"], row["end_frame"]) for row in again] == [(0, 50)]


def test_a_jump_of_the_zoom_ends_a_tube_to_the_frame(real_faces: Path, tmp_path: Path) -> None:
    plain = clip(real_faces, "d9.mp4")
    inner = [np.asarray(cv2.resize(frame[24:216, 32:224], (SIZE, SIZE)), np.uint8) for frame in plain]
    for cut in (23, 25):
        rows = followed(tmp_path / f"zoom{cut}.mp4", [*plain[:cut], *inner[cut:]])
        assert [(row["start_frame"], row["end_frame"]) for row in rows] == [(0, cut), (cut, 50)]
    slow = [
        np.asarray(cv2.resize(f[k // 2 : SIZE - k // 2, k // 2 : SIZE - k // 2], (SIZE, SIZE)), np.uint8)
        for k, f in enumerate(plain)
    ]
    assert [(r["start_frame"], r["end_frame"]) for r in followed(tmp_path / "slow.mp4", slow)] == [(0, 50)]


def test_two_faces_side_by_side_keep_their_own_tubes(real_faces: Path, tmp_path: Path) -> None:
    one, other = clip(real_faces, "d9.mp4"), clip(real_faces, "d11.mp4")
    rows = followed(tmp_path / "two.mp4", [np.hstack([a, b]) for a, b in zip(one, other, strict=True)])
    assert [(row["start_frame"], row["end_frame"]) for row in rows] == [(0, 50)] * 2
    sides = [np.array(row["boxes"])[:, [0, 2]].mean() // SIZE for row in rows]
    assert sorted(sides) == [0, 1]


def test_a_face_that_passes_before_another_is_never_in_its_tube(real_faces: Path, tmp_path: Path) -> None:
    one, other = clip(real_faces, "d9.mp4"), clip(real_faces, "d11.mp4")
    frames = []
    for k, (still, passing) in enumerate(zip(one, other, strict=True)):
        wide = np.full((SIZE, 4 * SIZE, 3), 100, np.uint8)
        wide[:, SIZE : 2 * SIZE] = still
        at = round(3 * SIZE - 16 * k)
        wide[:, max(at, 0) : at + SIZE] = passing[:, max(-at, 0) :][:, : wide.shape[1] - max(at, 0)]
        frames.append(wide)
    rows = followed(tmp_path / "pass.mp4", frames)
    for row in rows:
        middles = np.array(row["boxes"])[:, [0, 2]].mean(axis=1)
        numbers = np.arange(row["start_frame"], row["end_frame"])
        moves = np.abs(middles - (3 * SIZE - 16 * numbers + SIZE / 2)) < 60
        stands = np.abs(middles - 1.5 * SIZE) < 60
        only = moves ^ stands
        assert moves[only].all() or stands[only].all()
    assert sum(row["end_frame"] - row["start_frame"] for row in rows) > 70


@pytest.mark.parametrize(("hidden", "wanted"), [(8, [(0, 50)]), (26, [(0, 12), (38, 50)])])
def test_a_hand_before_the_face(real_faces: Path, tmp_path: Path, hidden: int, wanted: list[tuple[int, int]]) -> None:
    """For a moment it leaves the tube whole; for longer the tube ends, and another begins after it."""
    frames = []
    for k, frame in enumerate(clip(real_faces, "d9.mp4")):
        covered = frame.copy()
        if 12 <= k < 12 + hidden:
            cv2.ellipse(covered, (128, 120), (85, 100), 10, 0, 360, (196, 152, 130), -1, cv2.LINE_AA)
        frames.append(covered)
    rows = followed(tmp_path / "hand.mp4", frames)
    assert len(rows) == len(wanted)
    for row, (start, end) in zip(rows, wanted, strict=True):
        assert abs(row["start_frame"] - start) <= 1
        assert abs(row["end_frame"] - end) <= 1
    assert (max(row["missed"] for row in rows) > 0.05) == (len(rows) == 1)


def test_a_head_that_turns_aside_stays_itself(tmp_path: Path) -> None:
    """To where its face is not seen any more, and back: never another's, and no box where there is no face."""
    yaws = [*np.linspace(0, 85, 20), *[85.0] * 20, *np.linspace(85, 0, 20)]
    heads = [shown(3, yaw=round(float(yaw) / 5) * 5.0) for yaw in yaws]
    rows = followed(tmp_path / "turn.mp4", [(head.frame * 255).astype(np.uint8) for head in heads])
    assert rows
    for row in rows:
        assert row["end_frame"] <= 30 or row["start_frame"] >= 30
        for number, box in enumerate(row["boxes"], row["start_frame"]):
            nose = heads[number].points[30]
            assert box[0] - 5 < nose[0] < box[2] + 5
    assert max(row["yaw_right"] - row["yaw_left"] for row in rows) > 15


def test_quality_says_what_is_seen(real_faces: Path, tmp_path: Path) -> None:
    plain = clip(real_faces, "d9.mp4")
    (good,) = followed(tmp_path / "plain.mp4", plain)
    (dark,) = followed(tmp_path / "dark.mp4", [np.asarray(frame * 0.4, np.uint8) for frame in plain])
    (still,) = followed(tmp_path / "still.mp4", [plain[0]] * 50)
    assert dark["exposure"] < 0.6 * good["exposure"]
    assert still["shake"] < good["shake"]
    turned = {name: row["yaw_right"] - row["yaw_left"] for name, row in (("still", still), ("good", good))}
    assert turned["still"] < 0.8 * turned["good"]
    assert good["missed"] == 0


def test_mouths_and_lids_that_move_are_told_from_those_that_do_not(tmp_path: Path) -> None:
    still, doing = shown(3), shown(3, jaw_open=0.7, lid_left=1.0, lid_right=1.0)
    plain, busy = ((one.frame * 255).astype(np.uint8) for one in (still, doing))
    (quiet,) = followed(tmp_path / "quiet.mp4", [plain] * 40)
    (active,) = followed(tmp_path / "active.mp4", [busy if k // 5 % 2 else plain for k in range(40)])
    assert active["mouth"] > 0.1 > quiet["mouth"]
    assert active["lids"] > 3 * quiet["lids"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"min_exposure": 250.0}, "dark"),
        ({"max_exposure": 1.0}, "bright"),
        ({"min_turn": 90.0}, "stiff"),
        ({"max_turn": 0.01}, "turning"),
        ({"min_mouth": 2.0}, "silent"),
        ({"min_lids": 2.0}, "unblinking"),
        ({"max_shake": 0.0}, "shaky"),
    ],
)
def test_each_limit_rejects_by_its_name(
    real_faces: Path, tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    (row,) = followed(tmp_path / "clip.mp4", clip(real_faces, "d9.mp4")[:25], **changes)
    assert (row["reason"], row["accepted"]) == (reason, False)
