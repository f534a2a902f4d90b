"""The state folder: where it lies, and that nobody else can use it."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from bollylive.files import state_folder as module
from bollylive.files.regular_file import NotAFileError, open_regular, read_regular
from bollylive.files.state_folder import is_private, make_private, state_folder
from bollylive.files.whole_file import write_elsewhere
from bollylive.journal.folder import JournalFile, default_folder, find_journals, running_folder

unix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@unix_only
@pytest.mark.parametrize("environment", [{}, {"HOME": ""}, {"HOME": "here"}])
def test_a_user_without_a_home_has_a_folder_of_their_own_in_the_temporary_one(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_: int) -> None:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", unknown)
    assert state_folder("linux", environment) == Path(tempfile.gettempdir()) / f"bollylive-{os.getuid()}"


@unix_only
def test_an_empty_home_is_not_the_root_of_the_disk() -> None:
    import pwd

    home = pwd.getpwuid(os.getuid()).pw_dir
    assert state_folder("linux", {"HOME": ""}) == Path(home) / ".local" / "state" / "bollylive"


@unix_only
def test_folders_are_private_also_if_they_were_open_before(tmp_path: Path) -> None:
    folder = tmp_path / "bollylive" / "journal"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    folder.parent.chmod(0o755)
    assert not is_private(folder)
    make_private(folder)
    assert (mode(folder), mode(folder.parent)) == (0o700, 0o700)
    assert is_private(folder)


@unix_only
@pytest.mark.parametrize("place", ["folder", "parent"])
def test_a_folder_of_another_user_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    folder = tmp_path / "bollylive" / "running"
    folder.mkdir(parents=True)
    theirs = folder if place == "folder" else folder.parent
    ours = module._is_ours
    monkeypatch.setattr(module, "_is_ours", lambda path: path != theirs and ours(path))
    with pytest.raises(PermissionError, match=f"{theirs} belongs to another user"):
        make_private(folder)


@unix_only
def test_the_owner_of_a_link_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert is_private(tmp_path / "link")
    monkeypatch.setattr("os.geteuid", lambda: (tmp_path / "real").stat().st_uid + 1)
    assert not is_private(tmp_path / "link")
    assert not is_private(tmp_path / "nowhere")
    assert not is_private(Path("\0"))


@unix_only
def test_journals_and_recordings_lie_in_private_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    default_folder().mkdir(parents=True, mode=0o755)
    file = JournalFile(default_folder(), "20250601-201503", b"{}\n")
    file.open()
    recordings = default_folder().parent / "recordings"
    recordings.mkdir(mode=0o755)
    write_elsewhere(tmp_path / "gone" / "take.mid", b"1", recordings)
    assert [mode(folder) for folder in (default_folder(), recordings, running_folder().parent)] == [0o700] * 3
    assert file.path is not None
    assert mode(file.path) == 0o600
    file.close(keep=True)


@unix_only
def test_a_folder_that_the_musician_named_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    file = JournalFile(tmp_path, "20250601-201503", b"{}\n")
    file.open()
    file.close(keep=True)
    assert mode(tmp_path) == 0o755
    assert [mode(path) for path in find_journals(tmp_path)] == [0o600]


@unix_only
def test_only_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    os.mkfifo(tmp_path / "pipe")
    assert read_regular(tmp_path / "file", 5) == b"12345"
    with pytest.raises(OSError, match="more than 4 bytes"):
        read_regular(tmp_path / "file", 4)
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(NotAFileError, match="this is a folder, a pipe or a device"):
            open_regular(path)
