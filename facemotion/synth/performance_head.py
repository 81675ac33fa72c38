"""How a head moves while its owner talks: turns, nods, shakes, sways and leans."""

import numpy as np

from facemotion.synth.controls import MAX_PITCH, MAX_ROLL, MAX_YAW, POSE
from facemotion.synth.easing import Keys, Sway, Times, soft_limit


def _start(rng: np.random.Generator) -> Times:
    """Yaw, pitch, roll a performer keeps coming back to; one in three sits turned away from the camera."""
    turned = rng.random() < 0.34
    yaw = rng.choice((-1.0, 1.0)) * rng.uniform(14, 30) if turned else rng.normal(0.0, 8.5)
    return np.array((yaw, rng.normal(1.0, 3.5), rng.normal(0.0, 3.0) + 0.08 * yaw))


def turns(rng: np.random.Generator, liveliness: float, until: float) -> Keys:
    """Yaw, pitch, roll of postures held for a while, with eased moves between them."""
    start = _start(rng)
    spread = np.array((10.0, 6.0, 4.4)) * (0.45 + 0.55 * liveliness)
    keys = Keys(start + rng.normal(0.0, 1.0, 3) * spread * 0.5)
    time = float(rng.uniform(0.0, 1.2))
    while time < until:
        keys.hold_until(time)
        target = start + rng.normal(0.0, 1.0, 3) * spread
        distance = float(np.abs(target - keys.last).max())
        duration = float(rng.uniform(0.32, 0.7) + 0.016 * distance)
        keys.add(time + duration, target)
        time += duration + float(np.clip(rng.exponential(1.1 / liveliness), 0.1, 4.0))
    return keys


def gestures(rng: np.random.Generator, liveliness: float, until: float, times: Times) -> Times:
    """Nods (pitch) and shakes (yaw): yaw, pitch, roll [T, 3] to be added."""
    added = np.zeros((len(times), 3))
    time = float(rng.exponential(2.0))
    while time < until:
        shake = rng.random() < 0.25
        cycles = int(rng.integers(1, 4))
        frequency = float(rng.uniform(1.1, 2.2))
        size = float(rng.uniform(3.0, 7.0) if shake else rng.uniform(2.0, 6.5)) * (0.5 + 0.5 * liveliness)
        duration = cycles / frequency
        u = np.clip((times - time) / duration, 0.0, 1.0)
        # The squared sine lets a gesture start and end at rest.
        wave = size * np.sin(np.pi * u) ** 2 * np.sin(2 * np.pi * cycles * u)
        added[:, 0 if shake else 1] += wave
        added[:, 2] += 0.12 * wave
        time += duration + float(rng.exponential(5.0 / liveliness) + 0.3)
    return added


def head_pose(rng: np.random.Generator, liveliness: float, until: float, times: Times) -> Times:
    """Pose [T, 6] in the columns of controls.POSE, within the limits of controls.py."""
    turn_rng, gesture_rng, sway_rng = rng.spawn(3)
    angles = turns(turn_rng, liveliness, until).at(times) + gestures(gesture_rng, liveliness, until, times)
    pose = np.zeros((len(times), len(POSE)))
    for axis, amplitude in enumerate((1.3, 0.8, 0.8)):
        angles[:, axis] += Sway.sample(sway_rng, amplitude * liveliness, (0.11, 0.23, 0.43)).at(times)
    for axis, limit in enumerate((MAX_YAW, MAX_PITCH, MAX_ROLL)):
        pose[:, axis] = soft_limit(angles[:, axis], limit)
    for axis, amplitude in ((3, 0.030), (4, 0.014), (5, 0.08)):
        pose[:, axis] = Sway.sample(sway_rng, amplitude * liveliness, (0.07, 0.17, 0.31)).at(times)
    # A head that turns or tilts does so about the neck, and the body leans along a little.
    pose[:, 3] += 0.0022 * pose[:, 0] + 0.0030 * pose[:, 2]
    pose[:, 4] += 0.0020 * pose[:, 1]
    return pose
