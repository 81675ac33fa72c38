"""A study's verdict in figures, and in words."""

import json
from collections.abc import Mapping
from typing import Any

from facemotion.tuning.search import Finding
from facemotion.tuning.table import CUT, NOWHERE


def figures(finding: Finding) -> dict[str, float]:
    """Empty where nothing was tried. `again_...`: of the longer trainings, best less default, with its interval."""
    if not finding.rows:
        return {}
    default = next((row.reached for row in finding.rows if row.default), {})
    found: dict[str, float] = {
        "trials": len(finding.rows),
        "cut_short": sum(row.state == CUT for row in finding.rows),
        "led_nowhere": sum(row.state == NOWHERE for row in finding.rows),
        "better": int(finding.better),
    }
    for name, value in default.items():
        found[f"{name}_default"] = _short(value)
        found[f"{name}_best"] = _short(min(row.reached[name] for row in finding.rows if row.reached))
    for name, own in finding.compared.items():
        found |= {f"again_{name}_{end}": _short(value) for end, value in own.difference._asdict().items()}
        found |= {f"again_{name}_clips_less": own.less, f"again_{name}_clips_more": own.more}
    return found


def told(finding: Finding) -> str:
    tried = f"{len(finding.rows)} trials"
    if not finding.compared:
        return f"{tried}: none was better than the default, which stays"
    ends = "; ".join(
        f"{name} {own.difference.value:+.4g} [{own.difference.low:+.4g}, {own.difference.high:+.4g}]"
        for name, own in finding.compared.items()
    )
    verdict = "is better than the default" if finding.better else "is not told apart from the default, which stays"
    return f"{tried}: the best ({pairs(finding.best)}) {verdict}; longer trainings, best less default: {ends}"


def pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {json.dumps(value)}" for key, value in values.items())


def _short(value: float) -> float:
    return float(f"{value:.6g}")
