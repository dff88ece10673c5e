"""The one error that bad input raises."""

from __future__ import annotations

from pathlib import Path


class InputError(ValueError):
    """Input that cannot be used, said in one line.

    Parameters
    ----------
    expected
        What was expected.
    found
        What was found instead; shortened if long.
    file, line, field
        Where; each optional. Lines count from 1.
    """

    def __init__(
        self,
        expected: str,
        found: object = None,
        *,
        file: str | Path | None = None,
        line: int | None = None,
        field: str | None = None,
    ) -> None:
        self.expected = expected
        self.found = found
        self.file = None if file is None else str(file)
        self.line = line
        self.field = field
        super().__init__(self._message())

    def located(
        self, *, file: str | Path | None = None, line: int | None = None, field: str | None = None
    ) -> InputError:
        """Return the same error with the parts of the place that it lacked filled in."""
        return InputError(
            self.expected,
            self.found,
            file=self.file or file,
            line=self.line or line,
            field=self.field or field,
        )

    def _message(self) -> str:
        place = [part for part in (self.file, self.line and f"line {self.line}", self.field) if part]
        message = f"expected {self.expected}"
        if self.found is not None:
            message += f", found {shortened(self.found)}"
        return ": ".join([", ".join(place), message] if place else [message])


def shortened(value: object, limit: int = 60) -> str:
    """Return a one-line text of `value` of at most `limit` characters."""
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text.split()) or "nothing"
    return text if len(text) <= limit else text[: limit - 1] + "…"
