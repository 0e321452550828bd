"""The templates of `firmware_templates/`, rendered strictly: a name that is used and not given is an error."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import jinja2

from tinyprune import paths
from tinyprune.codegen import c


def render(template: str, values: Mapping[str, object]) -> str:
    return _environment().get_template(template).render(values)


def text(name: str) -> str:
    """A file of `firmware_templates/` as it is."""
    return (paths.firmware_templates() / name).read_text(encoding="utf-8")


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(paths.firmware_templates()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # it is C, not HTML
    )
    environment.filters.update(comment=c.comment, string=c.string)
    return environment
