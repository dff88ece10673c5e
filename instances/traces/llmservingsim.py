"""Request traces of the LLMServingSim simulator."""

from instances.traces.clock import NANOSECONDS
from instances.traces.formats import ObjectFormat
from instances.traces.layout import Layout

FORMAT = ObjectFormat(
    "LLMServingSim trace, JSON Lines",
    Layout(prompt="input_toks", gen="output_toks", arrival="arrival_time_ns", clock=NANOSECONDS),
)
