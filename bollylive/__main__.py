"""`python -m bollylive`, the same as `bollylive`."""

from bollylive.cli import run

if __name__ == "__main__":
    run()
