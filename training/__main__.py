"""The command line of the training: `python -m training STAGE`, from MIDI files to a model and what it can do.

Everything else is imported once the current folder is off the path, by this process and by its workers.
"""

import os
import sys

FAILED = 2
STOPPED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run one stage; gives 0, or 2 after one sentence on what went wrong, or 130 when stopped by Ctrl-C."""
    from bollylive.errors import BollyLiveError
    from training.options import make_parser

    args = make_parser().parse_args(arguments)
    try:
        args.run_stage(args)
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
