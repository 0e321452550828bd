"""Where the files that ship with tinyprune are: inside the wheel, or at the root of an editable checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resources() -> Path:
    """The folder that holds `boards/`, `cmsis_kernels/`, `firmware_templates/` and `examples/`."""
    bundled = _PACKAGE / "_resources"
    return bundled if bundled.is_dir() else _PACKAGE.parent


def boards() -> Path:
    return resources() / "boards"


def kernels() -> Path:
    return resources() / "cmsis_kernels"


def firmware_templates() -> Path:
    return resources() / "firmware_templates"


def license() -> Path:
    return resources() / "LICENSE"


def example() -> Path:
    """The bundled example project: its `tinyprune.toml` names the model and the data beside it."""
    return resources() / "examples" / "digits"
