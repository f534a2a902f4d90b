"""Too few files or too little memory is told as what it is."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from command_line import NO_SERVER, ROOT

from bollylive.errors import CrashError, FileError
from bollylive.processes.shortage import explain, shortage

resource = pytest.importorskip("resource")


def run(code: str, limits: str) -> str:
    """What a program prints under the limits of a shell."""
    command = ["sh", "-c", f'{limits}; exec "$0" -c "$1"', sys.executable, code]
    environment = {**os.environ, **NO_SERVER, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout


def test_where_there_is_enough_nothing_is_short_and_an_error_is_what_it_says() -> None:
    assert shortage() is None
    error = CrashError("The port process crashed.")
    assert explain(error) is error


@pytest.mark.parametrize(
    ("limits", "cause"),
    [
        ("ulimit -n 40", "BollyLive may open only 40 files at once, which is too few; raise that limit (ulimit -n"),
        (
            "ulimit -v 500000",
            "BollyLive may use only 488 MB of memory, which is too little; raise that limit (ulimit -v",
        ),
    ],
)
def test_what_is_short_is_said_with_its_cure_and_no_file_stays_open(limits: str, cause: str) -> None:
    code = """if True:
        import os
        from bollylive.errors import CrashError, FileError
        from bollylive.processes.shortage import explain, shortage
        before = os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd") else []
        print(shortage())
        print(explain(CrashError("It crashed.")))
        print(explain(FileError("No such file.")))
        after = os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd") else []
        print(len(before) == len(after))
    """
    said = run(code, limits).splitlines()
    assert said[0].startswith(cause)
    assert said[1:] == [said[0], "No such file.", "True"]


def test_an_error_of_another_kind_is_left_alone() -> None:
    error = FileError("It cannot be read.")
    assert explain(error) is error


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have no JACK that is looked for")
@pytest.mark.parametrize("command", ["ports", "check"])
def test_with_too_few_files_no_midi_system_is_called_missing(command: str) -> None:
    code = f"""if True:
        import sys
        sys.stderr = sys.stdout
        sys.argv[1:] = ["{command}", "--api", "jack"]
        from bollylive.cli import run
        run()
    """
    said = run(code, "ulimit -n 16")
    assert "BollyLive may open only 16 files at once" in said
    assert "start JACK" not in said
