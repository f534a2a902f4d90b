"""`python -m bollylive`, the same as `bollylive`."""

import sys

from bollylive.cli import main

if __name__ == "__main__":
    sys.exit(main())
