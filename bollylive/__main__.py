"""`python -m bollylive`, the same as `bollylive`."""

from bollylive.processes.launcher import leave_current_folder

if __name__ == "__main__":
    leave_current_folder()  # before the import, which must find this package and no file in the current folder

    from bollylive.cli import run

    run()
