"""Which layers a change set touches, and whether it may."""

from __future__ import annotations

import pytest

from runpact.model.finding import Verdict
from runpact.model.layers import LayerReport, sort_by_layer

LAYERS = {"infra": ("src/io/**", "*.yaml"), "science": ("src/**",), "data": ("datasets/**",)}


def report(*paths: str, labels: tuple[str, ...] = ()) -> LayerReport:
    return sort_by_layer(paths, LAYERS, base="c0", labels=labels)


def test_the_first_layer_with_a_fitting_glob_decides() -> None:
    found = report("src/io/paths.py", "src/model.py", "contract.yaml", "README.md")
    assert found.layers == {"infra": ("src/io/paths.py", "contract.yaml"), "science": ("src/model.py",)}
    assert found.others == ("README.md",)


@pytest.mark.requirement("C-009")
@pytest.mark.requirement("C-188")
@pytest.mark.parametrize(
    ("paths", "labels", "verdict"),
    [
        (("src/a.py", "src/b.py"), (), Verdict.OK),
        (("src/a.py", "README.md"), (), Verdict.OK),
        (("README.md",), (), Verdict.OK),
        (("src/a.py", "src/io/a.py"), (), Verdict.ERROR),
        (("src/a.py", "datasets/a.csv"), (), Verdict.ERROR),
        (("src/a.py", "src/io/a.py"), ("one rename in both",), Verdict.OK),
        ((), (), Verdict.INCOMPLETE),
        ((), ("why",), Verdict.INCOMPLETE),
    ],
)
def test_several_layers_at_once_need_a_reason(
    paths: tuple[str, ...], labels: tuple[str, ...], verdict: Verdict
) -> None:
    assert report(*paths, labels=labels).verdict is verdict
