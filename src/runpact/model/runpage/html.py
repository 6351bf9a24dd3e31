"""A page about a run as one HTML file.

Knows: how it looks, in light and dark, on screen and paper; that it loads nothing and runs nothing.
Does not know: where facts come from.
"""

from __future__ import annotations

from html import escape

from runpact.model.finding import Verdict
from runpact.model.notebook import html_table
from runpact.model.runpage.facts import PageFacts, Section

_STYLE = """
:root{color-scheme:light dark;--ink:#1c1f23;--soft:#5a626c;--line:#d9dde2;--ground:#fff;--card:#f5f7f9}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--soft:#9aa3ad;--line:#383e46;--ground:#15181c;
--card:#1e2227}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground);
max-width:66rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin-top:2rem}
.status{display:inline-block;padding:.1rem .7rem;border:1px solid currentColor;border-radius:1rem;
font-weight:600}
.good{color:#1a7f4b}.bad{color:#c0392b}.open{color:#b07400}
@media(prefers-color-scheme:dark){.good{color:#4cc38a}.bad{color:#ff8a7a}.open{color:#e6b450}}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;background:var(--card);
padding:.8rem 1rem;border-radius:.5rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere;font-family:ui-monospace,monospace;font-size:.9em}
table{border-collapse:collapse;display:block;overflow-x:auto;font-size:.92em;font-variant-numeric:tabular-nums}
td,th{border-bottom:1px solid var(--line);padding:.25rem .7rem .25rem 0;text-align:left;vertical-align:top}
td.word,th{white-space:nowrap}
th{color:var(--soft);font-weight:500}
figure{margin:1rem 0;background:#fff;border:1px solid var(--line);border-radius:.5rem;padding:.5rem}
figure svg{max-width:100%;height:auto;display:block}
summary{cursor:pointer;font-size:1.1rem;font-weight:600;margin-top:2rem}
p{color:var(--soft)}
"""
_FOLDED = frozenset({"Files", "Environment"})
"""Sections that are closed until somebody opens them."""
_LOOKS = {
    **dict.fromkeys(("finished", "success", "ok"), "good"),
    **dict.fromkeys(("failed", "corrupt"), "bad"),
}
_JUDGED = {None: "good", Verdict.OK: "good", Verdict.ERROR: "bad"}
_WORST_FIRST = ("bad", "open", "good")


def html_page(facts: PageFacts) -> str:
    """Return the page as one HTML file that loads nothing and runs nothing."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    look, status = _look(facts)
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        f"<title>{escape(facts.title)}</title><style>{_STYLE}</style></head>",
        f'<body><h1>{escape(facts.title)}</h1><p class="status {look}">{escape(status)}</p>',
        "<dl>",
        *(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.lines),
        "</dl>",
        *(f"<figure>{chart.svg}</figure>" for chart in facts.charts),
        *(_section(section) for section in facts.sections if section.rows),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _look(facts: PageFacts) -> tuple[str, str]:
    """Return how the first word looks, the worse of the run's end and the verdict on it, and what it says."""
    looks = {_LOOKS.get(facts.status, "open"), _JUDGED.get(facts.verdict, "open")}
    worst = next(each for each in _WORST_FIRST if each in looks)
    if facts.verdict is None or facts.verdict is Verdict.OK:
        return worst, facts.status
    return worst, f"{facts.status} · {facts.verdict.value}"


def _section(section: Section) -> str:
    table = html_table(section.header, section.rows, below=section.note)
    title = escape(section.title)
    if section.title in _FOLDED:
        return f"<details><summary>{title}</summary>{table}</details>"
    return f"<section><h2>{title}</h2>{table}</section>"
