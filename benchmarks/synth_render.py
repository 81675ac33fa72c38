"""How fast the synthetic head is: pictures with their points, flow, masks, and the building of a person.

python -m benchmarks.synth_render [--size 512] [--face 220] [--people 6]; process CPU time, one thread."""

import argparse
import json
import time
from collections.abc import Callable

import numpy as np

from facemotion import files, layout
from facemotion.synth import geometry
from facemotion.synth.controls import INDEX, neutral_expression
from facemotion.synth.person import Person
from facemotion.synth.scene import Actor, Lighting, View, render


def seconds_a_call(call: Callable[[int], object], count: int) -> float:
    call(0)
    start = time.process_time()
    for k in range(count):
        call(k)
    return (time.process_time() - start) / count


def moving(person: Person, k: int, size: int, face: float) -> Actor:
    expression = neutral_expression()
    expression[INDEX["jaw_open"]] = 0.3 + 0.3 * np.sin(k)
    expression[INDEX["smile"]] = 0.2
    pose = np.array([15 * np.sin(0.3 * k), 5 * np.cos(0.2 * k), 0, 0, 0, 0], np.float32)
    return Actor(person, expression, pose, (size / 2, size / 2), face)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--face", type=float, default=220.0)
    parser.add_argument("--people", type=int, default=6)
    parser.add_argument("--frames", type=int, default=12)
    args = parser.parse_args()
    view = View(args.size, args.size)
    ground = np.full((args.size, args.size, 3), 128, np.uint8)
    light = Lighting.studio()
    people = [Person.from_seed(s) for s in range(args.people)]
    both, pictures, truth, flows, masks = [], [], [], [], []
    for person in people:

        def actor(k: int, person: Person = person) -> Actor:
            return moving(person, k, args.size, args.face)

        pictures.append(seconds_a_call(lambda k: render(view, [actor(k)], light, ground), args.frames))
        truth.append(seconds_a_call(lambda k: geometry.points(view, actor(k)), args.frames))
        both.append(pictures[-1] + truth[-1])
        flows.append(seconds_a_call(lambda k: geometry.flow(view, [actor(k)], [actor(k + 1)]), 4))
        masks.append(seconds_a_call(lambda k: geometry.masks(view, [actor(k)]), 4))
    build = seconds_a_call(lambda k: Person.from_seed(9000 + k).body, 6)
    figures = {
        "frames_a_second_with_points": 1 / float(np.mean(both)),
        "frames_a_second_slowest_person": 1 / max(both),
        "render_ms": 1e3 * float(np.mean(pictures)),
        "points_ms": 1e3 * float(np.mean(truth)),
        "flow_ms": 1e3 * float(np.mean(flows)),
        "masks_ms": 1e3 * float(np.mean(masks)),
        "build_person_ms": 1e3 * build,
    }
    rounded = {f"{args.size} px: {name}": round(value, 2) for name, value in figures.items()}
    print(json.dumps(rounded, indent=1))
    files.write_json(layout.BENCHMARKS / "synth_render.json", rounded)


if __name__ == "__main__":
    main()
