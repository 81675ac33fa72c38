"""Synthetic people: who a seed is, and their pictures."""

import numpy as np
import pytest
from numpy.typing import NDArray

from facemotion.synth.controls import INDEX, neutral_expression
from facemotion.synth.lighting import Lighting
from facemotion.synth.person import Person, build_body
from facemotion.synth.scene import Actor, View, render
from facemotion.synth.topology import topology
from facemotion.synth.traits import HAIR_STYLES, SHAPES, draw_traits

VIEW = View(256, 192)
GROUND = np.full((192, 256, 3), 90, np.uint8)


def actor(seed: int, x: float = 128.0, face_px: float = 80.0, **controls: float) -> Actor:
    expression = neutral_expression()
    for name, value in controls.items():
        expression[INDEX[name]] = value
    return Actor(Person.from_seed(seed), expression, np.zeros(6, np.float32), (x, 95.0), face_px)


def picture(*actors: Actor, light: Lighting | None = None) -> NDArray[np.uint8]:
    return render(VIEW, actors, light or Lighting.studio(), GROUND).image


def test_a_person_is_a_seed() -> None:
    assert Person.from_seed(12) == Person.from_seed(12)
    assert Person.from_seed(12) != Person.from_seed(13)
    assert dict(Person.from_seed(12).traits) == draw_traits(12)
    a, b = build_body(12), build_body(12)
    np.testing.assert_array_equal(a.mesh.position, b.mesh.position)
    for (table, texels), (other_table, other_texels) in zip(a.levels, b.levels, strict=True):
        np.testing.assert_array_equal(table, other_table)
        np.testing.assert_array_equal(texels, other_texels)


def test_same_inputs_same_picture() -> None:
    light = Lighting.sample(np.random.default_rng(3))
    again = Lighting.sample(np.random.default_rng(3))
    np.testing.assert_array_equal(picture(actor(5, smile=0.5), light=light), picture(actor(5, smile=0.5), light=again))


def test_two_people_differ_in_shape_and_colour() -> None:
    skin = len(topology().position)
    for a, b in ((0, 1), (10, 11), (30, 40)):
        first, second = Person.from_seed(a).body, Person.from_seed(b).body
        assert np.linalg.norm(first.mesh.position[:skin] - second.mesh.position[:skin], axis=1).mean() > 0.1
        assert np.abs(picture(actor(a)).astype(int) - picture(actor(b))).mean() > 4
    assert len(SHAPES) >= 20


def test_people_are_varied_and_coherent() -> None:
    people = [draw_traits(seed) for seed in range(300)]
    assert {str(p["hair_style"]) for p in people} == set(HAIR_STYLES)
    assert 0.1 < np.mean([p["glasses"] != "none" for p in people]) < 0.45
    assert all(p["beard"] == "none" for p in people if p["masculine"] == 0.0)
    tones = np.array([float(p["tone"]) for p in people])
    assert np.ptp(tones) > 0.8
    assert len({tuple(p.values()) for p in people}) == len(people)


def test_traits_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        Person.from_seed(1).traits["age"] = 3.0  # type: ignore[index]


def test_foreground_is_the_actor() -> None:
    rendered = render(VIEW, [actor(3)], Lighting.studio(), GROUND)
    assert rendered.image.dtype == np.uint8
    assert rendered.foreground.dtype == np.float32
    assert rendered.foreground[95, 128] == 1.0
    assert rendered.foreground[5, 5] == 0.0
    np.testing.assert_array_equal(rendered.image[rendered.foreground == 0], GROUND[rendered.foreground == 0])
    edge = (rendered.foreground > 0) & (rendered.foreground < 1)
    assert 50 < edge.sum() < 4000


def test_no_actor_is_the_background() -> None:
    np.testing.assert_array_equal(picture(), GROUND)


def test_nearer_actor_is_in_front_whatever_the_order() -> None:
    near, far = actor(3, x=120.0, face_px=90.0), actor(8, x=140.0, face_px=45.0)
    np.testing.assert_array_equal(picture(near, far), picture(far, near))


def test_wrong_background_is_refused() -> None:
    with pytest.raises(ValueError, match="resize"):
        render(VIEW, [actor(1)], Lighting.studio(), GROUND[:100])


def test_expressions_show() -> None:
    rest = picture(actor(3)).astype(int)
    for control in ("jaw_open", "lid_left", "smile", "gaze_x", "brow_inner_up"):
        assert np.abs(picture(actor(3, **{control: 1.0})) - rest).max() > 40, control


def test_the_head_is_closed_but_for_eyes_and_mouth() -> None:
    """Every edge has two triangles, but those of the openings, of the crown, the neck and the back's seam."""
    top = topology()
    edges = np.sort(np.concatenate([top.triangles[:, [0, 1]], top.triangles[:, [1, 2]], top.triangles[:, [2, 0]]]), 1)
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    assert counts.max() == 2
    rim = {int(v) for v in np.concatenate([top.eyes[:, 0].ravel(), top.lips[:, 0].ravel()])}
    border = np.abs(top.domain[:, 0]) > np.pi - 1e-6
    border |= (top.domain[:, 1] < -11.2) | (top.domain[:, 1] > 19.9)
    for a, b in unique[counts == 1]:
        assert ({int(a), int(b)} <= rim) or (border[a] and border[b])


def test_lighting_is_bounded() -> None:
    for seed in range(50):
        light = Lighting.sample(np.random.default_rng(seed))
        np.testing.assert_allclose(np.linalg.norm(light.directions, axis=1), 1.0, rtol=1e-5)
        key, fill = light.colours[0].mean(), light.colours[1].mean()
        assert key < 3.0 * fill
        assert light.directions[0, 2] < 0
        assert light.sky.mean() > 0.25
