"""The sizes of a model, typed and checked: all that decides its shape."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from facemotion.models.face_parts import BEHIND, CLOSE, DETAIL, PARTS

# Of the correlation volume an image, float32: what a 64 x 64 volume with its pyramid needs three times over.
MAX_VOLUME_MIB = 256
MotionName = Literal["keypoints", "landmarks", "mixed"]
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
# Finest first. Lists are taken too: that is what YAML and JSON have.
Widths = Annotated[tuple[Count, ...], Field(min_length=2, max_length=10, strict=False)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class KeypointSizes(Section):
    count: Annotated[int, Field(ge=1, le=128)]
    size: Annotated[int, Field(ge=16, le=512)]  # of the image in which they are looked for
    stride: Literal[1, 2]  # of the first convolution: heatmaps are size / stride
    widths: Widths
    temperature: Positive  # of the heatmaps' softmax
    leash: Positive | None  # how far, in normalised units, a point lightly strays from its first place; None: freely


class CoarseSizes(Section):
    size: Annotated[int, Field(ge=8, le=512)]  # of the coarse flow
    widths: Widths
    variance: Positive  # of the keypoints' Gaussians
    background: Literal["identity", "affine"]
    background_widths: Widths
    reach: Positive | None  # radius in which a keypoint's motion is at first believed; None: nothing is presumed


class CloseupSizes(Section):
    size: Annotated[int, Field(ge=8, le=128)]  # of a window, in pixels
    reach: Positive  # half the window's side, normalised
    widths: Widths


class LandmarkSizes(Section):
    size: Annotated[int, Field(ge=8, le=512)]  # of the coarse flow that landmarks tell; the network's is coarse.size


class RefinerSizes(Section):
    structure: Annotated[int, Field(ge=8, le=256)]  # size of the structure maps of both sides
    queries: Annotated[int, Field(ge=8, le=256)]  # finest size at which the volume is looked up
    structure_widths: Widths
    channels: Count  # of the structure features
    variance: Positive  # of the keypoints' Gaussians
    closeups: CloseupSizes | None
    background: Literal["coarse", "aligned"]  # that of the coarse motion, or one found anew from the two pictures
    near: Positive  # radius in which a finer keypoint's motion is at first believed
    radius: Annotated[int, Field(ge=1, le=8)]
    scales: Annotated[int, Field(ge=1, le=4)]  # of the pyramid over the reference's side of the volume
    levels: Annotated[tuple[Count, ...], Field(min_length=1, max_length=10, strict=False)]  # sizes, low to high
    widths: Annotated[tuple[Count, ...], Field(min_length=1, max_length=10, strict=False)]  # one a level


class GeneratorSizes(Section):
    widths: Widths  # of the feature pyramid, at the image's size, half of it, ...


class FuserSizes(Section):
    size: Annotated[int, Field(ge=8, le=512)]  # of the weights of the references
    width: Count  # channels of what learns them
    finished: Annotated[
        int, Field(ge=1, le=8)
    ]  # references, the nearest in pose, that see the last level of refinement


class ModelConfig(Section):
    layout: Literal["lean", "published"]  # our blocks, or MRFA's
    image_size: Annotated[int, Field(ge=64, le=512)]
    motion: MotionName
    refined: bool
    fusion: Literal["single", "best_pose", "mean", "max", "occlusion", "learned", "attention"]
    keypoints: KeypointSizes
    coarse: CoarseSizes
    landmarks: LandmarkSizes
    refiner: RefinerSizes
    generator: GeneratorSizes
    fuser: FuserSizes

    @property
    def coarse_count(self) -> int:
        """Of the keypoints of the coarse motion."""
        learnt = 0 if self.motion == "landmarks" else self.keypoints.count
        return learnt + (0 if self.motion == "keypoints" else len(PARTS) + len(BEHIND))

    @property
    def keypoint_count(self) -> int:
        """Of coarse and finer ones, as far as the refiner reads them."""
        if self.motion != "keypoints":
            return self.coarse_count + len(DETAIL)
        return self.coarse_count + (sum(map(len, CLOSE)) if self.closeups is not None else 0)

    @property
    def closeups(self) -> CloseupSizes | None:
        """Of a closer look at the picture: where landmarks tell of lids and lips there is no need of one."""
        return self.refiner.closeups if self.motion == "keypoints" else None

    @property
    def aligned(self) -> bool:
        """Whether the background is found anew: where landmarks drive no picture of it need be there."""
        return self.motion != "landmarks" and self.refiner.background == "aligned"

    @property
    def told_openings(self) -> bool:
        """Whether landmarks, or a closer look, tell what is to be painted between lips and lids."""
        looked = self.refined and self.closeups is not None
        return self.layout == "lean" and (self.motion != "keypoints" or looked)

    @property
    def pyramid(self) -> tuple[int, ...]:
        """Sizes of the levels of the feature pyramid, finest first."""
        return tuple(self.image_size >> level for level in range(len(self.generator.widths)))

    @property
    def volume_mib(self) -> float:
        """Of the largest correlation volume with its pyramid, an image, float32."""
        sizes = self.refiner
        queries = min(sizes.queries, sizes.levels[-1]) ** 2
        return float(4 * queries * sum((sizes.structure >> scale) ** 2 for scale in range(sizes.scales)) / 2**20)

    @model_validator(mode="after")
    def _sizes_fit(self) -> "ModelConfig":
        closer = self.refiner.closeups
        for name, size, halvings in (
            ("image_size", self.image_size, len(self.generator.widths) - 1),
            ("keypoints.size", self.keypoints.size // self.keypoints.stride, len(self.keypoints.widths) - 1),
            ("coarse.size", self.coarse.size, len(self.coarse.widths) - 1),
            ("refiner.structure", self.refiner.structure, len(self.refiner.structure_widths) - 1),
            *((("refiner.closeups.size", closer.size, len(closer.widths) - 1),) if closer is not None else ()),
        ):
            if size % (1 << halvings):
                raise ValueError(
                    f"{name} gives {size} pixels, which {halvings} halvings do not divide: take other widths"
                )
        for name, size in (
            ("keypoints.size", self.keypoints.size),
            ("coarse.size", self.coarse.size),
            ("landmarks.size", self.landmarks.size),
            ("refiner.structure", self.refiner.structure),
        ):
            if self.image_size % size:
                raise ValueError(f"{name} is {size}, which does not divide image_size {self.image_size}")
        if self.fusion != "single" and self.fuser.size not in self.pyramid:
            raise ValueError(f"fuser.size {self.fuser.size} is no size of the feature pyramid {list(self.pyramid)}")
        self._refiner_fits()
        return self

    def _refiner_fits(self) -> None:
        sizes, levels = self.refiner, self.refiner.levels
        if len(sizes.widths) != len(levels):
            raise ValueError(
                f"refiner.widths has {len(sizes.widths)} entries for {len(levels)} levels: give one a level"
            )
        if list(levels) != sorted(set(levels)):
            raise ValueError(f"refiner.levels are {list(levels)}: give rising sizes, low to high")
        strange = [level for level in levels if level not in self.pyramid]
        if strange:
            raise ValueError(f"refiner.levels {strange} are no sizes of the feature pyramid {list(self.pyramid)}")
        if self.layout == "published" and levels[-1] != self.image_size:
            raise ValueError(
                f"refiner.levels end at {levels[-1]}: layout published ends at image_size {self.image_size}"
            )
        if sizes.structure % sizes.queries:
            raise ValueError(f"refiner.queries is {sizes.queries}: it must divide refiner.structure {sizes.structure}")
        if self.volume_mib > MAX_VOLUME_MIB:
            raise ValueError(
                f"the correlation volume would take {self.volume_mib:.0f} MiB an image, more than {MAX_VOLUME_MIB}: "
                "make refiner.structure or refiner.queries smaller"
            )
