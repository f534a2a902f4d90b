"""Starts a process without the current folder on its path, because a file there may have a library's name.

`python -P .../launcher.py MODULE ARGUMENT...` is `python -m MODULE ARGUMENT...` without the current folder on the
path. Only `os` and `sys` are imported here first, which Python itself has imported by then.
"""

import os
import sys

# pathlib is not imported yet, and must not be
_HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120


def leave_current_folder() -> None:
    """Take the current folder off the path, and the folder of this package onto its end, after all libraries.

    Adding the package's folder is for a checkout that is not installed. Processes that this one starts do the same.
    """
    try:
        current = os.getcwd()  # noqa: PTH109 - as above
    except OSError:  # it was removed
        current = ""
    sys.path[:] = [folder for folder in sys.path if folder not in ("", ".", current)]
    if _HOME not in sys.path:
        sys.path.append(_HOME)
    os.environ["PYTHONSAFEPATH"] = "1"


def _run_module() -> None:
    sys.path.insert(0, _HOME)
    import bollylive  # noqa: F401 - this one, not another that is installed as well

    del sys.path[0], sys.argv[0]
    from runpy import run_module

    run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    leave_current_folder()
    _run_module()
