"""The PlatformIO library in PlatformIO's own hands, as far as these go without a network."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Exported = Callable[[str], Path]


@pytest.fixture
def manifests(monkeypatch: pytest.MonkeyPatch) -> Any:
    """PlatformIO's reader of manifests; it would ask a host for the list of licences."""
    schema = pytest.importorskip("platformio.package.manifest.schema")
    licences = {"licenses": [{"licenseId": "Apache-2.0"}]}
    monkeypatch.setattr(schema.ManifestSchema, "load_spdx_licenses", staticmethod(lambda: licences))
    return schema


def test_its_manifest_is_valid(manifests: Any, exported: Exported) -> None:
    from platformio.package.manifest.parser import ManifestParserFactory

    document = ManifestParserFactory.new_from_dir(str(exported("platformio"))).as_dict()
    loaded = manifests.ManifestSchema().load_manifest(document)
    assert loaded["name"] == "digits" and loaded["headers"] == ["digits.h"]
    assert [example["name"] for example in loaded["examples"]] == ["digits"]
    with pytest.raises(manifests.ManifestValidationError):
        manifests.ManifestSchema().load_manifest({**document, "license": "to be told"})


def test_it_is_packed_with_all_that_it_needs(manifests: Any, exported: Exported, tmp_path: Path) -> None:
    from platformio.package.meta import PackageType
    from platformio.package.pack import PackagePacker

    folder = exported("platformio")
    archive = PackagePacker(str(folder)).pack(str(tmp_path / "digits.tar.gz"))
    with tarfile.open(archive) as packed:
        assert PackageType.from_archive(archive) == PackageType.LIBRARY
        names = set(packed.getnames())
    assert {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()} <= names
