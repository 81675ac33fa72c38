"""The settings of one training, typed and checked. A batch is always the whole batch of a step, whatever the number of
processes and of pieces it is worked through in."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from facemotion.models.config import MotionName

Count = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Weight = Annotated[float, Field(ge=0)]
Precision = Literal["auto", "fp32", "bf16"]


# How a step is worked through: one goes on from a checkpoint with others of them.
WITHOUT_BEARING: Final = ("accumulate", "workers", "ahead")


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Sampling(Section):
    candidates: Count  # frames of the clip among which the reference is chosen by its gap to the driving frame
    max_seconds: Positive | None  # longest time between the two; None: any
    easy_share: Share  # at the first step only this share of the candidates, those of least gap, is used
    ramp: Share  # share of the training after which all candidates are used
    telling: Share  # of the driving frames, chosen for lids or lips that are unusually open or closed
    references: Annotated[int, Field(ge=1, le=8)]  # at most; of several, each step draws a number
    spoilt: Share  # of the pairs with several references, in which one of them is of no use


class Augmentation(Section):
    flip: Share  # probability of mirroring a pair
    colour: Share  # strength of the jitter of brightness, contrast and saturation, the same for both frames
    moved: Share  # probability of moving a pair, too, by normally distributed amounts of these deviations:
    shift: Share  # of a pair, in half image sides
    turn: Weight  # degrees
    zoom: Share
    apart: Share  # how much of the above also moves the driving frame alone
    dropped: Share  # share of pairs of which a model is told some driving landmarks only


class Losses(Section):
    """Weights of the terms; zero leaves a term out, and its cost."""

    l1: Weight  # mean absolute difference over the image pyramid
    gradient: Weight  # of differences between neighbours, over the pyramid
    ssim: Weight  # structural dissimilarity over the pyramid
    census: Weight  # of each pixel's relation to its neighbours
    regions: Weight  # absolute difference where the landmarks of the driving frame show lips and eyes
    perceptual: Weight
    features: Literal["random", "vgg19"]  # of the perceptual term
    vgg19: str | None  # path of torchvision's state dict; None: where weights are looked for
    scales: Annotated[int, Field(ge=1, le=6)]  # of the image pyramid
    points: Weight  # equivariance of keypoints
    jacobians: Weight  # equivariance of their Jacobians
    closeups: Weight  # finer keypoints where the landmarks of lids and lips were found
    background: Weight  # cycle of the background's affine motion
    foreground: Weight  # what belongs to the person, where landmarks tell the motion
    occlusion: Weight  # the warp should be trusted where it can be
    warped: Weight  # the coarse warp alone against the driving frame
    flows: Weight  # each of the refiner's flows against the driving frame
    decay: Positive  # weight of a refiner's flow relative to that of the next
    adversarial: Weight

    @model_validator(mode="after")
    def _something_to_learn(self) -> "Losses":
        if not any((self.l1, self.gradient, self.ssim, self.census, self.perceptual)):
            raise ValueError("losses: give l1, gradient, ssim, census or perceptual a weight above 0")
        return self


class Watch(Section):
    log_every: Count  # steps; so are the others
    validate_every: Count
    checkpoint_every: Count
    pictures_every: Count
    validation_pairs: Count


class Training(Section):
    seed: Whole
    steps: Count
    steps_of: dict[str, Count]  # by motion, where one takes another number
    batch_size: Count
    accumulate: Count  # pieces in which a process works through its share of a batch, to save memory
    rate: Positive  # AdamW's highest learning rate
    coarse_rate: Share  # what training the refiner leaves of that rate for the coarse motion; 0 freezes it
    warmup: Whole  # steps
    final_rate: Share  # of the highest, at the end of the cosine
    muon: Weight  # rate of hidden convolutions, which Muon learns, over AdamW's; 0: AdamW learns all
    momentum: Share  # Muon's
    beta1: Share
    beta2: Share
    weight_decay: Weight
    clip: Positive  # of the gradient's norm
    ema: Annotated[float, Field(ge=0, lt=1)]
    precision: Precision
    channels_last: bool
    compile: bool
    device: Literal["auto", "cpu"]
    threads: Count  # of torch on a CPU: another count, other last bits
    workers: Annotated[int, Field(ge=1, le=64)]  # threads that decode ahead
    ahead: Annotated[int, Field(ge=1, le=64)]  # batches they may be ahead
    sampling: Sampling
    augmentation: Augmentation
    losses: Losses
    watch: Watch

    def of(self, motion: str) -> "Training":
        """The settings of a motion."""
        return self.model_copy(update={"steps": self.steps_of.get(motion, self.steps)})

    @model_validator(mode="after")
    def _batch_divides(self) -> "Training":
        if self.batch_size % self.accumulate:
            raise ValueError(f"batch_size {self.batch_size} does not divide into {self.accumulate} pieces (accumulate)")
        return self


class FusionTraining(Training):
    """Of what takes several references, on top of a refined model whose motion rests."""

    motion: MotionName  # of that model
    fusion: Literal["best_pose", "mean", "max", "occlusion", "learned", "attention"]
    min_turn: Weight  # degrees by which a head has to turn for its clip to be learnt from
