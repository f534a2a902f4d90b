"""What helps a JACK client that hangs while it opens, where there are metadata that may be locked."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bollylive.processes.jack_metadata import cure_of_lock


@pytest.mark.skipif(sys.platform == "win32", reason="JACK keeps its metadata elsewhere there")
def test_the_cure_names_the_folder_of_this_user_and_no_other(tmp_path: Path) -> None:
    assert cure_of_lock(tmp_path) is None
    (tmp_path / f"jack_db-{os.getuid() + 1}").mkdir()
    assert cure_of_lock(tmp_path) is None
    folder = tmp_path / f"jack_db-{os.getuid()}"
    folder.mkdir()
    cure = cure_of_lock(tmp_path)
    assert cure is not None
    assert f"remove the folder {folder} (JACK may go on running)" in cure
