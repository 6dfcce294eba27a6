"""What was measured on, and plain tables (which are Markdown as well)."""

from __future__ import annotations

import csv
import importlib
import io
import os
import platform
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, Optional, Sequence


def first_line(path: str, start: str) -> Optional[str]:
    try:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                if line.startswith(start):
                    return line[len(start) :].strip(' :="\t\n')
    except OSError:
        pass
    return None


def machine() -> Dict[str, Any]:
    """The machine, without its name."""
    memory = first_line("/proc/meminfo", "MemTotal") or "? kB"
    total = memory.split()[0]
    return {
        "cpu": first_line("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(int(total) / 2**20, 1) if total.isdigit() else None,
        "os": first_line("/etc/os-release", "PRETTY_NAME") or platform.system(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": [round(x, 2) for x in os.getloadavg()],
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
    }


def use_library(library: Optional[Path]) -> None:
    """Makes `import pmkt` take the binding of this tree with that library, if there is one."""
    if library:
        os.environ["PMKT_LIBRARY"] = str(library.resolve())
    if os.environ.get("PMKT_LIBRARY"):
        sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bindings" / "python"))


def versions(*names: str) -> str:
    """Which modules take part."""
    modules = (importlib.import_module(name) for name in names)
    return ", ".join(f"{module.__name__} {module.__version__}" for module in modules)


# ------------------------------------------------------------------ memory


def memory(key: str) -> int:
    """A value of /proc/self/status in bytes, such as VmRSS or VmHWM."""
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/self/status has no {key}")


def reset_peak() -> bool:
    """Makes VmHWM start again from what is resident now; False where that is not permitted.

    Then VmHWM stays the peak since the process began. Loading is leaner than any run, so that the
    peak of the first run is right even so.
    """
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as clear:
            clear.write("5")
    except OSError:
        return False
    return True


def bandwidth(program: str, threads: int) -> Dict[str, float]:
    """GB/s of reading and copying with so many threads, as bench_rfm measures them."""
    command = [program, "--section", "bandwidth", "--threads", str(threads), "--csv"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = [row for row in csv.DictReader(io.StringIO(text)) if int(row["threads"]) == threads]
    return {row["what"].split()[0]: float(row["best"]) for row in rows}


def table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A Markdown table whose columns line up; the first `left` are aligned left."""
    width = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(
            cell.ljust(width[i]) if i < left else cell.rjust(width[i])
            for i, cell in enumerate(cells)
        ) + " |"

    rule = ["-" * width[i] if i < left else "-" * (width[i] - 1) + ":" for i in range(len(header))]
    return "\n".join([line(header), line(rule), *(line(row) for row in rows)])


def seconds(value: float) -> str:
    return f"{value:.3f}" if value < 10 else f"{value:.2f}"


def mebibytes(value: float) -> str:
    return f"{value / 2**20:,.0f}"
