"""Plain requests: one object per line with an identifier and the two lengths."""

from instances.traces.formats import ObjectFormat
from instances.traces.layout import Layout

FORMAT = ObjectFormat(
    "request_id, prompt_len and gen_len, JSON Lines",
    Layout(prompt="prompt_len", gen="gen_len", ids="request_id"),
)
