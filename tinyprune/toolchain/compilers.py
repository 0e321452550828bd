"""The compilers that can build a firmware: where they are, and which flags they need."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from tinyprune.errors import TinypruneError, ToolMissingError, unknown_name

# Functions begin at lines of the flash: how long one waits for it does not depend on what lies before.
COMMON_FLAGS = (
    "-O3",
    "-g",
    "-std=c99",
    "-ffreestanding",
    "-fomit-frame-pointer",
    "-falign-functions=16",
    "-ffunction-sections",
    "-fdata-sections",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wshadow",
    "-Werror",
    "-nostdlib",
    "-Wl,--gc-sections",
    "-Wl,--build-id=none",
)

COMPILER_FLAGS = {
    # Else gcc turns the loop inside a memset() into a call of memset(), and folds the instances of a kernel into one.
    "gcc": ("-fno-tree-loop-distribute-patterns", "-fno-ipa-icf"),
    # zig inserts checks for undefined behaviour, and overrules the linker script's entry symbol with one of its own;
    # lld's default pages of 64 KB would only pad the file. ARMv6-M divides, and multiplies to 64 bits, in the library.
    "zig": (
        "-rtlib=compiler-rt",
        "-fno-sanitize=all",
        "-fno-unwind-tables",
        "-fno-asynchronous-unwind-tables",
        "-Wl,--entry=Reset_Handler",
        "-Wl,-z,max-page-size=4096",
    ),
}

# Only cortex-m4f has an FPU: int8 kernels need none, and what is compiled without one runs on every variant of a core.
_CPUS = {
    "cortex-m0": ("cortex-m0", "cortex_m0"),
    "cortex-m0plus": ("cortex-m0plus", "cortex_m0plus"),
    "cortex-m3": ("cortex-m3", "cortex_m3"),
    "cortex-m4": ("cortex-m4", "cortex_m4"),
    "cortex-m7": ("cortex-m7", "cortex_m7"),
    "cortex-m33": ("cortex-m33", "cortex_m33"),
    "cortex-m55": ("cortex-m55", "cortex_m55"),
}
CORE_FLAGS = {
    **{("gcc", core): ("-mthumb", f"-mcpu={gcc}", "-mfloat-abi=soft") for core, (gcc, _) in _CPUS.items()},
    **{("zig", core): ("-target", "thumb-freestanding-eabi", f"-mcpu={zig}") for core, (_, zig) in _CPUS.items()},
    ("gcc", "cortex-m4f"): ("-mthumb", "-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    ("zig", "cortex-m4f"): ("-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m4+vfp4d16sp"),
}


@dataclass(frozen=True)
class Toolchain:
    """A compiler that is installed: `name` is "gcc" or "zig", `command` starts its C driver."""

    name: str
    version: str
    command: tuple[str, ...]

    def flags(self, core: str) -> tuple[str, ...]:
        """Every flag that shapes the code for a core of `board.CORES`; none of them depends on the machine."""
        return CORE_FLAGS[self.name, core] + COMMON_FLAGS + COMPILER_FLAGS[self.name]


def find(name: str | None = None) -> Toolchain:
    """The compiler called `name`, or the first of gcc and zig that is installed.

    Raises ToolMissingError where there is none, and TinypruneError for a name other than gcc and zig.
    """
    if name is not None and name not in _FINDERS:
        raise unknown_name("toolchain", name, _FINDERS)
    for candidate in [name] if name else _FINDERS:
        toolchain = _FINDERS[candidate]()
        if toolchain is not None:
            return toolchain
    missing = f"{name} is not" if name else "neither arm-none-eabi-gcc nor zig is"
    raise ToolMissingError(
        f"no C compiler for Cortex-M: {missing} installed",
        remedy="`pip install tinyprune[zig]` works everywhere; Debian and Ubuntu: `apt install gcc-arm-none-eabi`",
    )


def _find_gcc() -> Toolchain | None:
    gcc = shutil.which("arm-none-eabi-gcc")
    return Toolchain("gcc", _answer((gcc, "-dumpfullversion")), (gcc,)) if gcc else None


def _find_zig() -> Toolchain | None:
    if importlib.util.find_spec("ziglang"):
        zig = (sys.executable, "-m", "ziglang")
    elif on_path := shutil.which("zig"):
        zig = (on_path,)
    else:
        return None
    return Toolchain("zig", _answer((*zig, "version")), (*zig, "cc"))


_FINDERS: dict[str, Callable[[], Toolchain | None]] = {"gcc": _find_gcc, "zig": _find_zig}


def _answer(command: tuple[str, ...]) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise TinypruneError(f"{' '.join(command)} fails: {result.stderr.strip()}", remedy="reinstall this compiler")
    return result.stdout.strip()
