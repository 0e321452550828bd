"""The full-size checks: `make verify`, or `python tests/verify.py --help` for smaller ones.

What ran is kept in build/verify/ and not run again until tinyprune changes, so a run may be interrupted at any time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import pytest
import verify_table
from verify_checks import CHECKS, FILES, GRAPHS, KERAS_MODELS, MLPERF, SPARSITIES, Outcome, Unit, models_folder
from verify_table import REPOSITORY, Record


def main(arguments: list[str] | None = None) -> int:
    """0 where everything that was asked for ran and nothing was wrong."""
    options = parser().parse_args(arguments)
    digest = verify_table.content_digest()
    units = plan(options)
    done = {record.unit.key for record in verify_table.read(options.state, digest) if not record.failure}
    rest = [unit for unit in units if unit.key not in done]
    print(f"content {digest}: {len(units)} parts, {len(units) - len(rest)} of them done before")
    try:
        skipped = run(rest, digest, options)
    finally:
        records = verify_table.read(options.state, digest)
        options.table.write_text(verify_table.table(records, digest), encoding="utf-8")
        print(f"wrote {options.table}")
    return int(skipped > 0 or any(record.bad for record in records))


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(description="Full-size, resumable golden checks.")
    result.add_argument("--inputs", type=int, default=200, help="inputs of each MLPerf model, reference and host C")
    result.add_argument("--emulated", type=int, default=10, help="inputs of each MLPerf model in the emulator")
    result.add_argument("--graphs", type=int, default=2000, help="random graphs, reference against tflite-micro")
    result.add_argument("--hosted", type=int, default=200, help="random graphs in C on the host")
    result.add_argument("--emulated-graphs", type=int, default=40, help="random graphs in the emulator, gcc and zig")
    result.add_argument("--chosen", type=int, default=200, help="random graphs, the choice against all dense")
    result.add_argument("--sparsities", type=int, default=len(SPARSITIES), help="of each MLPerf model, likewise")
    result.add_argument("--keras-models", type=int, default=300, help="random Keras models, whose channels are removed")
    result.add_argument("--mutants", type=int, default=200_000, help="mutated files")
    result.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at once")
    result.add_argument("--state", type=Path, default=REPOSITORY / "build/verify/state.jsonl")
    result.add_argument("--table", type=Path, default=REPOSITORY / "docs/verification.md")
    return result


def plan(options: argparse.Namespace) -> list[Unit]:
    work = [("random-tflm", GRAPHS, options.graphs), ("random-host", GRAPHS, options.hosted)]
    work += [("random-gcc", GRAPHS, options.emulated_graphs), ("random-zig", GRAPHS, options.emulated_graphs)]
    work += [("random-above", GRAPHS, options.chosen)]
    work += [("channels", KERAS_MODELS, options.keras_models)]
    work += [("mutants", FILES, options.mutants)]
    if models_folder() is None and options.inputs + options.emulated + options.sparsities:
        without = "--inputs 0 --emulated 0 --sparsities 0"
        sys.exit(f"TINYPRUNE_MODELS names no folder with mlperf_tiny/*.tflite; {without} leaves them out")
    for name in MLPERF:
        work += [("mlperf-tflm", name, options.inputs), ("mlperf-host", name, options.inputs)]
        work += [("mlperf-gcc", name, options.emulated), ("mlperf-zig", name, options.emulated)]
        work += [("mlperf-above", name, options.sparsities)]
    return [unit for check, subject, count in work for unit in parts(check, subject, count)]


def parts(check: str, subject: str, count: int) -> list[Unit]:
    step = CHECKS[check].step
    return [Unit(check, subject, start, min(start + step, count)) for start in range(0, count, step)]


def run(units: list[Unit], digest: str, options: argparse.Namespace) -> int:
    """Records each of `units` as it ends; returns how many could not run here. One process a unit bounds its memory."""
    skipped = 0
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as pool:
        futures = [pool.submit(attempt, unit, digest) for unit in units]
        try:
            for number, future in enumerate(as_completed(futures), 1):
                result = future.result()
                if isinstance(result, Record):
                    verify_table.append(result, options.state)
                skipped += isinstance(result, str)
                print(f"{number}/{len(units)} {told(result)}", flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return skipped


def attempt(unit: Unit, digest: str) -> Record | str:
    """The record of `unit`, or why it cannot be run here."""
    start_s = time.perf_counter()
    outcome, failure = Outcome(0, {}), ""
    try:
        outcome = CHECKS[unit.check].run(unit)
    except pytest.skip.Exception as reason:
        return f"{unit.key} skipped: {reason}"
    except Exception:
        failure = traceback.format_exc()
    return Record(digest, unit, outcome, round(time.perf_counter() - start_s, 2), failure)


def told(result: Record | str) -> str:
    if isinstance(result, str):
        return result
    verdict = result.failure or (f"WRONG {result.outcome.wrong}" if result.bad else "ok")
    return f"{result.unit.key} {result.seconds:.1f} s {verdict}"


if __name__ == "__main__":
    sys.exit(main())
