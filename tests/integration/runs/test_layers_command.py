"""`runpact lint-layers`: a change set that mixes science and infrastructure is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.host.repository import Repository
from integration.runs.place import Place

CONTRACT = """\
contract: test.layers
version: "1.0.0"
workspace:
  layers:
    infra: ["tools/**", "contract.yaml"]
    science: ["physics/**"]
kinds: {run: {at: "runs/{name}"}}
"""


class Layered(Place):
    """A workspace in a repository whose work goes on from the branch `trunk`."""

    def __init__(self, root: Path, capture: pytest.CaptureFixture[str], repository: Repository) -> None:
        """Store the workspace's folder, and the repository around it."""
        super().__init__(root, capture)
        self.repository = repository

    def change(self, *paths: str, message: str = "change") -> None:
        """Commit a change of each of these files."""
        for path in paths:
            file = self.root / path
            before = file.read_text() if file.exists() else ""
            self.write(path, before + "more\n")
        self.repository.git("add", "--all")
        self.repository.git("commit", "--quiet", f"--message={message}")

    def lint(self, *options: str) -> tuple[int, dict]:
        """Ask about the commits since `trunk`."""
        return self.json("lint-layers", "--base", "trunk", *options)


@pytest.fixture(params=[".", "lab"])
def layered(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Layered:
    """The workspace: the repository itself, or a folder of it."""
    repository = Repository(tmp_path / "repository")
    root = repository.root / request.param
    root.mkdir(exist_ok=True)
    monkeypatch.chdir(root)
    monkeypatch.delenv("RUNPACT_WORKSPACE", raising=False)
    place = Layered(root, capsys, repository)
    place.write("contract.yaml", CONTRACT)
    place.write("tools/old.py", "")
    repository.commit()
    repository.git("checkout", "--quiet", "-b", "work")
    return place


@pytest.mark.requirement("C-009")
@pytest.mark.requirement("C-188")
def test_science_and_infrastructure_in_one_change_set_are_told(layered: Layered) -> None:
    layered.change("physics/abel.py")
    assert layered.lint()[0] == 0
    layered.change("tools/paths.py", "README.md")
    code, document = layered.lint()
    assert (code, document["verdict"], document["mixed"]) == (3, "ERROR", True)
    assert document["layers"] == {"infra": ["tools/paths.py"], "science": ["physics/abel.py"]}
    assert document["others"] == ["README.md"]
    out = layered.call("lint-layers", "--base", "trunk")[1]
    assert "infra: 1\n  tools/paths.py\nscience: 1\n  physics/abel.py\nno layer: 1\n  README.md\n" in out
    assert "part them, or say why with a trailer `Mixed-Layers: REASON`" in out


@pytest.mark.requirement("C-009")
def test_a_label_excuses_what_is_mixed(layered: Layered) -> None:
    layered.change("physics/abel.py", "tools/paths.py")
    code, document = layered.lint("--allow-mixed", "one rename in both")
    assert (code, document["mixed"], document["labels"]) == (0, True, ["one rename in both"])
    layered.change("physics/b.py", message="Rename\n\nIn both.\n\nMixed-Layers: the name is\n in both\n")
    code, document = layered.lint()
    assert (code, document["labels"]) == (0, ["the name is in both"])
    assert "are mixed" in layered.call("lint-layers", "--base", "trunk")[1]


def test_removed_and_renamed_files_count_where_they_were(layered: Layered) -> None:
    (layered.root / "physics").mkdir()
    layered.repository.git("mv", "tools/old.py", "physics/old.py", cwd=layered.root)
    layered.change()
    code, document = layered.lint()
    assert (code, sorted(document["layers"])) == (3, ["infra", "science"])


def test_what_the_base_changed_meanwhile_is_not_of_the_change_set(layered: Layered) -> None:
    layered.change("physics/abel.py")
    layered.repository.git("checkout", "--quiet", "trunk")
    layered.change("tools/paths.py")
    layered.repository.git("checkout", "--quiet", "work")
    assert layered.lint()[0] == 0
    assert "one layer at most changed" in layered.call("lint-layers", "--base", "trunk")[1]


def test_nothing_changed_is_not_success(layered: Layered) -> None:
    code, document = layered.lint()
    assert (code, document["verdict"]) == (2, "INCOMPLETE")
    assert "nothing changed" in layered.call("lint-layers", "--base", "trunk")[1]


def test_many_paths_are_shortened(layered: Layered) -> None:
    layered.change(*(f"physics/{number}.py" for number in range(12)))
    assert "  … and 2 more\n" in layered.call("lint-layers", "--base", "trunk")[1]


@pytest.mark.parametrize("base", ["nowhere", "trunk^{tree}", "HEAD:contract.yaml"])
def test_a_base_that_is_no_commit_is_told(layered: Layered, base: str) -> None:
    layered.change("physics/abel.py")
    code, document = layered.json("lint-layers", "--base", base)
    assert (code, document["error"]["code"]) == (2, "cannot-start")


def test_a_base_is_never_an_option_of_git(layered: Layered) -> None:
    target = layered.root / "written"
    for base in (f"--output={target}", "a\nb"):
        assert layered.json("lint-layers", f"--base={base}")[0] == 64
    assert not target.exists()
    assert layered.json("lint-layers", "--base=")[0] == 64


def test_commits_without_a_common_ancestor_are_told(layered: Layered) -> None:
    layered.repository.git("checkout", "--quiet", "--orphan", "alone")
    layered.change("physics/abel.py")
    code, document = layered.lint()
    assert (code, "no commit that both have" in document["error"]["got"]) == (2, True)


def test_without_layers_or_repository_or_git_it_cannot_start(
    layered: Layered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "/nonexistent")
        assert layered.lint()[1]["error"]["got"] == "git is not installed"
    with monkeypatch.context() as patch:
        patch.setenv("TMPDIR", "/nonexistent")
        assert "no temporary folder" in layered.lint()[1]["error"]["got"]
    layered.write("contract.yaml", 'contract: test.x\nversion: "1.0.0"\nkinds: {run: {at: "runs/{name}"}}\n')
    assert "names no layers" in layered.lint()[1]["error"]["message"]
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "contract.yaml").write_text(CONTRACT)
    monkeypatch.chdir(outside)
    assert "no repository" in layered.lint()[1]["error"]["message"]


def test_layers_of_a_contract_are_checked_and_told(layered: Layered) -> None:
    assert "the layer `science` is `physics/**`" in layered.call("contract", "docs")[1]
    layered.write("contract.yaml", CONTRACT.replace('["physics/**"]', '["physics/{"]'))
    assert layered.json("contract", "lint")[0] == 2
    layered.write("contract.yaml", CONTRACT.replace('["physics/**"]', "[]"))
    assert layered.json("contract", "lint")[0] == 2
