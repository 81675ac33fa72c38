"""What each metric is called, measured in, which way is better and what it means: for whoever reads the figures."""

import re
from typing import Final, Literal, NamedTuple

Better = Literal["lower", "higher", "neither"]


class Metric(NamedTuple):
    unit: str
    better: Better
    meaning: str


PIXELS: Final = "px at 256"
METRICS: Final[dict[str, Metric]] = {
    "l1": Metric("of 1", "lower", "mean absolute difference of RGB in [0, 1]"),
    "l1_face": Metric("of 1", "lower", "the same on the face"),
    "l1_lips": Metric("of 1", "lower", "the same around the lips"),
    "l1_eyes": Metric("of 1", "lower", "the same around the eyes"),
    "psnr": Metric("dB", "higher", "peak signal-to-noise ratio of RGB in [0, 1]"),
    "ssim": Metric("of 1", "higher", "structural similarity, Gaussian windows of 11 pixels, deviation 1.5"),
    "lpips": Metric("", "lower", "learned perceptual distance; the network is named in the docs"),
    "akd_truth": Metric(
        PIXELS, "lower", "dlib's 68 points on the generated frame against the true points of the driving frame: mean "
        "absolute difference of a coordinate",
    ),
    "akd_eyes": Metric(PIXELS, "lower", "akd_truth of the points of the eyes"),
    "akd_lips": Metric(PIXELS, "lower", "akd_truth of the points of the lips"),
    "akd_truth_bias": Metric(PIXELS, "neither", "the landmarker's own error on the real driving frame: what a perfect model comes near"),
    "akd_eyes_bias": Metric(PIXELS, "neither", "the same of the eyes"),
    "akd_lips_bias": Metric(PIXELS, "neither", "the same of the lips"),
    "akd_dlib": Metric(PIXELS, "lower", "dlib's points on the generated frame against those it finds in the driving frame"),
    "akd_dlib_eyes": Metric(PIXELS, "lower", "akd_dlib of the points of the eyes"),
    "akd_dlib_lips": Metric(PIXELS, "lower", "akd_dlib of the points of the lips"),
    "akd_fan": Metric(PIXELS, "lower", "the same with the points of face-alignment"),
    "mkr": Metric("share", "lower", "frames in which a face is found in the driving frame and none in the generated one"),
    "undetected": Metric("share", "neither", "driving frames in which no face is found: they count in no landmark metric"),
    "aed": Metric("", "lower", "squared distance of identity embeddings of unit length"),
    "csim": Metric("of 1", "higher", "cosine of identity embeddings of aligned faces"),
    "pose": Metric("degrees", "lower", "error of the head pose, from landmarks"),
    "expression": Metric("eye distances", "lower", "error of the openings of lids and lips"),
    "epe": Metric(PIXELS, "lower", "end-point error of the flow against the truth, over pixels that the reference shows"),
    "epe_face": Metric(PIXELS, "lower", "epe on the skin of the face with eyes and mouth"),
    "epe_lips": Metric(PIXELS, "lower", "epe around the true points of the lips"),
    "epe_eyes": Metric(PIXELS, "lower", "epe around the true points of the eyes"),
    "occlusion_iou": Metric("of 1", "higher", "overlap of predicted and true occlusion"),
    "foreground_iou": Metric("of 1", "higher", "overlap of predicted and true foreground"),
    "unseen_l1": Metric("of 1", "lower", "l1 over pixels of the head that the reference cannot show"),
    "unseen_bg_l1": Metric("of 1", "lower", "l1 over uncovered background"),
    "flicker": Metric("of 1", "lower", "mean second difference in time of generated minus driving"),
}  # fmt: skip
UNKNOWN: Final = Metric("", "neither", "")
AFFIXES: Final = (
    (r"^cross_", "", "one person driven by another"),
    (r"_absolute$", "", "with absolute instead of relative motion"),
    (r"_n(\d+)$", "", "from {0} references"),
    (r"_step(\d+)$", "", "of the refiner's flow number {0}; 0 is the coarse motion"),
)


def base(name: str) -> str:
    """The metric without what says how it was reached: `l1` of `cross_l1_absolute`."""
    for pattern, replacement, _ in AFFIXES:
        name = re.sub(pattern, replacement, name)
    return name


def about(name: str) -> Metric:
    """Of any name a table of scores may hold; without a meaning where it is none of ours."""
    metric = METRICS.get(name) or METRICS.get(base(name), UNKNOWN)
    told = [text.format(*found.groups()) for pattern, _, text in AFFIXES if (found := re.search(pattern, name))]
    return metric._replace(meaning="; ".join(filter(None, [metric.meaning, *told]))) if name not in METRICS else metric


def better(name: str, one: float, other: float) -> bool:
    """Whether `one` is the better value; never where neither way is better."""
    way = about(name).better
    return one < other if way == "lower" else one > other if way == "higher" else False
