"""`make verify` in small: what ran is not run again, what went wrong shows."""

from pathlib import Path

import pytest
import verify
import verify_table
from verify_checks import GRAPHS, Outcome, Unit
from verify_table import Record

NOTHING = [*("--inputs", "0"), *("--emulated", "0"), *("--hosted", "0"), *("--emulated-graphs", "0"), *("--jobs", "1")]
NOTHING += [*("--keras-models", "0"), *("--chosen", "0"), *("--sparsities", "0")]
SMALL = [*NOTHING, "--graphs", "1", "--mutants", "20"]
UNIT, UNIT_BEHIND = Unit("random-tflm", GRAPHS, 0, 10), Unit("random-tflm", GRAPHS, 10, 20)


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    return ["--state", str(tmp_path / "state.jsonl"), "--table", str(tmp_path / "table.md")]


def test_it_resumes(paths: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tflite_micro")
    assert verify.main([*SMALL, *paths]) == 0
    assert "2 parts, 0 of them done before" in capsys.readouterr().out
    first = (tmp_path / "table.md").read_text()
    assert "| random graphs | reference = tflite-micro, every layer | 1 |" in first
    assert "| mutated files |" in first and "What went wrong" not in first
    assert verify.main([*SMALL, *paths]) == 0
    assert "2 parts, 2 of them done before" in capsys.readouterr().out
    assert (tmp_path / "table.md").read_text() == first


def test_wrong_values_and_failures_show(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    verify_table.append(Record("new", UNIT, Outcome(500, {"seed 3 conv2d_0": 7}), 1.0), state)
    verify_table.append(Record("new", UNIT_BEHIND, Outcome(0, {}), 1.0, "Traceback\nValueError: no"), state)
    records = verify_table.read(state, "new")
    assert [record.bad for record in records] == [True, True]
    text = verify_table.table(records, "new")
    assert "| 10 | 500 | 7 and 1 failures |" in text
    assert "seed 3 conv2d_0" in text and "ValueError: no" in text


def test_how_often_each_operator_was_covered_shows(tmp_path: Path) -> None:
    state, other = tmp_path / "state.jsonl", Unit("random-host", GRAPHS, 0, 5)
    for unit, covered in ((UNIT, {"ADD": 1200, "MUL": 2}), (UNIT_BEHIND, {"ADD": 34}), (other, {"ADD": 7})):
        verify_table.append(Record("new", unit, Outcome(1, {}, covered), 1.0), state)
    text = verify_table.table(verify_table.read(state, "new"), "new")
    assert "| operator | random-tflm | random-host |\n|---|---:|---:|\n| ADD | 1,234 | 7 |\n| MUL | 2 | 0 |\n" in text


def test_only_the_last_record_of_the_same_content_counts(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    verify_table.append(Record("old", UNIT, Outcome(1, {}), 1.0), state)
    verify_table.append(Record("new", UNIT, Outcome(0, {}), 1.0, "Traceback"), state)
    verify_table.append(Record("new", UNIT, Outcome(2, {}), 1.0), state)
    with state.open("a") as file:
        file.write('{"digest": "new", "un')  # interrupted
    verify_table.append(Record("new", UNIT, Outcome(3, {}), 1.0), state)  # on the same line: lost, and made again
    assert [record.outcome.compared for record in verify_table.read(state, "new")] == [2]
