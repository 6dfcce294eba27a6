#!/usr/bin/env python3
"""The locale test: every call answers the same in German, where 1.5 is written 1,5.

  german.py PROGRAM FOLDER

PROGRAM is tests/calls; it tells the answer and the message of every call. Where the system has no German
locale, it is made in FOLDER with localedef; where that cannot be, the test is skipped (status 77),
but fails if CI=true.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

GERMAN = "de_DE.UTF-8"
SKIPPED = 77


def answers(program, environment):
    """(how one and a half is written, the lines that follow)."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG"))}
    result = subprocess.run(
        [program, "--tell"], capture_output=True, text=True, env={**kept, **environment}
    )
    if result.returncode:
        sys.exit(f"{program} failed in {environment}:\n{result.stdout[-2000:]}")
    half, _, lines = result.stdout.partition("\n")
    # the folder of a run has a name of its own
    return half, re.sub(r"pmkt-calls-\w{6}", "pmkt-calls-", lines).splitlines()


def make_locale(folder):
    """Where the German locale has been made, or None."""
    made = Path(folder) / GERMAN
    if not made.exists() and shutil.which("localedef"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", str(made)], capture_output=True)
    return str(folder) if made.exists() else None


def main(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    program, folder = arguments
    half, expected = answers(program, {"LC_ALL": "C"})
    german, actual = answers(program, {"LC_ALL": GERMAN})
    if german != "1,5" and make_locale(folder):
        german, actual = answers(program, {"LC_ALL": GERMAN, "LOCPATH": str(folder)})
    if half != "1.5":
        sys.exit(f"in the C locale one and a half is written {half}")
    if german != "1,5":
        print(f"skipped: there is no locale {GERMAN}; install locales (Debian, Ubuntu)")
        return 1 if os.environ.get("CI") == "true" else SKIPPED
    different = [pair for pair in zip(expected, actual) if pair[0] != pair[1]]
    for here, there in different[:20]:
        print(f"C:      {here}\nGerman: {there}")
    if len(expected) != len(actual):
        print(f"{len(expected)} answers in the C locale, {len(actual)} in German")
        return 1
    print(f"{len(expected)} answers, {len(different)} differ")
    return 1 if different or not expected else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
