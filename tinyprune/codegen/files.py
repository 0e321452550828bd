"""What codegen makes and toolchain writes."""

Files = dict[str, str | bytes]
"""Relative path, with forward slashes -> content; text is written as UTF-8."""
