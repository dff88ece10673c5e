"""Jobs on a Dask cluster, through the executor of its client."""

from __future__ import annotations
