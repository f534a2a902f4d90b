"""Runs the tests on real ports, each file in a process of its own, because such a process may crash.

`python tests/support/port_tests.py [-k EXPRESSION] [FILE OR FOLDER ...]` runs all of them, or those that are named. The
tests' own peers open and close hundreds of ports. RtMidi then frees what JACK's thread may just be reading, and about
once in some hundred times that crashes the process of the tests. A file whose process was ended by a signal is run
again, twice at most. A test that fails is not run again. Exit status 1 if anything failed.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from pathlib import Path

ATTEMPTS = 3
NOTHING_CHOSEN = 5  # pytest's status
MARK = "pytest.mark.ports"


def files_with_ports(paths: list[Path]) -> list[Path]:
    """The test files among some files and folders that have tests on real ports, sorted."""
    files = {file for path in paths for file in (path.rglob("test_*.py") if path.is_dir() else [path])}
    return sorted(file for file in files if MARK in file.read_text(encoding="utf-8"))


def run_file(file: Path, options: list[str]) -> int:
    """Run the port tests of a file; return pytest's status, or a negative signal number if it crashed each time."""
    status = 0
    for _ in range(ATTEMPTS):
        status = subprocess.run(
            [sys.executable, "-m", "pytest", "-m", "ports", *options, str(file)], check=False
        ).returncode
        if status >= 0:
            break
        sys.stdout.write(f"{file}: ended by {signal.Signals(-status).name}; such a process is run {ATTEMPTS} times\n")
        sys.stdout.flush()
    return 0 if status == NOTHING_CHOSEN else status


def main() -> int:
    """Run all that is asked for, and name the files that failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-k", metavar="EXPRESSION", help="as for pytest")
    parser.add_argument("paths", nargs="*", type=Path, metavar="FILE OR FOLDER")
    arguments = parser.parse_args()
    options = [] if arguments.k is None else ["-k", arguments.k]
    files = files_with_ports(arguments.paths or [Path("tests")])
    failed = [str(file) for file in files if run_file(file, options)]
    if failed:
        sys.stdout.write(f"failed: {', '.join(failed)}\n")
    return 1 if failed or not files else 0


if __name__ == "__main__":
    sys.exit(main())
