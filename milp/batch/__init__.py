"""Many instances: each a job with limits of its own in a process of its own, here or on a cluster."""

from __future__ import annotations
