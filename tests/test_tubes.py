"""Tubes: following faces with made-up detectors, gaps, ends, doubles, rejects, the plan, groups, scores."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from facemotion import config, schemas, video
from facemotion.faces.boxes import Box, face_boxes, paired_iou
from facemotion.faces.interfaces import Colour, Face, Found, Image
from facemotion.ingest import tubes
from facemotion.ingest.association import Search, Track, follow_faces
from facemotion.ingest.groups import person_groups
from facemotion.ingest.planned import PlannedFace, assign_plan
from facemotion.ingest.scores import TrueFace, score_tubes
from facemotion.landmarks.noise_model import model_motion
from facemotion.video import Info
from facemotion.video_writer import Writer

SETTINGS = config.load().tubes
SHAPE = model_motion(0)[0]
SHAPE = SHAPE - SHAPE[17:68].mean(axis=0)
SIDE = float(face_boxes(SHAPE)[2] - face_boxes(SHAPE)[0])
INFO = Info(640, 360, Fraction(25), 250, 10.0, False, "h264", 0)


def box_at(x: float, y: float, side: float = 100.0) -> NDArray[np.float64]:
    return face_boxes(SHAPE * (side / SIDE) + [x, y])


class Stage:
    """Frames that hold only their number, and a detector and landmarker that know who is where."""

    colour: Colour = "grey"

    def __init__(self, people: list[dict[int, tuple[float, float]]], batch: int = 1) -> None:
        self.people = people
        self.batch = batch
        self.whole_looks = 0

    def frames(self, count: int) -> list[Image]:
        made = []
        for number in range(count):
            frame = np.zeros((360, 640), np.uint8)
            frame[:, :] = number
            made.append(frame)
        return made

    def detect(self, image: Image, *, weakest: float | None = None, least: float | None = None) -> list[Face]:
        number = int(image[0, 0])
        self.whole_looks += image.shape == (360, 640)
        # A window is a view of its frame.
        off = 0 if image.base is None else image.ctypes.data - image.base.ctypes.data
        y, x = divmod(off, 640)
        found = [box_at(*places[number]) - [x, y, x, y] for places in self.people if number in places]
        height, width = image.shape
        inside = [box.tolist() for box in found if box[:2].min() > 0 and box[2] < width and box[3] < height]
        return [Face((a, b, c, d), 1.0) for a, b, c, d in inside]

    def detect_many(self, images: Sequence[Image], *, weakest: float | None = None) -> list[list[Face]]:
        assert len(images) <= self.batch
        return [self.detect(image, weakest=weakest) for image in images]

    def many(self, images: Sequence[Image], boxes: Sequence[Box]) -> list[Found]:
        return [self.points(image, box) for image, box in zip(images, boxes, strict=True)]

    def points(self, image: Image, box: Box) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        side = box[2] - box[0]
        points = SHAPE * (side / SIDE)
        points = (
            points
            + np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
            - (face_boxes(points)[:2] + face_boxes(points)[2:]) / 2
        )
        return points.astype(np.float32), np.ones(70, np.float32)

    def follow(self, image: Image, previous: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return previous, np.ones(70, np.float32)


def followed(people: list[dict[int, tuple[float, float]]], count: int = 60, batch: int = 1) -> list[Track]:
    return looked_at(Stage(people, batch), count)


def looked_at(stage: Stage, count: int = 60, whole: int = 1) -> list[Track]:
    search = Search(
        stage, stage, stride=5, max_gap=15, start_score=0.1, keep_score=-0.3, min_certainty=0.3, whole=whole
    )
    return follow_faces(stage.frames(count), 0, search)


def spans(tracks: list[Track]) -> list[tuple[int, int]]:
    return [(track.sightings[0].frame, track.sightings[-1].frame) for track in tracks]


def test_two_people_keep_their_tracks() -> None:
    left = {k: (150 + 0.5 * k, 150.0) for k in range(60)}
    right = {k: (450 - 0.5 * k, 170.0) for k in range(60)}
    tracks = followed([left, right])
    assert len(tracks) == 2
    for track, true in zip(tracks, (left, right), strict=True):
        assert [s.frame for s in track.sightings] == [*range(0, 60, 5), 59]
        boxes = tubes.fill_between(
            np.array([s.frame for s in track.sightings]), np.array([s.box for s in track.sightings]), 0, 60
        )
        assert paired_iou(boxes, np.array([box_at(*true[k]) for k in range(60)])).min() > 0.95


@pytest.mark.parametrize("count", [1, 5, 6, 59, 60, 61])
@pytest.mark.parametrize("batch", [2, 3, 100])
def test_a_detector_that_is_shown_several_frames_at_once_finds_the_same(count: int, batch: int) -> None:
    people = [{k: (150 + 0.5 * k, 150.0) for k in range(60)}, dict.fromkeys(range(20, 40), (450.0, 170.0))]
    alone, together = followed(people, count), followed(people, count, batch)
    assert [[(s.frame, s.box.tolist()) for s in track.sightings] for track in alone] == [
        [(s.frame, s.box.tolist()) for s in track.sightings] for track in together
    ]


def test_whoever_is_followed_is_looked_for_where_he_is_expected() -> None:
    walking = {k: (150 + 2.0 * k, 150.0) for k in range(60)}
    stage = Stage([walking])
    (track,) = looked_at(stage, whole=5)
    assert [s.frame for s in track.sightings] == [*range(0, 60, 5), 59]
    assert stage.whole_looks == 3
    boxes = np.array([s.box for s in track.sightings])
    assert paired_iou(boxes, np.array([box_at(*walking[s.frame]) for s in track.sightings])).min() > 0.95


@pytest.mark.parametrize("comes", range(5, 31, 5))
def test_who_comes_while_another_is_followed_is_seen_from_the_beginning(comes: int) -> None:
    """To the stride: between looks at the whole frame only searched frames are kept."""
    there, guest = dict.fromkeys(range(60), (150.0, 150.0)), dict.fromkeys(range(comes, 60), (450.0, 170.0))
    assert spans(looked_at(Stage([there, guest]), whole=5)) == [(0, 59), (comes, 59)]


def test_who_is_not_where_he_was_expected_is_sought_everywhere() -> None:
    jumping = {k: (150.0, 150.0) if k < 32 else (450.0, 200.0) for k in range(60)}
    assert spans(looked_at(Stage([jumping]), whole=5)) == spans(looked_at(Stage([jumping]))) == [(0, 31), (32, 59)]


def test_short_gaps_are_bridged_and_long_ones_end_a_track() -> None:
    gone_briefly = {k: (300.0, 180.0) for k in range(60) if not 20 <= k < 31}
    assert len(followed([gone_briefly])) == 1
    gone_long = {k: (300.0, 180.0) for k in range(60) if not 18 <= k < 42}
    assert spans(followed([gone_long])) == [(0, 17), (42, 59)]
    assert spans(looked_at(Stage([gone_long]), whole=5)) == [(0, 17), (42, 59)]


@given(seed=st.integers(0, 10**6))
def test_tracks_never_mix_people_who_do_not_touch(seed: int) -> None:
    rng = np.random.default_rng(seed)
    people: list[dict[int, tuple[float, float]]] = []
    for column in range(int(rng.integers(1, 4))):
        first, last = sorted(rng.integers(0, 60, 2).tolist())
        drift = rng.uniform(-0.4, 0.4, 2)
        people.append({k: (110 + 200 * column + drift[0] * k, 180 + drift[1] * k) for k in range(first, last + 1)})
    for track in followed(people):
        who = {
            min(range(len(people)), key=lambda p: abs(110 + 200 * p - (s.box[0] + s.box[2]) / 2))
            for s in track.sightings
        }
        assert len(who) == 1
        seen = [s.frame for s in track.sightings]
        assert seen == sorted(set(seen))


def row(start: int, frames: int, x: float, y: float = 180.0, tube: int = 0, reason: str = "") -> dict[str, object]:
    return {
        "shot": 0, "tube": tube, "start_frame": start, "end_frame": start + frames, "reason": reason,
        "boxes": [box_at(x, y).tolist() for _ in range(frames)], "score": 1.0, "video_id": "v", "accepted": not reason,
    }  # fmt: skip


def planned(start: float | None, end: float | None, box: Box | None, person: str | None = "ann") -> PlannedFace:
    return PlannedFace("plan1", person, start, end, box, (1280, 720))


def test_the_plan_is_followed_only_where_time_and_box_agree() -> None:
    box = (100.0, 100.0, 600.0, 620.0)  # in pixels of a frame twice as large
    rows = [row(0, 100, 180.0), row(0, 100, 480.0, tube=1), row(150, 60, 180.0, tube=2)]
    assign_plan(rows, [planned(0.0, 4.0, box)], "v", INFO, SETTINGS)
    assert [r["person_id"] for r in rows] == ["ann", "v#0.1", "v#0.2"]
    assert [r["plan_id"] for r in rows] == ["plan1", None, None]


def test_a_box_told_for_a_number_of_lines_fits_a_video_of_any_width() -> None:
    lines = PlannedFace("plan1", "ann", 0.0, 4.0, (100.0, 100.0, 600.0, 620.0), (None, 2 * INFO.height))
    rows = [row(0, 100, 180.0), row(0, 100, 480.0, tube=1)]
    assign_plan(rows, [lines], "v", INFO, SETTINGS)
    assert [r["person_id"] for r in rows] == ["ann", "v#0.1"]


def test_a_plan_without_box_means_the_largest_face_and_only_one_at_a_time() -> None:
    small = row(0, 100, 480.0)
    small["boxes"] = [box_at(480.0, 180.0, 60.0).tolist()] * 100
    rows = [
        small,
        row(0, 100, 180.0, tube=1),
        row(120, 50, 180.0, tube=2),
        row(120, 50, 400.0, tube=3, reason="blurred"),
    ]
    assign_plan(rows, [planned(None, None, None)], "v", INFO, SETTINGS)
    assert [r["person_id"] for r in rows] == ["v#0.0", "ann", "ann", "v#0.3"]


def test_a_plan_without_person_gives_its_id_only() -> None:
    rows = [row(0, 100, 180.0)]
    assign_plan(rows, [planned(0.0, 4.0, None, None)], "v", INFO, SETTINGS)
    assert (rows[0]["plan_id"], rows[0]["person_id"]) == ("plan1", "v#0.0")


@given(
    seen=st.lists(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from("uvwxyz"), st.booleans()), min_size=1, max_size=20
    ),
)
def test_groups_join_what_shares_a_video_or_a_person(seen: list[tuple[str, str, bool]]) -> None:
    groups = person_groups(seen)
    assert groups == person_groups(reversed(seen))
    for person, video_id, _ in seen:
        for other, other_video, _ in seen:
            if video_id == other_video or person == other:
                assert groups[person] == groups[other]
    named = {person for person, _, is_named in seen if is_named}
    for group in set(groups.values()):
        members = {person for person in groups if groups[person] == group}
        if members & named and group not in {v for _, v, _ in seen}:
            assert group == min(members & named)


def test_an_unnamed_face_does_not_rename_a_group() -> None:
    before = person_groups([("p1", "v1", True)])
    after = person_groups([("p1", "v1", True), ("a#0.0", "v1", False)])
    assert after == {**before, "a#0.0": "p1"}


def test_scores() -> None:
    face = TrueFace("v", "ann", 0, 25.0, np.array([box_at(180.0, 180.0)] * 100), True)
    other = TrueFace("v", "bob", 0, 25.0, np.array([box_at(480.0, 180.0)] * 100), True)
    good = row(2, 96, 180.0)
    assert score_tubes([good], [face], 2) == {
        "accepted": 1.0, "rejected": 0.0, "purity": 1.0, "iou80_share": 1.0, "iou_mean": pytest.approx(1.0),
        "iou80_share_all": 1.0,
    }  # fmt: skip
    mixed = row(0, 100, 180.0)
    mixed["boxes"] = [box_at(180.0, 180.0).tolist()] * 60 + [box_at(480.0, 180.0).tolist()] * 40
    scores = score_tubes([mixed], [face, other], 0)
    assert scores["purity"] == pytest.approx(0.6)
    assert scores["iou80_share"] == 0.0
    assert score_tubes([], [face], 0)["iou80_share"] == 0.0
    assert "purity" not in score_tubes([], [face], 0)


def real_rows(path: Path, frames: int, **changes: object) -> list[dict[str, object]]:
    settings = SETTINGS.model_copy(update=changes)
    return tubes.tubes_of(tubes.TubeJob("v", path, ((0, 0, frames),), (), settings, video.Limits()))


def test_a_real_face_is_one_tube(real_faces: Path) -> None:
    rows = real_rows(real_faces / "clips" / "s20.mp4", 90)
    schemas.TUBES.check(schemas.TUBES.frame(rows), "here")
    assert [(r["start_frame"], r["end_frame"], r["reason"]) for r in rows] == [(0, 90, "")]
    boxes = np.array(rows[0]["boxes"])
    assert boxes.shape == (90, 4)
    assert rows == real_rows(real_faces / "clips" / "s20.mp4", 90)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"min_face_px": 300.0}, "small"),
        ({"min_sharpness": 1000.0}, "blurred"),
        ({"min_seconds": 10.0}, "short"),
        ({"max_yaw": 0.01}, "profile"),
        ({"min_certainty": 1.0}, "doubtful"),
    ],
)
def test_rejects_say_why(real_faces: Path, changes: dict[str, object], reason: str) -> None:
    rows = real_rows(real_faces / "clips" / "d9.mp4", 30, **changes)
    assert all(r["reason"] in (reason, "short") for r in rows)
    if reason not in ("small", "doubtful"):  # a detector that seeks larger faces may find none at all
        assert [r["reason"] for r in rows] == [reason if reason == "short" or SETTINGS.min_seconds <= 1 else "short"]


def test_a_video_without_faces_has_no_tubes(tmp_path: Path) -> None:
    path = tmp_path / "grey.mp4"
    with Writer(path, fps=Fraction(25), width=320, height=180, crf=20, preset="veryfast") as writer:
        for _ in range(30):
            writer.write(np.full((180, 320, 3), 128, np.uint8))
    assert real_rows(path, 30) == []
