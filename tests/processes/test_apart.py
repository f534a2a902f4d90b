"""A call that may hang for ever, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bollylive.errors import PortError, PortsHangError
from bollylive.processes import apart, jack_metadata
from bollylive.processes.apart import call_apart, refuse_hang

HANG = """
import os, time
from pathlib import Path
def hang(mark):
    Path(mark).write_text(str(os.getpid()))
    time.sleep(1000)
def crash():
    os.kill(os.getpid(), 11)
def add(one, other):
    return [one + other]
def interrupt(caller, mark):
    os.kill(caller, 2)
    while not Path("go").exists():
        time.sleep(0.001)
    Path(mark).touch()
def refuse():
    from bollylive.errors import PortError
    raise PortError("There is no MIDI input 'Keys'; there are: none.")
"""


@pytest.fixture
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of functions that the process finds: the name by which it is imported."""
    import bollylive

    (tmp_path / "strange.py").write_text(HANG)
    site = tmp_path / "sitecustomize.py"  # which every Python runs first
    site.write_text(f"import bollylive\nbollylive.__path__.append({str(tmp_path)!r})\n")
    root = str(Path(bollylive.__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), root)))
    return "strange"


def test_what_a_function_returns_and_why_it_refuses_comes_back(functions: str) -> None:
    assert call_apart(functions, "add", 1, 2) == [3]
    with pytest.raises(PortError, match="There is no MIDI input 'Keys'; there are: none") as error:
        call_apart(functions, "refuse")
    assert not isinstance(error.value, PortsHangError)


@pytest.mark.skipif(sys.platform == "win32", reason="JACK keeps its metadata elsewhere there")
def test_one_that_hangs_is_ended_and_the_cure_is_told(
    functions: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"jack_db-{os.getuid()}").mkdir()
    monkeypatch.setattr(apart, "cure_of_lock", lambda: jack_metadata.cure_of_lock(tmp_path))
    mark = tmp_path / "mark"
    with pytest.raises(PortsHangError) as error:
        call_apart(functions, "hang", str(mark), limit_s=1.0)
    assert str(error.value).startswith(
        "The MIDI system did not answer within 1 seconds; a JACK program that was killed while it started may have "
        f"locked JACK's metadata: remove the folder {tmp_path / 'jack_db-'}"
    )
    process = int(mark.read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_one_that_crashes_is_told(functions: str) -> None:
    began_s = time.monotonic()
    with pytest.raises(PortError, match=r"The MIDI system's library crashed \(by SIGSEGV\)"):
        call_apart(functions, "crash")
    assert time.monotonic() - began_s < 15.0


@pytest.mark.skipif(sys.platform == "win32", reason="there, Ctrl-C reaches all processes")
def test_ctrl_c_ends_who_calls_and_the_process_ends_by_itself_without_a_word(functions: str, tmp_path: Path) -> None:
    code = f"""if True:
        import os, signal
        from pathlib import Path
        from bollylive.processes.apart import call_apart
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            call_apart("{functions}", "interrupt", os.getpid(), "mark")
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            Path("go").touch()
    """
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.stderr) == ("interrupted\n", "")  # both processes have closed these files
    assert (tmp_path / "mark").exists()


def test_who_measures_is_told_of_a_system_that_hangs_and_finds_out_about_a_missing_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(error: PortError) -> Callable[..., object]:
        def call(*_: object) -> object:
            raise error

        return call

    monkeypatch.setattr(apart, "call_apart", fail(PortError("No MIDI system answers.")))
    refuse_hang(None)
    monkeypatch.setattr(apart, "call_apart", fail(PortsHangError("The MIDI system did not answer.")))
    with pytest.raises(PortsHangError):
        refuse_hang(None)
