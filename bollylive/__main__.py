"""Begins the program, `bollylive` or `python -m bollylive`: what must be done before anything else is imported."""

import os  # and nothing else that Python has not imported by now: the current folder is still on the path

from bollylive.processes.launcher import leave_current_folder

_INTERRUPTED = 130  # 128 + SIGINT


def start() -> None:
    """Run the program and exit."""
    import _signal as signal  # type: ignore[import-not-found]  # is there at once; `signal` takes a while to import

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # Ctrl-C while the imports take their time
        signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
    _open_standard_files()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's products are small here: more threads only wait

    from bollylive.cli import run

    run()


def _open_standard_files() -> None:
    """Open those of the first three files that are closed, so that no pipe gets the number of standard error."""
    number = os.open(os.devnull, os.O_RDWR)
    while number <= 2:
        os.set_inheritable(number, True)
        number = os.open(os.devnull, os.O_RDWR)
    os.close(number)


if __name__ == "__main__":
    leave_current_folder()  # before other imports, which must find libraries and no file in the current folder
    start()
