"""Write the bundled instances: ``python -m benchmarks.catalog.build`` regenerates every file exactly."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import instances.catalog
from benchmarks.catalog.infeasible import infeasible
from benchmarks.catalog.tiny import tiny
from benchmarks.catalog.traffic import capacity, latency, static_graph, token
from instances.files import write
from instances.instance import Instance

FAMILIES = {
    "tiny": tiny,
    "static-graph": static_graph,
    "token": token,
    "capacity": capacity,
    "latency": latency,
    "infeasible": infeasible,
}


def built() -> Iterator[tuple[str, Instance]]:
    """Yield every instance of the catalog with its name there, ``family/instance``."""
    for family, instances_of in FAMILIES.items():
        for instance in instances_of():
            yield f"{family}/{instance.name}", instance


def build(folder: Path) -> None:
    """Write all files below `folder`."""
    for name, instance in built():
        path = folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(instance, path)


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(instances.catalog.__file__).parent)
