"""The runner of the port tests: it finds the files, runs a crashed one again, and a failed one not."""

from __future__ import annotations

from pathlib import Path

import port_tests
import pytest

ROOT = Path(__file__).parents[2]


def written(folder: Path, body: str) -> Path:
    path = folder / "test_it.py"
    path.write_text(f"import os, signal\nimport pytest\n\n@{port_tests.MARK}\ndef test_it():\n    {body}\n")
    return path


def test_every_file_with_a_test_on_ports_is_found() -> None:
    found = {path.name for path in port_tests.files_with_ports([ROOT / "tests"])}
    assert {"test_kill.py", "test_storms.py", "test_bench.py", "test_port_set.py"} <= found
    assert "test_codec.py" not in found


@pytest.mark.parametrize(
    ("body", "status", "runs"),
    [
        ("open('runs', 'a').write('.')", 0, 1),
        ("open('runs', 'a').write('.'); assert False", 1, 1),
        ("open('runs', 'a').write('.'); os.kill(os.getpid(), signal.SIGSEGV)", -11, port_tests.ATTEMPTS),
        ("open('runs', 'a').write('.'); len(open('runs').read()) > 1 or os.kill(os.getpid(), 11)", 0, 2),
    ],
)
def test_a_file_whose_process_crashed_is_run_again_and_one_that_failed_is_not(
    body: str, status: int, runs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = ports\n")
    assert port_tests.run_file(written(tmp_path, body), ["-p", "no:faulthandler"]) == status
    assert len((tmp_path / "runs").read_text()) == runs
