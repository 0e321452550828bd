"""The command line. No logic here: it reads options, calls the pipeline, and prints."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from tinyprune import (
    __version__,
    cli_advise,
    cli_boards,
    cli_check,
    cli_doctor,
    cli_export,
    cli_flash,
    cli_profile,
    cli_prune,
    cli_report,
    cli_sensitivity,
)
from tinyprune.console import errors as _errors
from tinyprune.console import print_result as _print
from tinyprune.console import progress as _progress

app = typer.Typer(
    name="tinyprune",
    help="Pruned neural networks on Cortex-M microcontrollers: bit-exact, measured.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)

app.command()(cli_advise.advise)
app.add_typer(cli_boards.app, name="boards")
app.command()(cli_flash.flash)
app.command()(cli_check.check)
app.command()(cli_export.export)
app.command()(cli_doctor.doctor)
app.command()(cli_profile.profile)
app.command()(cli_prune.prune)
app.command()(cli_sensitivity.sensitivity)


def _boards(incomplete: str) -> list[str]:
    """For the completion of the shell."""
    from tinyprune import board

    return [name for name in board.names() if name.startswith(incomplete)]


Model = Annotated[
    Path | None, typer.Argument(help=".keras, .h5 or int8 .tflite; else tinyprune.toml, else the example")
]
Models = Annotated[list[Path] | None, typer.Argument(help="a model as of `build`; or several, and build directories")]
GivenModel = Annotated[Path, typer.Argument(help=".keras, .h5 or int8 .tflite")]
BoardOption = Annotated[
    str | None,
    typer.Option("--board", help="a board of `tinyprune boards`, or a board file", autocompletion=_boards),
]
Data = Annotated[
    str | None, typer.Option("--data", help=".npz with x_train, y_train, x_test, y_test, or module:function")
]
Sparsity = Annotated[float | None, typer.Option("--sparsity", help="share of zero weights, from 0 to below 1")]
Granularity = Annotated[
    str,
    typer.Option("--granularity", help="what goes as one piece: element, block:4x1, n_m:2:4, ..."),
]
Format = Annotated[str, typer.Option("--format", help="auto (each layer's best), or one for all that can: dense, csr")]
Objective = Annotated[str, typer.Option("--objective", help="what to make the least: cycles, flash or sram")]
MaxFlash = Annotated[str | None, typer.Option("--max-flash", help="a budget in bytes, as 64K or 1M; else the board's")]
MaxSram = Annotated[str | None, typer.Option("--max-sram", help="a budget in bytes, stack included; else the board's")]
MaxCycles = Annotated[int | None, typer.Option("--max-cycles", help="a budget of cycles for an inference")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="also what each layer could have been instead")]
ToolchainOption = Annotated[str | None, typer.Option("--toolchain", help="gcc or zig; else whichever is found")]
Emulator = Annotated[
    str | None, typer.Option("--emulator", help="unicorn, qemu, renode, or none; else the first that has the board")
]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="default: build/<model>-<board>")]
Json = Annotated[bool, typer.Option("--json", help="one JSON document on stdout, all else on stderr")]


@app.command()
def build(
    model: Model = None,
    board: BoardOption = None,
    data: Data = None,
    sparsity: Sparsity = None,
    granularity: Granularity = "element",
    format: Format = "auto",
    objective: Objective = "cycles",
    max_flash: MaxFlash = None,
    max_sram: MaxSram = None,
    max_cycles: MaxCycles = None,
    toolchain: ToolchainOption = None,
    emulator: Emulator = None,
    output: Output = None,
    verbose: Verbose = False,
    as_json: Json = False,
) -> None:
    """Make the firmware of a model, run it in an emulator, report what it takes."""
    from tinyprune import pipeline
    from tinyprune.report import terminal

    with _progress() as say:
        job = _job(model, board, data, sparsity, say)
        target = output or job.output
        report = pipeline.build(
            job.model,
            job.board,
            data=job.data,
            sparsity=job.sparsity,
            granularity=granularity,
            format=format,
            objective=objective,
            max_flash=_size(max_flash),
            max_sram=_size(max_sram),
            max_cycles=max_cycles,
            toolchain=toolchain,
            emulator=emulator,
            output=target,
            say=say,
        )
    _print(as_json, report.to_json(), lambda: terminal.print_report(report, target, verbose))


@app.command()
def compare(
    models: Models = None,
    board: BoardOption = None,
    data: Data = None,
    sparsity: Sparsity = None,
    granularity: Granularity = "element",
    objective: Objective = "cycles",
    max_flash: MaxFlash = None,
    max_sram: MaxSram = None,
    max_cycles: MaxCycles = None,
    toolchain: ToolchainOption = None,
    emulator: Emulator = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Set builds side by side: of one model the same weights all dense, and each layer as it is best.

    Of two or more, each model is built as `build` does; build directories are taken as they are.
    """
    from tinyprune import comparing, pipeline
    from tinyprune.report import terminal
    from tinyprune.report.report import to_json

    with _progress() as say:
        options: dict[str, Any] = {
            "granularity": granularity,
            "objective": objective,
            "max_flash": _size(max_flash),
            "max_sram": _size(max_sram),
            "max_cycles": max_cycles,
            "toolchain": toolchain,
            "emulator": emulator,
            "say": say,
        }
        if models and (len(models) > 1 or models[0].is_dir()):
            target = output or Path("build") / "compare"
            options |= {"data": data, "sparsity": sparsity or 0.0}
            document = comparing.compare_all(models, board, output=target, **options)
        else:
            job = _job(models[0] if models else None, board, data, sparsity, say)
            target = output or job.output.with_name(f"{job.output.name}-compare")
            options |= {"data": job.data, "sparsity": job.sparsity}
            document = pipeline.compare(job.model, job.board, output=target, **options)
    _print(as_json, to_json(document), lambda: terminal.print_comparison(document, target))


@app.command()
def run(
    directory: Annotated[Path, typer.Argument(help="a build directory")],
    input: Annotated[
        Path | None, typer.Option("--input", help="int8 .npy, n inputs first; .npz: one for each input of the model")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", help="where to write the n outputs, .npy, or .npz where there are several"),
    ] = None,
    emulator: Annotated[
        str | None, typer.Option("--emulator", help="unicorn, qemu or renode; else the first that has the board")
    ] = None,
    as_json: Json = False,
) -> None:
    """Emulate the firmware in a build directory anew."""
    from tinyprune import pipeline
    from tinyprune.report import arrays, terminal

    with _progress() as say:
        inputs = arrays.load(input) if input else None
        report, outputs = pipeline.run(directory, inputs=inputs, emulator=emulator, say=say)
        if output:
            arrays.save(output, outputs)
    _print(as_json, report.to_json(), lambda: terminal.print_report(report, directory, verbose=False))


@app.command()
def analyze(
    model: GivenModel,
    board: BoardOption = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show what a model takes, layer by layer, without compiling anything."""
    from tinyprune import pipeline
    from tinyprune.report.terminal_analysis import print_analysis

    with _progress() as say:
        result = pipeline.analyze(model, board, data=data, say=say)
    _print(as_json, result.to_json(), lambda: print_analysis(result))


@app.command()
def validate(
    model: Annotated[Path, typer.Argument(help=".keras, .h5 or int8 .tflite, or a build directory")],
    data: Data = None,
    board: Annotated[str | None, typer.Option("--board", help="build a model file for it, and run that too")] = None,
    inputs: Annotated[int, typer.Option("--inputs", help="how many, from x_test of --data, else random")] = 10,
    as_json: Json = False,
) -> None:
    """Compare the reference with the firmware and other interpreters, layer by layer; exit code 1 if not exact."""
    from tinyprune import pipeline
    from tinyprune.validation.terminal import print_validation

    with _progress() as say:
        result = pipeline.validate(model, board, data=data, inputs=inputs, say=say)
    _print(as_json, result.to_json(), lambda: print_validation(result))
    raise typer.Exit(0 if result.passed else 1)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tinyprune {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
    renode: Annotated[
        str | None, typer.Option("--renode", help="your renode program; else TINYPRUNE_RENODE, PATH, /opt/renode")
    ] = None,
) -> None:
    """Pruned neural networks on Cortex-M microcontrollers: bit-exact, measured."""
    if renode is not None:
        os.environ["TINYPRUNE_RENODE"] = renode


def main() -> None:
    app()


def _job(model: Path | None, board: str | None, data: str | None, sparsity: float | None, say: Any) -> Any:
    from tinyprune import project

    return project.job(model, board, data, sparsity, say)


def _size(text: str | None) -> int | None:
    from tinyprune import project

    return None if text is None else project.size(text)


app.command()(_errors()(cli_report.report))
