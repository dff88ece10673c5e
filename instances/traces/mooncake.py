"""Mooncake traces; the hashes of the prompt's blocks are not needed."""

from instances.traces.clock import MILLISECONDS
from instances.traces.formats import ObjectFormat
from instances.traces.layout import Layout

FORMAT = ObjectFormat(
    "Mooncake trace, JSON Lines",
    Layout(prompt="input_length", gen="output_length", arrival="timestamp", clock=MILLISECONDS),
)
