"""What each metric is called, measured in, which way is better and what it means: for whoever reads the figures."""

import re
from typing import Final, Literal, NamedTuple

Better = Literal["lower", "higher", "neither"]


class Metric(NamedTuple):
    unit: str
    better: Better
    meaning: str


UNKNOWN: Final = Metric("", "neither", "")
PX: Final = "px at 256"
EYES: Final = "eye distances"

METRICS: Final[dict[str, Metric]] = {
    "l1": Metric("of 1", "lower", "mean absolute difference of RGB in [0, 1]"),
    "psnr": Metric("dB", "higher", "peak signal-to-noise ratio of RGB in [0, 1]"),
    "ssim": Metric("of 1", "higher", "structural similarity; Gaussian windows of 11 pixels, deviation 1.5"),
    "lpips_alex": Metric("", "lower", "LPIPS 0.1 over AlexNet: how different two frames look to a network"),
    "akd_truth": Metric(
        PX, "lower",
        "mean difference of a coordinate: dlib's 68 points on the generated frame, the true ones of the driving",
    ),
    "akd_eyes": Metric(PX, "lower", "akd_truth of the points of the eyes"),
    "akd_lips": Metric(PX, "lower", "akd_truth of the points of the lips"),
    "akd_truth_bias": Metric(PX, "neither", "the landmarker's own error, on the driving frame; no model gets below"),
    "akd_eyes_bias": Metric(PX, "neither", "the same of the eyes"),
    "akd_lips_bias": Metric(PX, "neither", "the same of the lips"),
    "akd_dlib": Metric(PX, "lower", "dlib's points on the generated frame against those on the driving one"),
    "akd_dlib_eyes": Metric(PX, "lower", "akd_dlib of the points of the eyes"),
    "akd_dlib_lips": Metric(PX, "lower", "akd_dlib of the points of the lips"),
    "mkr": Metric("share", "lower", "driving frames with a face whose generated frame shows none"),
    "undetected": Metric("share", "neither", "driving frames without a face found: no landmark metric counts them"),
    "cnn_rate": Metric("share", "higher", "generated frames in which a second detector, dlib's CNN, finds a face"),
    "aed_dlib": Metric("0 to 4", "lower", "squared distance of identity embeddings of unit length, dlib's network"),
    "csim_dlib": Metric("of 1", "higher", "cosine of these embeddings"),
    "pose_error": Metric("degrees", "lower", "turn between the heads in the generated and in the driving frame"),
    "lid_error": Metric(EYES, "lower", "difference of the openings of the lids"),
    "lip_opening_error": Metric(EYES, "lower", "difference of the openings of the mouth"),
    "lip_width_error": Metric(EYES, "lower", "difference of the widths of the mouth"),
    "gaze_error": Metric(EYES, "lower", "distance of the pupils, where eyes are open"),
    "epe": Metric(PX, "lower", "end-point error of the flow against the truth, over pixels that the reference shows"),
    "epe_face": Metric(PX, "lower", "epe on the skin of the face, with eyes and mouth"),
    "epe_lips": Metric(PX, "lower", "epe around the true points of the lips"),
    "epe_eyes": Metric(PX, "lower", "epe around the true points of the eyes"),
    "occlusion_iou": Metric("of 1", "higher", "overlap of what the model calls hidden with what the reference hides"),
    "foreground_iou": Metric("of 1", "higher", "overlap of predicted and true foreground"),
    "unseen_l1": Metric("of 1", "lower", "l1 over pixels of the head that the first reference does not show"),
    "unseen_bg_l1": Metric("of 1", "lower", "l1 over background that the first reference does not show"),
    "unseen_akd": Metric(PX, "lower", "akd_truth of points on the head that the first reference does not show"),
    "flicker": Metric("of 1", "lower", "mean second difference in time of generated minus driving"),
    "flicker_face": Metric("of 1", "lower", "flicker on the face"),
    "flicker_bg": Metric("of 1", "lower", "flicker of background that stands still"),
    "fid": Metric("", "lower", "Frechet distance of all frames by what a network sees in them; only at equal counts"),
}  # fmt: skip

# What a name may carry besides: how the metric was reached. Alternatives in the order in which they come off.
AFFIXES: Final = (
    (r"^cross_", "one person driven by another"),
    (r"_absolute$", "with absolute instead of relative motion"),
    (r"_n1$", "from one reference, on the frames that are scored for several"),
    (r"_n(\d+)$", "from {0} references"),
    (r"_(best_pose|mean|max|occlusion)$", "fused by {0} instead of the variant's own strategy"),
    (r"_step(\d+)$", "of the refiner's flow number {0}; 0 is the coarse motion"),
    (r"_truth_bias$", "the landmarker's own error against the truth, on the driving frame"),
    (r"_truth$", "against the truth"),
)


def base(name: str) -> str:
    """The metric without what says how it was reached: `l1` of `cross_l1_absolute`."""
    for pattern, _ in AFFIXES:
        name = name if name in METRICS else re.sub(pattern, "", name)
    return name


def about(name: str) -> Metric:
    """Of any name that a table of scores may hold; UNKNOWN where it is none of ours."""
    if name in METRICS:
        return METRICS[name]
    own = base(name)
    if own not in METRICS:
        return UNKNOWN
    told = [METRICS[own].meaning]
    for pattern, text in AFFIXES:
        found = re.search(pattern, name)
        if found and name not in METRICS:
            name = re.sub(pattern, "", name)
            told.append(text.format(*found.groups()))
    better: Better = "neither" if own != name or "own error" in told[-1] else METRICS[own].better
    return METRICS[own]._replace(meaning="; ".join(told), better=better)


def better(name: str, one: float, other: float) -> bool:
    """Whether `one` is the better value; never where neither way is better."""
    way = about(name).better
    return one < other if way == "lower" else one > other if way == "higher" else False
