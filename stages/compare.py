"""compare: all variants side by side, with intervals over clips, and each against the best."""

from facemotion import layout
from facemotion.config import Params
from facemotion.evaluation import leaderboard
from facemotion.files import write_text
from stages import scored
from stages.harness import Notes, run


def main(params: Params, notes: Notes) -> str:
    tables = scored.scores(scored.variants(notes))
    entries = leaderboard.standings(tables)
    best = leaderboard.best(tables)
    rows = leaderboard.against(tables, best) if best is not None else []
    notes.score(leaderboard.figures(entries))
    write_text(layout.plot("leaderboard"), leaderboard.csv(entries))
    write_text(layout.plot("paired"), leaderboard.paired_csv(rows))
    notes.keep(layout.plot("leaderboard"), layout.plot("paired"))
    if best is None:
        return "nothing was scored: nothing to compare"
    figures = {entry.variant: entry.value for entry in entries if entry.metric == leaderboard.BY}
    told = ", ".join(f"{name} {value:.4g}" for name, value in sorted(figures.items(), key=lambda pair: pair[1]))
    return f"best is {best}; {leaderboard.BY}: {told}"


if __name__ == "__main__":
    run("compare", main)
