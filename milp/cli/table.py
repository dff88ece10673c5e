"""``batchproof table``: a folder of results as a table."""

from __future__ import annotations

from pathlib import Path

import click

from milp.cli import options
from milp.cli.errors import ExitCode
from milp.cli.output import report


@click.command()
@click.argument("results", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=options.OUTPUT_FILE,
    metavar="FILE",
    help="Write a .md, .csv, .html or .parquet file; may be repeated.",
)
@options.json_option
def table(results: Path, outputs: tuple[Path, ...], as_json: bool) -> ExitCode:
    """Show the results in a folder as a Markdown table, or write them to files.

    CSV and Parquet have every column, exact numbers as text with floats beside them.
    """
    from rich.markup import escape

    from milp.results.store import Store
    from milp.results.table import markdown_page, refuse_unknown_format, save, table_of

    for path in outputs:
        refuse_unknown_format(path)
    store = Store(results)
    store.require()
    records = store.records()
    frame = table_of(records)
    for path in outputs:
        save(frame, path)
    files = [str(path) for path in outputs]
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records") if as_json else []
    wrote = [f"wrote {escape(file)}" for file in files]
    report(
        as_json,
        {"status": "fine", "records": len(records), "files": files, "results": rows},
        lambda: wrote or [escape(markdown_page(frame).rstrip())],
    )
    return ExitCode.FINE
