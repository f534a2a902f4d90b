"""The command line of the training: `python -m training STAGE`, from MIDI files to a model and what it can do.

Everything else is imported once the current folder is off the path, by this process and by its workers.
"""

import os
import sys

FAILED = 2
STOPPED = 130
TERMINATED = 143


def main(arguments: list[str] | None = None) -> int:
    """Run one stage, and return the status of the process.

    It is 0, or 2 after one sentence on what went wrong, 130 when Ctrl-C stopped it, or 143 when SIGTERM did.
    """
    import signal

    from bollylive.errors import BollyLiveError

    try:
        # What is unpacked into the temporary folder must go, so SIGTERM ends the stage as an exception.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
        from training.options import make_parser

        args = make_parser().parse_args(arguments)
        args.run_stage(args)
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library in ("bollylive", "training"):
            raise
        cure = "install what the training needs: pip install -e '.[train]'"
        print(f"error: the library {library} is missing; {cure}", file=sys.stderr)
        return FAILED
    except (BollyLiveError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Stopped; the same command goes on from the last checkpoint of a training.", file=sys.stderr)
        return STOPPED
    return 0


def _leave_current_folder() -> None:
    """As `bollylive.entry` does it; but that is found only now, and by the folder of this package."""
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - no pathlib yet
    sys.path.insert(0, home)
    from bollylive.processes.launcher import leave_current_folder

    del sys.path[0]
    leave_current_folder()


if __name__ in ("__main__", "__mp_main__"):  # the second is what a worker calls it
    _leave_current_folder()
if __name__ == "__main__":
    sys.exit(main())
