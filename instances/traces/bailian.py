"""Qwen-Bailian traces; each turn of a chat is one request."""

from instances.traces.clock import SECONDS
from instances.traces.formats import ObjectFormat
from instances.traces.layout import Layout

FORMAT = ObjectFormat(
    "Qwen-Bailian trace, JSON Lines",
    Layout(prompt="input_length", gen="output_length", arrival="timestamp", clock=SECONDS),
)
