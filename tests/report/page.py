"""Reads a page of the report as a browser would, and holds it against the rules that any page keeps."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "link", "br"}
Attributes = Mapping[str, str | None]


@dataclass
class Element:
    tag: str
    attributes: Attributes
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def find(self, tag: str) -> list[Element]:
        """All elements called `tag`, at any depth, in order."""
        found = [self] if self.tag == tag else []
        return found + [element for child in self.children for element in child.find(tag)]


class Page(HTMLParser):
    """The tree of a page; a tag that is not closed where it should be is an AssertionError."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.root = Element("", {})
        self.elements: list[Element] = []
        self._open = [self.root]
        self.feed(text)
        self.close()
        assert len(self._open) == 1, f"never closed: {[element.tag for element in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._add(tag, attrs)
        if tag not in VOID:
            self._open.append(self.elements[-1])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._add(tag, attrs)

    def _add(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self._open[-1].children.append(element)
        self.elements.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def find(self, tag: str) -> list[Element]:
        return self.root.find(tag)

    def figures(self) -> list[tuple[str, str, str]]:
        """Of each figure: its path in the document, its value as JSON, and what is shown."""
        return [
            (element.attributes["data-of"] or "", element.attributes["value"] or "", element.text)
            for element in self.find("data")
        ]


def at(document: Any, path: str) -> Any:
    for key in path.split("."):
        document = document[int(key) if isinstance(document, list) else key]
    return document


def assert_shows(text: str, value: Any) -> None:
    """That `text` is `value`, as far as its digits go."""
    if value is None:
        assert text == "-"
    elif match := re.fullmatch(r"([\d.]+)% (less|fewer|more)", text):
        sign = 1 if match[2] == "more" else -1
        assert abs(1 + sign * float(match[1]) / 100 - value) < 0.0005001
    elif text == "the same":
        assert value == 1
    elif text.endswith("%"):
        assert abs(float(text[:-1]) / 100 - value) < 0.0005001
    elif text.endswith("x"):
        assert abs(float(text[:-1]) - value) < 0.005001
    else:
        assert float(text.replace(",", "")) == value


def assert_accessible(page: Page) -> None:
    """What a screen reader and a keyboard need."""
    assert page.find("html")[0].attributes["lang"] == "en"
    levels = [int(element.tag[1]) for element in page.elements if re.fullmatch("h[1-6]", element.tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(below - above <= 1 for above, below in itertools.pairwise(levels))
    for table in page.find("table"):
        assert len(table.find("caption")) == 1
        assert all(head.attributes.get("scope") in ("col", "row") for head in table.find("th"))
    for drawing in page.find("svg"):
        assert drawing.attributes["role"] == "img"
        named_by = drawing.attributes.get("aria-labelledby")
        titles = [title.text for title in drawing.find("title") if title.attributes.get("id") == named_by]
        assert drawing.attributes.get("aria-label") or (named_by and titles[0])
    for region in (e for e in page.elements if e.attributes.get("role") == "region"):
        assert region.attributes["tabindex"] == "0" and region.attributes["aria-label"]
    ids = Counter(element.attributes["id"] for element in page.elements if "id" in element.attributes)
    assert [name for name, count in ids.items() if count > 1] == []


def assert_self_contained(page: Page, text: str) -> None:
    """No scripts, and nothing that a browser would fetch."""
    assert not {"script", "img", "iframe", "object"} & {element.tag for element in page.elements}
    assert "@import" not in text and re.findall(r"url\((?!#)", text) == []
    for element in page.elements:
        assert "src" not in element.attributes
        assert not any(name.startswith("on") for name in element.attributes)
        if element.tag == "link":
            assert element.attributes["href"] == "data:,"
