"""Which files a run may hold though no entry need name them."""

import pytest

from runpact.model.contract.language import Entry, Kind, Others
from runpact.model.judge.others import takes

ENTRIES = (Entry(file="log.txt"), Entry(dir="logs"), Entry(file="no.txt", forbidden=True))


@pytest.mark.parametrize(
    ("others", "path", "expected"),
    [
        ("allowed", "x.log", True),
        ("refused", "x.log", False),
        ("advised", "x.log", False),
        ("refused", "log.txt", True),
        ("refused", "no.txt", False),
        ("refused", "logs/x.log", True),
        ((Others(in_="logs/*", are="refused"),), "logs/x.log", False),
        ((Others(in_="logs/*", are="refused"),), "x.log", True),
        ((Others(in_="*.log", are="allowed"), Others(in_="**", are="refused")), "x.log", True),
    ],
)
def test_a_file_is_taken_where_the_contract_lets_it_stand(others, path, expected):
    assert takes(Kind(at="runs/{name}", entries=ENTRIES, others=others), path) is expected
