"""The model as a whole: what users of it rely on, for every preset."""

import pytest
import torch
from torch import Tensor

from facemotion.errors import FacemotionError
from facemotion.models import grid
from facemotion.models.animator import Animator, Appearance, Motion
from facemotion.models.config import ModelConfig
from facemotion.models.landmark_shape import USUAL
from facemotion.models.presets import PRESETS, preset
from facemotion.models.summary import summarise, table

TINY = preset("tiny")
# GFLOP a frame, the reference encoded; MRFA's released code: 387 with it.
BOUNDS = {"tiny": 1.0, "small": 4.0, "base": 387 / 4, "published": 387 * 1.05}


def coarse_only(config: ModelConfig) -> ModelConfig:
    return config.model_copy(update={"refined": False})


def published_at_64() -> ModelConfig:
    """MRFA's blocks at a size for tests."""
    content = TINY.model_dump()
    content["layout"] = "published"
    content["keypoints"]["stride"] = 1
    content["refiner"] |= {
        "levels": [8, 16, 32, 64],
        "widths": [64, 64, 32, 32],
        "closeups": None,
        "background": "coarse",
    }
    return ModelConfig.model_validate(content)


def scrambled(config: ModelConfig, seed: int = 0) -> Animator:
    """A model in which no layer is silent any more, as after training."""
    torch.manual_seed(seed)
    model = Animator(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if not parameter.any():
                parameter.normal_(0, 0.02)
    return model


def images(count: int, seed: int = 0, size: int = 64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    rough = torch.rand(count, 3, 9, 9, generator=generator)
    return torch.nn.functional.interpolate(rough, (size, size), mode="bicubic").clamp(0, 1)


@pytest.fixture(scope="module")
def model() -> Animator:
    return scrambled(TINY)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("refined", [False, True])
@pytest.mark.parametrize("motion", ["keypoints", "landmarks"])
def test_every_preset_builds_within_its_operations(name: str, motion: str, refined: bool) -> None:
    rows = summarise(preset(name).model_copy(update={"refined": refined, "motion": motion}))
    total = rows[-1]
    assert total.module == "total"
    assert 0 < total.frame_gflop <= BOUNDS[name]
    assert total.parameters == sum(row.parameters for row in rows[:-1])


def test_published_sizes_are_near_those_of_the_released_code() -> None:
    rows = {row.module: row for row in summarise(preset("published"))}
    assert rows["total"].parameters == pytest.approx(114.3e6, rel=0.03)
    assert rows["total"].frame_gflop + rows["total"].encode_gflop == pytest.approx(387, rel=0.03)


def test_what_depends_on_the_reference_alone_costs_a_frame_nothing() -> None:
    rows = {row.module: row for row in summarise(preset("base"))}
    assert rows["features"].frame_gflop == 0
    assert rows["features"].encode_gflop > 0
    assert "refiner.updates" in table(preset("base"))


@pytest.mark.parametrize("size", [64, 128, 192, 512])
def test_image_sizes(size: int) -> None:
    config = ModelConfig.model_validate(TINY.model_dump() | {"image_size": size, "refiner": _refiner_of(size)})
    with torch.device("meta"):
        frame, _, motion = Animator(config)(torch.empty(1, 1, 3, size, size), torch.empty(1, 3, size, size))
    assert frame.shape == (1, 3, size, size)
    assert [field.flow.shape[-1] for field in motion.fields] == [32, *(max(32, size // n) for n in (8, 4, 2)), size]


def _refiner_of(size: int) -> dict[str, object]:
    return TINY.refiner.model_dump() | {"levels": [size // 8, size // 4, size // 2]}


@pytest.mark.parametrize("name", ["tiny", "published"])
@pytest.mark.parametrize("refined", [False, True])
def test_flows_come_coarse_first_with_an_occlusion_each(name: str, refined: bool) -> None:
    config = TINY if name == "tiny" else published_at_64()
    config = config.model_copy(update={"refined": refined})
    torch.manual_seed(0)
    with torch.no_grad():
        frame, _, motion = Animator(config)(images(2)[:, None], images(2, 1))
    sizes = [field.flow.shape[-1] for field in motion.fields]
    assert sizes == ([32, 32, 32, 32, 64] if refined else [32])
    assert all(field.occlusion.shape == (2, 1, size, size) for field, size in zip(motion.fields, sizes, strict=True))
    assert frame.shape == (2, 3, 64, 64)
    assert 0 <= float(frame.min()) <= float(frame.max()) <= 1


def test_untrained_it_repeats_the_reference_where_nothing_moves() -> None:
    torch.manual_seed(0)
    model, photo = Animator(TINY).eval(), images(2)
    with torch.no_grad():
        frame, _, motion = model(photo[:, None], photo)
    for field in motion.fields:
        here = grid.identity(field.flow.shape[-1], field.flow)
        torch.testing.assert_close(field.flow, here.expand_as(field.flow), atol=1e-5, rtol=0)
    assert (frame - photo).abs().mean() < 0.03


def test_a_refined_model_begins_with_the_motion_of_the_coarse_one() -> None:
    torch.manual_seed(0)
    coarse = scrambled(coarse_only(TINY)).eval()
    torch.manual_seed(1)
    refined = Animator(TINY).eval()
    refined.load_state_dict(coarse.state_dict(), strict=False)
    photo, driving = images(1)[:, None], images(1, 1)
    with torch.no_grad():
        before = coarse(photo, driving)[2].fields[0]
        after = refined(photo, driving)[2].fields[0]
    torch.testing.assert_close(after.flow, before.flow, atol=1e-6, rtol=0)
    torch.testing.assert_close(after.occlusion, before.occlusion, atol=1e-6, rtol=0)


def test_refinement_keeps_most_of_the_motion_of_a_head_at_first() -> None:
    torch.manual_seed(0)
    model = Animator(TINY.model_copy(update={"refiner": TINY.refiner.model_copy(update={"closeups": None})})).eval()
    with torch.no_grad():
        appearance = model.encode(images(1)[:, None])
        points = appearance.source.keypoints
        motion = model.move(appearance, points._replace(points=points.points + torch.tensor([0.1, 0.0])))
    middle = [grid.resize(field.flow, 64)[..., 28:36, 28:36] for field in motion.fields]
    still = grid.identity(64, middle[0])[..., 28:36, 28:36]
    coarse, refined = ((field - still)[:, 0].mean() for field in (middle[0], middle[-1]))
    assert coarse < -0.08
    assert refined < 0.7 * coarse


@pytest.mark.parametrize("refined", [False, True])
def test_batch_and_single_agree(refined: bool) -> None:
    model = scrambled(TINY.model_copy(update={"refined": refined}))
    photos, driving = images(3)[:, None], images(3, 1)
    with torch.no_grad():
        together = model(photos, driving)[0]
        alone = torch.cat([model(photos[i : i + 1], driving[i : i + 1])[0] for i in range(3)])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=0)


def test_encoding_once_is_encoding_every_frame(model: Animator) -> None:
    photo, driving = images(1)[:, None], images(4, 1)
    with torch.no_grad():
        appearance = model.encode(photo)
        cached = [model.render(appearance, model.motion(appearance, frame[None])) for frame in driving]
        again = [model(photo, frame[None])[0] for frame in driving]
    assert all(torch.equal(a, b) for a, b in zip(cached, again, strict=True))


def test_keypoints_can_be_driven_without_a_driving_image(model: Animator) -> None:
    """And then no picture has a say, but for the background's motion that was found with it."""
    photo, driving = images(1)[:, None], images(1, 1)
    with torch.no_grad():
        appearance = model.encode(photo)
        by_image = model.motion(appearance, driving)
        by_points = model.move(appearance, by_image.driving, by_image.background)
    assert torch.equal(by_image.fields[-1].flow, by_points.fields[-1].flow)


@pytest.mark.parametrize(("motion", "references"), [("keypoints", 1), ("landmarks", 1), ("landmarks", 2)])
def test_bfloat16_is_close_to_float32(motion: str, references: int) -> None:
    fusion = "attention" if references > 1 else "single"
    model = scrambled(TINY.model_copy(update={"motion": motion, "fusion": fusion}))
    photos, driving = images(2 * references).unflatten(0, (2, references)), images(2, 1)
    points = 0.75 * torch.tensor(USUAL) + 0.01 * torch.randn(2, references + 1, 70, 2)
    given = photos, driving, points[:, 1:], points[:, 0]
    with torch.no_grad():
        exact, _, exact_motion = model(*given)
        with torch.autocast("cpu", torch.bfloat16):
            rounded, _, motion = model(*given)
    assert all(field.flow.dtype == torch.float32 for field in motion.fields)
    assert (exact_motion.fields[-1].flow - motion.fields[-1].flow).abs().mean() < 1e-3
    assert (exact - rounded).abs().mean() < 0.01


def test_channels_last_changes_nothing(model: Animator) -> None:
    photo, driving = images(2)[:, None], images(2, 1)
    last = scrambled(TINY).to(memory_format=torch.channels_last)
    with torch.no_grad():
        expected = model(photo, driving)[0]
        found = last(photo, driving.contiguous(memory_format=torch.channels_last))[0]
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_the_same_seed_gives_the_same_bytes() -> None:
    outputs = []
    for _ in range(2):
        model = scrambled(TINY, seed=3).train()
        frame, _, _ = model(images(2)[:, None], images(2, 1))
        frame.mean().backward()
        outputs.append((frame.detach(), model.features.stem[0].weight.grad))
    assert torch.equal(outputs[0][0], outputs[1][0])
    assert torch.equal(outputs[0][1], outputs[1][1])


@pytest.mark.parametrize("name", ["tiny", "published"])
def test_every_weight_learns(name: str) -> None:
    config = TINY if name == "tiny" else published_at_64()
    model = scrambled(config).train()
    frame, _, motion = model(images(2)[:, None], images(2, 1))
    loss = frame.square().mean() + sum(f.flow.square().mean() + f.occlusion.mean() for f in motion.fields)
    loss.backward()
    silent = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []


def test_it_can_be_exported(model: Animator) -> None:
    class Frame(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, photo: Tensor, driving: Tensor) -> Tensor:
            frame: Tensor = self.model(photo, driving)[0]
            return frame

    photo, driving = images(1)[:, None], images(1, 1)
    with torch.no_grad():
        program = torch.export.export(Frame().eval(), (photo, driving))
        torch.testing.assert_close(program.module()(photo, driving), model(photo, driving)[0], atol=1e-5, rtol=0)


@pytest.mark.soak
def test_compiled_and_eager_agree() -> None:
    """Of few levels: the compiler's time goes with the number of layers, and is minutes even so. That all of the model
    can be traced and then makes the same is seen above, and that what is compiled learns the same in training."""
    content = TINY.model_dump()
    for section in ("keypoints", "coarse"):
        content[section]["widths"] = [16, 32]
    content["generator"]["widths"] = [8, 16, 32]
    content["refiner"] |= {"structure_widths": [16, 32], "scales": 1, "levels": [16, 32], "widths": [16, 16]}
    model = scrambled(ModelConfig.model_validate(content))
    photo, driving = images(2)[:, None], images(2, 1)
    with torch.no_grad():
        compiled = torch.compile(model)(photo, driving)[0]
        torch.testing.assert_close(compiled, model(photo, driving)[0], atol=1e-4, rtol=0)


def test_wrong_references_are_said(model: Animator) -> None:
    with pytest.raises(FacemotionError, match="resize"):
        model.encode(torch.rand(1, 1, 3, 32, 32))
    with pytest.raises(FacemotionError, match="2 references"):
        model.encode(torch.rand(1, 2, 3, 64, 64))


def test_sharper_references_move_the_same_and_are_pasted_from_as_they_are(model: Animator) -> None:
    small, driving = images(2)[:, None], images(2, 1)
    sharp = small.repeat_interleave(2, -1).repeat_interleave(2, -2)
    sharp = (sharp + 0.02 * torch.tensor([1.0, -1.0]).repeat(64)).clamp(0, 1)
    small = grid.resize_image(sharp[:, 0], 64)[:, None]
    with torch.no_grad():
        frames, _, motion = model(sharp, driving)
        blunt, _, same = model(small, driving)
    assert frames.shape == blunt.shape == (2, 3, 64, 64)
    for field, other in zip(motion.fields, same.fields, strict=True):
        torch.testing.assert_close(field.flow, other.flow)
    assert 0 < (frames - blunt).abs().max() < 0.05


def test_outputs_are_named(model: Animator) -> None:
    with torch.no_grad():
        _, appearance, motion = model(images(1)[:, None], images(1, 1))
    assert isinstance(appearance, Appearance)
    assert isinstance(motion, Motion)
    assert motion.driving.points.shape == (1, TINY.keypoint_count, 2)


@pytest.mark.parametrize(
    ("section", "change", "message"),
    [
        ("refiner", {"levels": [16, 8, 32]}, "low to high"),
        ("refiner", {"levels": [8, 16, 20]}, "no sizes of the feature pyramid"),
        ("refiner", {"widths": [64, 64]}, "one a level"),
        ("refiner", {"structure": 64, "queries": 24}, "must divide"),
        ("keypoints", {"widths": [8] * 8}, "halvings"),
        ("coarse", {"size": 48}, "does not divide image_size"),
        ("generator", {"widths": [8] * 9}, "halvings"),
        ("coarse", {"sise": 32}, "Extra inputs"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(section: str, change: dict[str, object], message: str) -> None:
    content = TINY.model_dump()
    content[section] |= change
    with pytest.raises(ValueError, match=message):
        ModelConfig.model_validate(content)


def test_lists_are_taken_as_yaml_has_them() -> None:
    assert ModelConfig.model_validate(TINY.model_dump(mode="json")) == TINY


def test_an_unknown_preset_is_said() -> None:
    with pytest.raises(FacemotionError, match="tiny, small, base, published"):
        preset("huge")


def test_a_volume_that_would_fill_the_memory_is_refused() -> None:
    content = preset("base").model_dump()
    content["refiner"] |= {"structure": 128, "queries": 128}
    with pytest.raises(ValueError, match=r"correlation volume would take \d+ MiB an image"):
        ModelConfig.model_validate(content)
