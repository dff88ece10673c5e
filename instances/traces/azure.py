"""Azure LLM inference traces of 2023 and 2024 (Azure/AzurePublicDataset)."""

from instances.traces.clock import DATES
from instances.traces.formats import TableFormat
from instances.traces.layout import Layout

FORMAT = TableFormat(
    "Azure LLM inference trace 2023 or 2024, CSV",
    Layout(prompt="ContextTokens", gen="GeneratedTokens", arrival="TIMESTAMP", clock=DATES),
)
