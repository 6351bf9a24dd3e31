import re
from pathlib import Path

from runpact.model.codes import CODES, findings_page
from runpact.model.finding import Severity

ROOT = Path(__file__).parents[3]
_USES = re.compile(
    r"""(?:\bcode=|FormatFault\(\s*|_RefusedError\(\s*|_damage\(\s*|_untrusted\(\s*fact,\s*|
        _finding\(\s*(?:entry,\s*)?|self\._fault\(\s*|diagnose\(\s*|_record_finding\(\s*|OWN_COPY\s=\s|
        read_header\(stream,\s)"([a-z]+(?:-[a-z0-9]+)*)"(?=[,)\s])""",
    re.VERBOSE,
)


def _codes_used() -> set[str]:
    names = ("model/judge", "model/pipeline", "model/doctor", "model/ledger", "model/archive", "formats")
    folders = [ROOT / "src/runpact" / name for name in names]
    files = [path for folder in folders for path in folder.rglob("*.py")]
    files += (ROOT / "src/runpact/model/imports.py", *(ROOT / "src/runpact/verbs").rglob("*.py"))
    return {code for path in files for code in _USES.findall(path.read_text(encoding="utf-8"))}


def test_every_code_in_use_is_in_the_table():
    used = _codes_used()
    assert len(used) >= 30
    assert used - CODES.keys() == set()


def test_every_code_in_the_table_is_in_use():
    assert CODES.keys() - _codes_used() == set()


def test_the_page_of_findings_is_current():
    assert (ROOT / "docs/findings.md").read_text(encoding="utf-8") == findings_page()


def test_codes_are_kebab_case_and_explained():
    for name, code in CODES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", name)
        assert code.meaning.endswith(".")
        assert isinstance(code.severity, Severity)
