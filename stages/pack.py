"""pack: frames and steady landmarks in shards that training reads by memory map, split by person."""

from facemotion import layout, schemas
from facemotion.config import Params
from facemotion.dataset import packing
from facemotion.dataset.split import SPLITS
from facemotion.files import fresh_folder
from stages.harness import Notes, run
from stages.items import map_all


def main(params: Params, notes: Notes) -> str:
    table = schemas.CLIPS.read(layout.CLIP_TABLE).filter("accepted")
    clips = [
        packing.ClipToPack(
            row["clip_id"], row["person_id"], row["group"], layout.CLIPS / row["path"], row["frames"], row["size"]
        )
        for row in table.iter_rows(named=True)
    ]
    fresh_folder(layout.PACKED)
    jobs = packing.plan_shards(clips, layout.PACKED, layout.LANDMARKS_SMOOTH, params.pack)
    written = map_all("pack", packing.write_shard, jobs, params)
    figures: dict[str, float] = {}
    for split in SPLITS:
        shards = [(job, sizes) for job, sizes in zip(jobs, written, strict=True) if job.path.parent.name == split]
        figures[f"{split}_people"] = len({clip.person_id for job, _ in shards for clip in job.clips})
        figures[f"{split}_clips"] = sum(sizes["clips"] for _, sizes in shards)
        figures[f"{split}_frames"] = sum(sizes["frames"] for _, sizes in shards)
    notes.score(figures)
    told = ", ".join(
        f"{split} {figures[f'{split}_frames']} frames of {figures[f'{split}_people']} people" for split in SPLITS
    )
    return f"{told}; {sum(sizes['bytes'] for sizes in written) / 2**20:.0f} MiB in {len(jobs)} shards"


if __name__ == "__main__":
    run("pack", main)
