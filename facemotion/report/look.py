"""How the page looks: type, colours for light and dark, and how each variant is told from the others without colour."""

from typing import Final, NamedTuple

# Twelve hues of like weight, for light and for dark paper; a variant keeps its place in the list of variants.
LIGHT: Final = (
    "#6b6b6b", "#1f6fb4", "#c2410c", "#15803d", "#8b3fa8", "#a16207", "#0e7490", "#be185d", "#4d5bc4", "#5a7d0c",
    "#9a3b3b", "#3b5f5a",
)  # fmt: skip
DARK: Final = (
    "#a3a3a3", "#6db3f2", "#fb9a5c", "#5fd08a", "#d19bea", "#e0b84c", "#5cc9de", "#f48fb8", "#a5aef5", "#b3d25a",
    "#e59a9a", "#9cc5be",
)  # fmt: skip
DASHES: Final = ("2 3", "", "7 3", "1 3 6 3", "10 3 2 3", "4 2")
MARKERS: Final = ("ring", "circle", "square", "triangle", "diamond", "cross")


class Look(NamedTuple):
    """CSS class of the colour, dashes of the line, shape of the marker."""

    colour: str
    dash: str
    marker: str


def look(place: int) -> Look:
    return Look(f"k{place % len(LIGHT)}", DASHES[place % len(DASHES)], MARKERS[place % len(MARKERS)])


def _hues(hues: tuple[str, ...]) -> str:
    return "".join(f"--k{k}:{hue};" for k, hue in enumerate(hues))


STYLE: Final = (
    ":root{color-scheme:light dark;--paper:#fdfcfa;--ink:#1d1c1a;--soft:#5f5b55;--line:#dcd7cf;"
    "--link:#1a5c96;" + _hues(LIGHT) + "}"
    "@media (prefers-color-scheme:dark){:root{--paper:#161718;--ink:#e8e6e1;--soft:#a5a19a;--line:#393a3c;"
    "--link:#8cc4f5;"
    + _hues(DARK)
    + "}}"
    + "".join(f".k{k}{{color:var(--k{k})}}" for k in range(len(LIGHT)))
    + """
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--paper);color:var(--ink);font:17px/1.55 Charter,'Bitstream Charter','Sitka Text',Cambria,
Georgia,'Liberation Serif','DejaVu Serif',serif}
main,header,footer{max-width:1120px;margin:0 auto;padding:0 16px}
header{padding-top:40px}
h1{font-size:clamp(26px,5vw,38px);line-height:1.15;font-weight:600;letter-spacing:-.01em;margin:0 0 6px}
h2{font-size:23px;line-height:1.25;font-weight:600;margin:64px 0 10px;padding-top:14px;border-top:1px solid var(--line)}
h3{font-size:17px;font-weight:600;margin:28px 0 6px}
.anchor{color:var(--line);text-decoration:none;font-weight:400}
.anchor:hover,.anchor:focus,h2:hover .anchor{color:var(--link)}
p,.prose li{max-width:70ch}
p{margin:0 0 12px}
a{color:var(--link);text-underline-offset:2px}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-999px}.skip:focus{left:16px;top:8px;background:var(--paper);padding:4px 8px}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:2px 16px;padding:0;margin:14px 0 0;font-size:15px}
.lede{font-size:18px;color:var(--soft)}
.answer{font-size:20px;line-height:1.5;margin-top:36px}
.note,.caption,.soft{color:var(--soft)}
.note,.caption{font-size:15px;line-height:1.45}
.caption{margin:6px 0 0}
code,.mono{font:13px/1.4 ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;overflow-wrap:anywhere}
figure{margin:0 0 20px;min-width:0}
.over{font-size:15px;font-weight:600;margin:0 0 4px}
.over .soft{font-weight:400}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr));gap:20px 28px;margin:18px 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(31%,180px),1fr));gap:10px;margin:12px 0 4px}
.tiles figure{margin:0}
.tiles.six{grid-template-columns:repeat(auto-fill,minmax(min(31%,160px),1fr))}
.tiles.eight{grid-template-columns:repeat(8,minmax(0,1fr));gap:6px;max-width:760px}
.tiles img,.tiles svg{width:100%;height:auto;display:block;border-radius:2px}
.tiles figcaption{font:13px/1.35 system-ui,sans-serif;margin:3px 0 2px;color:var(--soft)}
.tiles .best figcaption{color:var(--ink);font-weight:600}
.tiles .best img{outline:2px solid var(--ink);outline-offset:1px}
img,video,svg{max-width:100%}
img{height:auto}
video{height:auto;display:block;background:#222;border-radius:2px}
.films{display:flex;flex-wrap:wrap;gap:8px 28px}.films figure{flex:0 1 auto}.films .caption{max-width:512px}
svg.chart{display:block;width:100%;height:auto;max-width:460px;font:12px system-ui,sans-serif;overflow:visible}
svg text{fill:var(--ink)}svg .soft{fill:var(--soft)}
svg .rule{stroke:var(--line);stroke-width:1}svg .limit{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:6 4}
svg .zero{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 3}
svg .fine{fill:none;stroke:currentColor;stroke-width:1.8;stroke-linejoin:round}
svg .band{fill:currentColor;opacity:.14}
svg .bar{fill:currentColor;opacity:.75}
svg .strong{font-weight:700}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;padding:0;margin:8px 0;font:13px system-ui,sans-serif}
.legend svg{width:34px;height:12px;vertical-align:-1px;margin-right:6px}
.legend span{color:var(--ink)}
.scroll{overflow-x:auto;margin:12px 0 6px;border-bottom:1px solid var(--line)}
table{border-collapse:collapse;font:14px/1.4 system-ui,sans-serif;font-variant-numeric:tabular-nums;min-width:100%}
th,td{padding:5px 12px 5px 0;text-align:right;vertical-align:top;white-space:nowrap}
thead th{border-bottom:1px solid var(--soft);font-weight:600;vertical-align:bottom}
tbody tr+tr>*{border-top:1px solid var(--line)}
thead th small{font-weight:400}
th:first-child{text-align:left;font-weight:600;position:sticky;left:0;background:var(--paper)}
td small,th small{display:block;color:var(--soft);font-weight:400;font-size:12px}
.words td,.words th{text-align:left;white-space:normal}
.words td:last-child{min-width:22ch}
.first{font-weight:700}
details{margin:10px 0;border-left:3px solid var(--line);padding-left:12px}
summary{cursor:pointer;font-size:15px;color:var(--link)}
.tiles .face{fill:none;stroke:#fff;stroke-width:.35;stroke-linejoin:round;opacity:.75}
.scale{display:flex;align-items:center;gap:8px;font:13px system-ui,sans-serif;margin:6px 0 12px;flex-wrap:wrap}
.scale img{width:min(50vw,260px);height:12px;border-radius:2px}
footer{margin-top:64px;padding-bottom:48px;color:var(--soft);font-size:15px}
@media (max-width:520px){body{font-size:16px}.answer{font-size:18px}h2{margin-top:48px}th,td{padding-right:10px}
table{font-size:13px}tbody th:first-child{max-width:34vw;min-width:92px;white-space:normal}}
@media print{nav,video{display:none}}
"""
)
