"""Every file of docs/ that is made from the code, by its path there."""

from __future__ import annotations

from cli_page import cli_page
from formats_page import format_pictures, formats_page


def pages() -> dict[str, str]:
    pictures = {f"pictures/{name}": text for name, text in format_pictures().items()}
    return {"cli.md": cli_page(), "formats.md": formats_page(), **pictures}
