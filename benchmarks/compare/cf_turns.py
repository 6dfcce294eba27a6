"""Contenders in turns, so that a disturbance of the machine meets all alike, and what they took."""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Optional

import report

Work = Callable[[], Any]


@dataclass
class Took:
    wall: List[float] = field(default_factory=list)
    cpu: List[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.wall)

    def text(self, scale: float = 1.0) -> str:
        low, high = min(self.wall) * scale, max(self.wall) * scale
        return f"{number(self.median * scale)} ({number(low)}-{number(high)})"


def number(value: float) -> str:
    """Three digits that matter."""
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def in_turns(
    works: Dict[str, Work], reps: int, before: Optional[Dict[str, Work]] = None
) -> Dict[str, Took]:
    """A B C, C B A, A B C, ... `before` is done before each turn of its contender, untimed."""
    took = {name: Took() for name in works}
    names = list(works)
    for turn in range(reps):
        for name in names if turn % 2 == 0 else names[::-1]:
            if before and name in before:
                before[name]()
            gc.collect()
            wall, cpu = time.perf_counter(), time.process_time()
            result = works[name]()
            took[name].wall.append(time.perf_counter() - wall)
            took[name].cpu.append(time.process_time() - cpu)
            del result
    return took


def rows(
    what: str, took: Dict[str, Took], scale: float = 1.0, ours: str = "pmkt"
) -> List[List[str]]:
    """A row a contender: what, who, wall (min-max), CPU, how many times as fast ours is."""
    mine = took[ours].median
    return [
        [
            what,
            name,
            one.text(scale),
            number(statistics.median(one.cpu) * scale),
            "" if name == ours else f"{one.median / mine:.2f}",
        ]
        for name, one in took.items()
    ]


def show(title: str, unit: str, found: List[List[str]]) -> None:
    header = ["what", "who", f"wall {unit} (min-max)", f"CPU {unit}", "pmkt is x as fast"]
    print(f"\n### {title}\n\n{report.table(header, found, left=2)}", flush=True)
