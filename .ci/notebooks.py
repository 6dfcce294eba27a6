#!/usr/bin/env python3
"""Executes notebooks from the first cell to the last, each in its own directory; an error in a cell fails.

usage: notebooks.py NOTEBOOK...     the files themselves are left as they are
"""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

CELL_SECONDS = 600


def execute(path):
    notebook = nbformat.read(path, as_version=4)
    start = time.monotonic()
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        print(f"{path}: {error}")
        return False
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    print(f"{path}: {cells} cells in {time.monotonic() - start:.0f} s")
    return cells > 0


def main(names):
    paths = [Path(name).resolve() for name in names]
    missing = [str(path) for path in paths if not path.is_file()]
    if missing or not paths:
        sys.exit(f"no such notebook: {', '.join(missing)}" if missing else __doc__)
    return 0 if all([execute(path) for path in paths]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
