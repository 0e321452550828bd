"""Build directories: what they replace, what they leave alone, and what is left where a build fails."""

import json
from pathlib import Path

import pytest

from tinyprune.directory import REPORT, new_directory
from tinyprune.errors import TinypruneError

pytestmark = pytest.mark.usefixtures("at_an_empty_place")


@pytest.fixture
def at_an_empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory is an empty one."""
    monkeypatch.chdir(tmp_path)


def build(target: str, text: str = "new") -> None:
    with new_directory(Path(target)) as folder:
        (folder / REPORT).write_text(json.dumps({"tinyprune": text}), encoding="utf-8")


def content(place: str) -> str:
    return json.loads(Path(place, REPORT).read_text(encoding="utf-8"))["tinyprune"]


def everything() -> list[str]:
    return sorted(str(path) for path in Path().iterdir())


def test_a_build_is_replaced_and_nothing_else_is_left() -> None:
    build("out", "old")
    build("out")
    assert (content("out"), everything()) == ("new", ["out"])


def test_where_a_link_leads_to_is_replaced_and_the_link_stays() -> None:
    build("real", "old")
    Path("link").symlink_to("real")
    Path("dangling").symlink_to("elsewhere")
    build("link")
    build("dangling")
    assert (content("real"), content("elsewhere")) == ("new", "new")
    assert everything() == ["dangling", "elsewhere", "link", "real"]
    assert Path("link").is_symlink()


@pytest.mark.parametrize(("inside", "place"), [("out", "."), ("empty", "."), ("out/empty", "..")])
def test_the_working_directory_is_not_replaced(inside: str, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    build("out", "old")
    Path("out/empty").mkdir()
    Path("empty").mkdir()
    monkeypatch.chdir(inside)
    before = everything()
    with pytest.raises(TinypruneError, match="working directory"):
        build(place)
    assert everything() == before


def test_a_failure_keeps_what_was_there_before() -> None:
    build("out", "old")
    with pytest.raises(KeyboardInterrupt), new_directory(Path("out")):
        raise KeyboardInterrupt
    assert (content("out"), everything()) == ("old", ["out"])


def test_what_cannot_be_renamed_keeps_what_was_there_before(monkeypatch: pytest.MonkeyPatch) -> None:
    build("out", "old")
    rename = Path.rename

    def busy(self: Path, target: Path) -> Path:
        if self.name.endswith("-old") or self.name == "out":
            return rename(self, target)
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(Path, "rename", busy)
    with pytest.raises(TinypruneError, match=r"cannot write .*out: Device or resource busy"):
        build("out")
    assert (content("out"), everything()) == ("old", ["out"])


def test_a_failure_names_itself_where_another_build_uses_the_same_parent() -> None:
    with pytest.raises(TinypruneError, match="no such kernel"), new_directory(Path("build/one")):
        build("build/other")
        raise TinypruneError("no such kernel")
    assert content("build/other") == "new"


def test_a_parent_that_takes_no_directory_is_named() -> None:
    with pytest.raises(TinypruneError, match="cannot write /proc/out: No such file"):
        build("/proc/out")
