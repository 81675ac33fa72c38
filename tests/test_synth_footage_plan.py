"""Plans of found footage: who appears where, before anything is drawn."""

from fractions import Fraction

import numpy as np
import pytest

from facemotion.errors import FacemotionError
from facemotion.synth.background import Look
from facemotion.synth.blocking import block
from facemotion.synth.camera import MAX_SHIFT, MAX_ZOOM, Camera, apply, between
from facemotion.synth.census import statistics
from facemotion.synth.listing import listing
from facemotion.synth.scenario import plan_footage
from facemotion.synth.specs import VideoSpec


@pytest.fixture(scope="module")
def footage() -> list[VideoSpec]:
    return plan_footage()


def test_the_default_footage_is_as_long_and_varied_as_promised(footage: list[VideoSpec]) -> None:
    figures = statistics(footage)
    assert figures["minutes"] == pytest.approx(10.0, abs=0.01)
    assert figures["people"] >= 48
    assert figures["yaw_std"] >= 12
    assert 8 <= figures["blinks_per_minute"] <= 25
    assert 0.03 < figures["two_face_share"] < 0.3
    assert 0.005 < figures["no_face_share"] < 0.1
    ordinary = [track.pose[:, 0] for video in footage for shot in video.shots if shot.kind in ("main", "pair")
                for track in block(video, shot).tracks]  # fmt: skip
    assert np.concatenate(ordinary).std() >= 12


def test_plans_are_the_same_every_time_and_differ_by_seed(footage: list[VideoSpec]) -> None:
    assert plan_footage() == footage
    assert plan_footage(seed=2)[0].shots != footage[0].shots


def test_shots_follow_each_other_without_gaps_and_ordinary_ones_last_3_to_12_seconds(footage: list[VideoSpec]) -> None:
    for video in footage:
        assert video.shots[0].start == 0
        assert all(a.end == b.start for a, b in zip(video.shots, video.shots[1:], strict=False))
        assert video.shots[0].kind in ("main", "pair")
        assert all(75 <= shot.n_frames <= 301 for shot in video.shots if shot.kind in ("main", "pair"))
    assert sum(len(video.shots) > 1 for video in footage) > 0.8 * len(footage)
    kinds = {shot.kind for video in footage for shot in video.shots}
    assert kinds == {"main", "pair", "empty", "short", "far", "profile", "truncated"}


def test_planned_people_are_never_passers_by_and_no_passer_by_is_met_twice() -> None:
    footage = plan_footage(people=40, videos_per_person=3, minutes=30)
    planned = {video.person_id: set() for video in footage}
    passers = []
    for video in footage:
        for shot in video.shots:
            for actor in shot.actors:
                if actor.planned:
                    planned[video.person_id].add(actor.person_seed)
                else:
                    passers.append(actor.person_seed)
    assert all(len(seeds) == 1 for seeds in planned.values())
    assert len(set.union(*planned.values())) == 40
    assert len(set(passers)) == len(passers) > 10
    assert not set(passers) & set.union(*planned.values())
    assert [video.video_id for video in footage[:4]] == ["p0000_v0", "p0000_v1", "p0000_v2", "p0001_v0"]


def test_two_people_in_a_shot_stand_beside_each_other(footage: list[VideoSpec]) -> None:
    pairs = [shot for video in footage for shot in video.shots if len(shot.actors) == 2]
    assert pairs
    for shot in pairs:
        main, other = shot.actors
        assert abs(main.anchor[0] - other.anchor[0]) > 1.5 * max(main.face_px, other.face_px)


def test_ordinary_faces_are_within_the_frame_and_of_usual_size(footage: list[VideoSpec]) -> None:
    for video in footage:
        for shot in video.shots:
            if shot.kind in ("main", "pair"):
                x, y = shot.actors[0].anchor
                face = shot.actors[0].face_px
                assert 84 <= face <= 190
                assert 0.6 * face < x < 640 - 0.6 * face
                assert 0.6 * face < y < 360 - 0.5 * face
    middles = [shot.actors[0].anchor[0] for video in footage for shot in video.shots if shot.kind == "main"]
    assert np.std(middles) > 40


def test_cuts_show(footage: list[VideoSpec]) -> None:
    for video in footage:
        for before, after in zip(video.shots, video.shots[1:], strict=False):
            assert Look.from_seed(before.background_seed).difference(Look.from_seed(after.background_seed)) > 0.1


def test_small_footage_for_quick_runs_can_be_planned() -> None:
    footage = plan_footage(people=4, minutes=0.2, width=320, height=180, fps=Fraction(30000, 1001))
    assert len(footage) == 4
    assert all(video.n_frames > 30 for video in footage)
    with pytest.raises(FacemotionError, match="raise minutes"):
        plan_footage(people=52, minutes=0.5)


def test_specs_survive_json(footage: list[VideoSpec]) -> None:
    for video in footage[:10]:
        assert VideoSpec.from_json(video.to_json()) == video
    with pytest.raises(FacemotionError, match="render the synthetic footage again"):
        VideoSpec.from_json('{"shots": [{}]}')


def test_the_list_has_a_row_for_each_shot_of_the_planned_person_inside_shot_and_frame(
    footage: list[VideoSpec],
) -> None:
    for video in footage:
        rows = listing(video)
        shots = [shot for shot in video.shots if shot.actors]
        assert len(rows) == len(shots)
        for row, shot in zip(rows, shots, strict=True):
            assert row.person_id == video.person_id
            assert shot.start / 25 < row.start_s < row.end_s < shot.end / 25
            assert 0 <= row.left < row.right <= 640
            assert 0 <= row.top < row.bottom <= 360


def test_cameras_move_little_smoothly_and_by_known_affines() -> None:
    times = np.arange(300) / 25
    for seed in range(40):
        affines = Camera.sample(np.random.default_rng(seed)).affines(times, 640, 360)
        centre = np.array([apply(affine, (319.5, 179.5)) for affine in affines])
        assert np.abs(centre - (319.5, 179.5)).max() <= MAX_SHIFT * 640 + 1e-6
        assert np.abs(affines[:, 0, 0] - 1).max() <= MAX_ZOOM
        assert np.abs(np.diff(centre, axis=0)).max() < 3.0
        steady = (100.0, 50.0)
        moved = apply(between(affines[10], affines[200]), apply(affines[10], steady))
        assert moved == pytest.approx(apply(affines[200], steady), abs=1e-9)
