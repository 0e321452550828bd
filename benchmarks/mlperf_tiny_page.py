"""docs/mlperf_tiny.md, its picture and the README's summary, from the rows that benchmarks/mlperf_tiny.py measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyprune import board as boards

README = Path(__file__).parents[1] / "README.md"
DOCS = README.parent / "docs"
PAGE, PICTURE = DOCS / "mlperf_tiny.md", DOCS / "mlperf_tiny.svg"
MODELS = {
    "ad": "anomaly detection",
    "kws": "keyword spotting",
    "vww": "visual wake words",
    "ic": "image classification",
}
SUMMARY_BEGIN, SUMMARY_END = "<!-- by benchmarks/mlperf_tiny.py -->\n", "<!-- end of what it made -->\n"
SUMMARY_BOARDS = ("nucleo-l4r5zi", "nucleo-g0b1re")
VALIDATED = frozenset({"cortex-m4f"})  # whose cycle model was held against hardware (docs/measuring_validation.md)


@dataclass(frozen=True)
class Published:
    """Million cycles an inference on hardware: latency times clock of the result in github.com/mlcommons."""

    stack: str
    board: str
    millions: Mapping[str, float]
    source: str
    weights: str = "published, hardware"


PUBLISHED = (
    Published(
        "TFLM reference", "nucleo-l4r5zi", {"ad": 1.21, "kws": 21.8, "vww": 72.1, "ic": 84.5}, "tiny_results_v0.5"
    ),
    Published(
        "microTVM, CMSIS-NN", "nucleo-l4r5zi", {"ad": 1.03, "kws": 12.0, "vww": 36.1, "ic": 46.7}, "tiny_results_v1.0"
    ),
    Published("Plumerai", "nucleo-l4r5zi", {"ad": 0.486, "kws": 5.73, "vww": 11.85, "ic": 20.1}, "tiny_results_v1.1"),
    Published("Bosch HALE", "nucleo-l4r5zi", {"ad": 0.700, "kws": 7.22, "vww": 21.7, "ic": 21.7}, "tiny_results_v1.2"),
    Published(
        "X-CUBE-AI 9.0", "nucleo-l4r5zi", {"ad": 0.631, "kws": 5.18, "vww": 10.67, "ic": 19.8}, "tiny_results_v1.2"
    ),
    Published(
        "X-CUBE-AI 10.2", "nucleo-l4r5zi", {"ad": 0.575, "kws": 5.21, "vww": 10.73, "ic": 19.9}, "tiny_results_v1.3"
    ),
    Published("Bosch HALE", "nucleo-g0b1re", {"ad": 2.62, "kws": 30.4, "vww": 90.5, "ic": 97.4}, "tiny_results_v1.2"),
)

Row = Mapping[str, Any]

HEAD = """# MLPerf Tiny

<!-- by benchmarks/mlperf_tiny.py; what is here is overwritten -->

The four models of [MLPerf Tiny](https://github.com/mlcommons/tiny), as they came and pruned, each layer in the
format, the kernel and the place of its weights that are best by measurement. One inference; every output is that of
TFLM, bit for bit. Pruned weights are the real ones, the smallest of each convolution and fully connected layer set to
zero (depthwise layers are left as they are): what it does to accuracy is not the question here. Blocks are 4x1 in
anomaly detection, 2x2 in the others.

Rows of tinyprune were measured in an emulator: instructions are exact; cycles are those of a cycle model, with the
waits for the flash at the board's full clock ([measuring](measuring.md)). Rows of others were measured on hardware
and published in the repositories of github.com/mlcommons named there, as latency at 120 MHz or 64 MHz.

![cycles of one inference](mlperf_tiny.svg)
"""


def write(rows: Sequence[Row]) -> None:
    """The page and the summary; the picture where matplotlib is installed."""
    sections = [
        section(name, [row for row in rows if row["board"] == name]) for name in dict.fromkeys(r["board"] for r in rows)
    ]
    tools = sorted({row["toolchain"] for row in rows if row["toolchain"]})
    PAGE.write_text(
        "\n".join([HEAD, *sections, f"Compiled by {', '.join(tools)}; counted in Unicorn.\n"]), encoding="utf-8"
    )
    before, _, rest = README.read_text(encoding="utf-8").partition(SUMMARY_BEGIN)
    after = rest.partition(SUMMARY_END)[2]
    README.write_text(f"{before}{SUMMARY_BEGIN}{summary(rows)}{SUMMARY_END}{after}", encoding="utf-8")
    try:
        import matplotlib as mpl
    except ImportError:
        return
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "mlperf_tiny"  # same rows, same bytes
    draw(rows)


def section(name: str, rows: Sequence[Row]) -> str:
    board = boards.load(name)
    label = "cycle model validated" if board.core in VALIDATED else "modelled, model not validated on hardware"
    lines = [
        f"## {board.title}: {board.core}, {board.clock_hz // 1_000_000} MHz\n",
        f"{board.flash.bytes // 1024:,} KB of flash, {board.sram.bytes // 1024:,} KB of SRAM. "
        f"Rows of tinyprune: {label}.\n",
        "| model | who | weights | instructions | core cycles | flash stalls | cycles | flash | SRAM |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for model in dict.fromkeys(row["model"] for row in rows):
        lines += [line(row) for row in rows if row["model"] == model]
        lines += [
            f"| {model} | {one.stack} | {one.weights} ({one.source}) | | | | {one.millions[model]:.3g} M | | |"
            for one in PUBLISHED
            if one.board == name
        ]
    return "\n".join(lines) + "\n"


def summary(rows: Sequence[Row]) -> str:
    """Million cycles of one inference: the best that was published for the board, and ours."""
    weights = list(dict.fromkeys(row["weights"] for row in rows))
    lines = [f"| million cycles | best published | {' | '.join(weights)} |", f"|---|---|{'---|' * len(weights)}"]
    for name in SUMMARY_BOARDS:
        board = boards.load(name).title.partition(" (")[0]
        for model, title in MODELS.items():
            millions, stack = min((one.millions[model], one.stack) for one in PUBLISHED if one.board == name)
            ours = {row["weights"]: row["cycles"] for row in rows if (row["board"], row["model"]) == (name, model)}
            figures = " | ".join(f"{ours[one] / 1e6:.3g}" if ours.get(one) else "" for one in weights)
            lines.append(f"| {board}: {title} | {millions:.3g} ({stack}) | {figures} |")
    return "\n".join(lines) + "\n"


def line(row: Row) -> str:
    start = f"| {row['model']} | tinyprune | {row['weights']} |"
    if row["problem"]:
        return f"{start} does not fit: {row['problem']} | | | | | |"
    names = ("instructions", "core_cycles", "flash_stalls", "cycles", "flash", "sram")
    figures = ("not claimed" if row[name] is None else f"{row[name]:,}" for name in names)
    return f"{start} {' | '.join(figures)} |"


def draw(rows: Sequence[Row]) -> None:
    """A panel for each model: bars of million cycles on the first board, ours and the published ones."""
    from matplotlib.figure import Figure

    board = rows[0]["board"]
    figure = Figure(figsize=(11, 6), layout="constrained")
    panels = figure.subplots(2, 2).reshape(-1)
    for panel, (model, title) in zip(panels, MODELS.items(), strict=True):
        bars = [(one.stack, one.millions[model], "#b0b0b0") for one in PUBLISHED if one.board == board]
        ours = [row for row in rows if (row["model"], row["board"]) == (model, board) and row["cycles"] is not None]
        bars += [(f"tinyprune, {row['weights']}", row["cycles"] / 1e6, "#2b6cb0") for row in ours]
        for place, (_, millions, colour) in enumerate(reversed(bars)):
            panel.barh(place, millions, color=colour)
            panel.text(millions, place, f" {millions:.3g}", va="center", fontsize=8)
        panel.set_yticks(range(len(bars)), [label for label, _, _ in reversed(bars)], fontsize=8)
        panel.xaxis.set_visible(False)  # each bar has its figure
        panel.set_title(f"{title}, million cycles", fontsize=10)
        panel.margins(x=0.12)
        panel.spines[["top", "right"]].set_visible(False)
    figure.suptitle(f"{boards.load(board).title}; grey: published, hardware; blue: emulated, validated model")
    figure.savefig(PICTURE, metadata={"Date": None})
