"""BurstGPT v1 to v3; v3 only has more columns. Requests without a response failed and are dropped."""

from instances.traces.clock import SECONDS
from instances.traces.formats import TableFormat
from instances.traces.layout import Layout

FORMAT = TableFormat(
    "BurstGPT v1, v2 or v3, CSV",
    Layout(prompt="Request tokens", gen="Response tokens", arrival="Timestamp", clock=SECONDS),
)
