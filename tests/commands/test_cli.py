"""The command line: what each command answers, and with which status."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import JOURNAL, NO_SERVER, ROOT, Call, sentence

from bollylive import __version__, cli
from bollylive.options import make_parser

COMMANDS = ("jam", "perform", "generate", "recover", "ports", "check", "watch", "bench")


def test_the_version(call: Call) -> None:
    assert call("--version") == (0, f"bollylive {__version__}\n", "")


def test_help_names_every_command(call: Call) -> None:
    status, out, _ = call("--help")
    assert status == 0
    assert all(f"\n    {command} " in out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, call: Call) -> None:
    status, out, _ = call(command, "--help")
    assert status == 0
    assert out.startswith(f"usage: bollylive {command}")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_described_in_a_sentence_and_so_is_each_of_its_options(command: str) -> None:
    (choices,) = (action.choices for action in make_parser(cli.COMMANDS)._actions if isinstance(action.choices, dict))
    parser = choices[command]
    assert re.fullmatch(r"[A-Z][^.]+\.", parser.description)
    assert [action.dest for action in parser._actions if not action.help] == []


@pytest.mark.parametrize(
    ("arguments", "sentence_part"),
    [
        ("", "COMMAND"),
        ("sing", "invalid choice: 'sing'"),
        ("jam --tempo 5", "--tempo: a number from 20 to 300 is needed, not '5'"),
        ("jam --tempo fast", "--tempo: a number from 20 to 300 is needed, not 'fast'"),
        ("jam --tempo nan", "--tempo: a number from 20 to 300 is needed, not 'nan'"),
        ("jam --buffer 2", "--buffer: a number from 4 to 512 is needed, not '2'"),
        ("jam --seed -1", "--seed: a whole number from 0 to 9223372036854775807 is needed, not '-1'"),
        ("jam --seconds -1", "--seconds: a number from 0"),
        ("jam --api oss", "--api: invalid choice: 'oss'"),
        ("jam --loud", "unrecognized arguments: --loud"),
        ("perform a.mid --out b.mid --channels 0,17", "--channels: channels are numbers from 1 to 16"),
        ("perform a.mid --out b.mid --channels 1,,2", "not '1,,2'"),
        ("perform a.mid", "--out"),
        ("perform a.mid --out b.mid --play-on 2001", "--play-on: a number from 0 to 2000 is needed, not '2001'"),
        ("perform a.mid --out b.mid --play-on -1", "--play-on: a number from 0 to 2000 is needed, not '-1'"),
        ("perform a.mid --out b.mid --play-on 1.5", "--play-on: a number from 0 to 2000 is needed, not '1.5'"),
        ("generate --out b.mid", "--from"),
        ("jam --journal here --no-journal", "not allowed with argument --journal"),
        ("recover a.jsonl", "--out"),
        ("recover --out a.mid --minutes 0", "--minutes: a number from 0.1"),
        ("generate --from a.mid --out b.mid --notes 0", "--notes: a number from 1"),
        ("generate --from a.mid --out b.mid --at -4", "--at: a number from 0"),
    ],
)
def test_wrong_arguments_are_answered_with_a_sentence_and_status_2(
    arguments: str, sentence_part: str, call: Call
) -> None:
    status, out, err = call(*arguments.split())
    assert (status, out) == (2, "")
    assert sentence_part in err
    assert re.fullmatch(r"bollylive[a-z ]*: .+; see bollylive[a-z ]* --help\n", err)


@pytest.mark.parametrize(
    "arguments",
    [
        *(
            "jam --in",
            "jam --in Keys --out",
            "jam --model",
            "jam --journal",
            "jam --set",
            "check",
            "perform --out a.mid",
        ),
        *("generate --out b.mid --from", "recover --out a.mid"),
    ],
)
def test_an_empty_name_is_neither_every_port_nor_the_current_folder(arguments: str, call: Call) -> None:
    status, out, err = call(*arguments.split(), "")
    assert (status, out) == (2, "")
    assert re.search(r"name( of a file or a folder)? is needed, not ''; see bollylive \w+ --help\n$", err)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems' names are text")
def test_a_path_that_is_no_text_is_printed_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"tak\xe9s")
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(JOURNAL)
    command = [sys.executable, "-m", "bollylive", "recover", str(folder / "a.jsonl"), "--out", str(folder / "a.mid")]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8:strict"}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert "/tak\\udce9s/a.mid: 1 " in ended.stdout
    assert "breaks off" in sentence(ended.stderr)


@pytest.mark.parametrize(
    "module", ["signal", "argparse", "bollylive.cli", "bollylive.jam", "bollylive.processes.supervisor"]
)
def test_ctrl_c_while_a_module_is_imported_ends_the_program_without_a_traceback(module: str, tmp_path: Path) -> None:
    code = f"""if True:
        import os, signal, sys
        class CtrlC:
            def find_spec(self, name, *_):
                if name == "{module}":
                    os.kill(os.getpid(), signal.SIGINT)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background would ignore it
        sys.meta_path.insert(0, CtrlC())
        sys.modules.pop("{module}", None)  # this code needs `signal` itself
        sys.argv = ["bollylive", "jam", "--no-journal", "--api", "jack"]
        from bollylive.__main__ import start
        start()
    """
    environment = {**os.environ, **NO_SERVER, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX closes the files")
@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", "<&- >&- 2>&-"])
def test_no_file_gets_the_number_of_a_standard_file_that_is_closed(closed: str, tmp_path: Path) -> None:
    code = """if True:
        import os, sys
        from bollylive.__main__ import _open_standard_files
        _open_standard_files()
        numbers = os.pipe()
        for number in range(3):
            os.fstat(number)
            assert os.get_inheritable(number)
        open("well", "w").write(str(min(numbers)))
    """
    command = ["sh", "-c", f'exec "$0" -c "$1" {closed}', sys.executable, code]
    subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    assert int((tmp_path / "well").read_text()) > 2


def test_a_missing_set_is_one_sentence(call: Call, tmp_path: Path) -> None:
    status, out, err = call("jam", "--set", tmp_path / "none.toml")
    assert (status, out) == (1, "")
    assert "none.toml: the set cannot be read" in sentence(err)


def test_a_missing_model_is_one_sentence(call: Call, song: Path, tmp_path: Path) -> None:
    for model, complaint in (("nobody", "there is no model 'nobody'"), ("nobody.onnx", "no such model file")):
        status, out, err = call("perform", song, "--out", tmp_path / "out.mid", "--model", model)
        assert (status, out) == (1, "")
        assert complaint in sentence(err)
    assert not (tmp_path / "out.mid").exists()
