"""A process that holds one engine and the data, and runs what it is asked, one line of JSON a turn.

Run as a program it is the process; imported, Worker starts and asks one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict

import numpy as np

from rfm_data import BYTES_PER_ORDER, make_columns, map_columns
from report import memory, reset_peak
from rfm_engines import ENGINES, Answer, Phases

CHECKED = ("user", "orders", "revenue", "recency", "r", "f", "m")
SMALL = 20_000  # orders of the warm-up that loads code and starts thread pools


# -------------------------------------------------------------- measuring


def digest(answer: Answer) -> str:
    """A number that depends on every checked value of every customer, not on their order."""
    total = np.uint64(0)
    step = 1 << 20
    with np.errstate(over="ignore"):
        for at in range(0, len(answer["user"]), step):
            mixed = np.zeros(len(answer["user"][at : at + step]), np.uint64)
            for name in CHECKED:
                part = answer[name][at : at + step]
                if part.dtype != np.uint64:
                    part = part.astype(np.int64).view(np.uint64)
                mixed ^= part
                mixed *= np.uint64(0x9E3779B97F4A7C15)
                mixed ^= mixed >> np.uint64(29)
            total += mixed.sum(dtype=np.uint64)
    return f"{len(answer['user'])}-{int(total):016x}"


# ------------------------------------------------------------- the process


class Process:
    def __init__(self, engine: str, threads: int) -> None:
        self.engine = ENGINES[engine](threads)

    def version(self) -> str:
        return self.engine.version()

    def load(self, home: str, form: str) -> None:
        """Warms up on a few orders, notes the size of the program, then loads the data."""
        self.engine.load(make_columns(SMALL))
        self.engine.run(form, Phases())
        self.engine.close()
        program = memory("VmRSS")
        columns = map_columns(Path(home))
        self.engine.load(columns)
        self.base = program + BYTES_PER_ORDER * len(columns["user"])

    def run(self, form: str) -> Dict[str, Any]:
        self.engine.close()
        phases = Phases()
        exact = reset_peak()
        wall, cpu = time.perf_counter(), time.process_time()
        self.engine.run(form, phases)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        peak = memory("VmHWM") - self.base
        return {
            "wall": wall,
            "cpu": cpu,
            "peak": peak,
            "peak_exact": exact,
            "phases": phases.seconds,
            "digest": digest(self.engine.answer()),
        }

    def dump(self, home: str) -> None:
        """Saves the answer of the last run, ordered by user."""
        answer = self.engine.answer()
        order = np.argsort(answer["user"])
        for name in CHECKED + (("last",) if "last" in answer else ()):
            np.save(Path(home) / f"{name}.npy", answer[name][order])

    def usual(self) -> Dict[str, float]:
        return self.engine.usual()


def serve(engine: str, threads: int) -> None:
    # What an engine prints must not get between the lines of the protocol.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    process = Process(engine, threads)
    for line in sys.stdin:
        asked = json.loads(line)
        reply = getattr(process, asked.pop("do"))(**asked)
        print(json.dumps(reply), file=replies, flush=True)


# -------------------------------------------------------------- the other side


class Worker:
    def __init__(self, engine: str, threads: int) -> None:
        self.engine = engine
        environment = dict(os.environ, POLARS_MAX_THREADS=str(threads))
        self.process = subprocess.Popen(
            [sys.executable, __file__, engine, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )

    def ask(self, do: str, **asked: Any) -> Any:
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write(json.dumps({"do": do, **asked}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it died; the missing answer says so
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.engine}: the process ended with {self.process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
