"""Request traces of the Vidur simulator."""

from instances.traces.clock import SECONDS
from instances.traces.formats import TableFormat
from instances.traces.layout import Layout

FORMAT = TableFormat(
    "Vidur trace, CSV",
    Layout(prompt="num_prefill_tokens", gen="num_decode_tokens", arrival="arrived_at", clock=SECONDS),
)
