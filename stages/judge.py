"""judge: how strangers' detectors take the rendered people, and sheets of them to look at."""

from facemotion.config import Params
from facemotion.ingest.sheets import Tile, in_rows, sheet
from facemotion.synth import judges, portraits, scores
from facemotion.synth.records import Truth
from stages import videos
from stages.harness import Notes, run
from stages.items import map_all
from stages.pictures import save

PEOPLE, PER_ROW = 24, 6
PERFORMANCE, PERFORMERS, MOMENTS, SECONDS = 5, 3, 8, 3.0


def main(params: Params, notes: Notes) -> str:
    paths = dict(videos.fetched().select("video_id", "path").iter_rows())
    filmed = [
        (videos.path_of(paths[name]), Truth.load(truth)) for name, truth in videos.truths().items() if name in paths
    ]
    if not filmed:
        save(notes, [])
        notes.score({})
        return "nothing to judge: this footage is real"
    sequences = scores.chosen(filmed, params.judge.frames, params.judge.cnn_frames)
    figures = scores.figures(map_all("judge", judges.judge_by_dlib, sequences, params))
    notes.score(figures)
    seeds = list(
        dict.fromkeys(int(seed) for _, truth in filmed for seed in truth.rows["person_seed"][truth.rows["planned"]])
    )
    people = [Tile(image) for image in portraits.people_tiles(seeds[:PEOPLE])]
    performance = portraits.performance_tiles(seeds[-PERFORMERS:], PERFORMANCE, MOMENTS, SECONDS)
    save(
        notes,
        [
            ("people", sheet(in_rows(people, PER_ROW))),
            ("performance", sheet([[Tile(image) for image in row] for row in performance])),
        ],
    )
    return (
        f"faces found in {figures.get('hog_detection_rate', 0.0):.1%} of {sum(len(s.rows) for s in sequences)} frames"
    )


if __name__ == "__main__":
    run("judge", main)
