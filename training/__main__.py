"""The command line of the training: `python -m training STAGE`, from MIDI files to a model and what it can do."""

from __future__ import annotations

import sys

from bollylive.errors import BollyLiveError
from training.options import make_parser

FAILED = 2
STOPPED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run one stage; gives 0, or 2 after one sentence on what went wrong, or 130 when stopped by Ctrl-C."""
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


if __name__ == "__main__":
    sys.exit(main())
