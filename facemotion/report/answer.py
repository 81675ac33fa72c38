"""The answer, in words: which variant is best, and by how much."""

from facemotion.evaluation import leaderboard
from facemotion.evaluation.leaderboard import BY, RULE
from facemotion.report import words
from facemotion.report.markup import number, paragraph, percent, tag, text
from facemotion.report.material import Material
from facemotion.report.shown import REFERENCE


def answer(material: Material) -> str:
    best = material.best
    if best is None:
        return paragraph(words.NOBODY, class_="answer")
    entries = {entry.variant: entry for entry in leaderboard.standings(material.scores, [BY])}
    own, people = entries[best], material.scores[best]["person_id"].n_unique()
    within = words.spread(own.interval) if own.interval is not None else "one clip: no interval"
    told = [
        f"{tag('strong', text(best))} is best: {BY} {number(own.value)} ({within}) on {words.clips(own.clips)} of "
        + words.people(people)
    ]
    told += [words_ for other in _rivals(material, best) if (words_ := _versus(material, best, other))]
    if best == REFERENCE:
        told.append("That is the reference frame repeated: no model beats it yet")
    return paragraph(". ".join(told) + ".", class_="answer") + paragraph(
        "Mean absolute difference of RGB in [0, 1] on people whom no training has seen, lower is better; in "
        + f"brackets 95 % intervals over clips. {text(RULE)}",
        class_="note",
    )


def _rivals(material: Material, best: str) -> list[str]:
    """The next best, and the reference repeated."""
    entries = [entry for entry in leaderboard.standings(material.scores, [BY]) if entry.variant != best]
    order = [entry.variant for entry in sorted(entries, key=lambda entry: entry.value)]
    return list(dict.fromkeys([*order[:1], *(other for other in order if other == REFERENCE)]))


def _versus(material: Material, best: str, other: str) -> str | None:
    row = leaderboard.paired(material.scores, best, other, BY)
    share = leaderboard.ratio(material.scores, best, other, BY)
    if row is None:
        return None
    rival = "repeating the reference" if other == REFERENCE else text(other)
    if share is None:
        return f"{rival[0].upper()}{rival[1:]} has {number(row.difference and -row.difference)} more on the same clip"
    lower = share.value <= 1
    ends = (1 - share.high, 1 - share.low) if lower else (share.low - 1, share.high - 1)
    told = f"It is {percent(abs(1 - share.value))} {'lower' if lower else 'higher'} than {rival} "
    told += f"({percent(ends[0])} to {percent(ends[1])}), better on {row.wins} of {words.clips(row.clips)}"
    return told + ("" if leaderboard.told_apart(row) else ", which these clips cannot tell from chance")
