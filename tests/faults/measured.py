"""What a process has used, as the kernel counts it."""

import os
import time
from pathlib import Path

WATCHED_S = 2.0


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_share(*pids: int) -> list[float]:
    """Return the part of a processor that each process uses during WATCHED_S."""
    before = [cpu_s(pid) for pid in pids]
    time.sleep(WATCHED_S)
    return [(cpu_s(pid) - used) / WATCHED_S for pid, used in zip(pids, before, strict=True)]


def peak_mib(pid: int) -> int:
    """Return the most memory that a process has had at a time."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024
