"""Text that can be shown to people, whatever a stranger put into it."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""A text as it can be shown: what is not printable (control characters, C1 among them, and what hides or turns text) is escaped as ``\x9b``."""
    return text if text.isprintable() else "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
