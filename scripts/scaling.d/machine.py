# SPDX-License-Identifier: BSD-3-Clause
"""What a study ran on, so that it can be repeated: cores, caches and NUMA nodes from hwloc, memory, commit, date."""

import datetime
import os
import platform
import shutil
import xml.etree.ElementTree as tree

from common import ROOT, bytes_text, run


def usable_cores(topology):
    """Cores, not hardware threads, that this process may run on; without hwloc, what the system counts."""
    return topology.get("usable_cores") or len(os.sched_getaffinity(0))


def threads_per_core(topology):
    return max(1, topology.get("hardware_threads", 1) // max(1, topology.get("cores", 1)))


def describe(root):
    """Counts and sizes from hwloc's XML."""
    found = {"cores": 0, "hardware_threads": 0, "packages": 0, "numa_nodes": [], "caches": {}}
    mine, usable = os.sched_getaffinity(0), 0
    for item in root.iter("object"):
        kind = item.get("type")
        if kind == "Core":
            found["cores"] += 1
            usable += any(int(pu.get("os_index")) in mine for pu in item.iter("object") if pu.get("type") == "PU")
        elif kind == "PU":
            found["hardware_threads"] += 1
        elif kind == "Package":
            found["packages"] += 1
        elif kind == "NUMANode":
            found["numa_nodes"].append(int(item.get("local_memory", 0)))
        elif kind in ("L1Cache", "L2Cache", "L3Cache"):
            cache = found["caches"].setdefault(kind[:2], {"count": 0, "bytes": int(item.get("cache_size", 0))})
            cache["count"] += 1
    found["usable_cores"] = usable
    return found


def topology():
    """{} where hwloc's lstopo is not installed."""
    for name in ("lstopo-no-graphics", "lstopo"):
        if shutil.which(name):
            said = run([name, "--no-io", "--of", "xml"])
            if said.returncode == 0:
                return describe(tree.fromstring(said.stdout))
    return {}


def topology_text(found):
    if not found:
        return "not known: lstopo (package hwloc-nox) is not installed"
    caches = ", ".join(
        "%s %d x %s" % (name, cache["count"], bytes_text(cache["bytes"]))
        for name, cache in sorted(found["caches"].items())
    )
    numa = ", ".join(bytes_text(size) for size in found["numa_nodes"])
    return "%d cores (%d hardware threads, %d cores usable here) in %d packages; %s; NUMA nodes with %s" % (
        found["cores"],
        found["hardware_threads"],
        found["usable_cores"],
        found["packages"],
        caches,
        numa,
    )


def memory_available():
    """Bytes that programs can have."""
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def commit():
    """The version in the checkout that the study runs from."""
    if not shutil.which("git"):
        return "not known: git is not installed"
    said = run(["git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=12"])
    return said.stdout.strip() if said.returncode == 0 else "not a git checkout"


def date():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def host():
    return platform.node()
