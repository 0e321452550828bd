"""What `verify` can check, one function a check: it takes a part of the work and says what came out of it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
sys.path += [str(HERE / "golden"), str(HERE / "frontend"), str(HERE / "pruning")]  # as pytest does

import chain  # noqa: E402
from chain import Subject, Wrong  # noqa: E402
from never_above import above_dense  # noqa: E402
from peak_memory import forget_peak, peak_bytes  # noqa: E402
from random_models import edge_inputs, random_model  # noqa: E402
from test_hostile_files import LIMIT_BYTES, LIMIT_S, import_mutants  # noqa: E402

from tinyprune.frontend import tflite_file  # noqa: E402

SPARSITIES = (0.0, 0.5, 0.8, 0.9)
MLPERF = ("ad", "ic", "kws", "vww")
GRAPHS = "random graphs"
KERAS_MODELS = "random Keras models"
FILES = "mutated files"
INPUTS_OF_A_GRAPH = 12


@dataclass(frozen=True)
class Unit:
    """A part of a check: the inputs, seeds or mutants from `start` to before `stop`."""

    check: str
    subject: str
    start: int
    stop: int

    @property
    def key(self) -> str:
        return f"{self.check}/{self.subject}/{self.start}-{self.stop}"


@dataclass(frozen=True)
class Outcome:
    """`compared` values or files, and by what it names how many of them were `wrong`."""

    compared: int
    wrong: Wrong
    covered: Mapping[str, int] = field(default_factory=dict[str, int])  # operators of random graphs, and how often


@dataclass(frozen=True)
class Check:
    title: str
    run: Callable[[Unit], Outcome]
    step: int  # how much of it is one unit


def mlperf_tflm(unit: Unit) -> Outcome:
    subject = mlperf(unit)
    return Outcome(values_of(subject), chain.tflm_against_reference(subject))


def mlperf_host(unit: Unit) -> Outcome:
    subject = mlperf(unit)
    return Outcome(values_of(subject), chain.host_against_reference(subject, "dense"))


def mlperf_gcc(unit: Unit) -> Outcome:
    return firmware(unit, "gcc")


def mlperf_zig(unit: Unit) -> Outcome:
    return firmware(unit, "zig")


def firmware(unit: Unit, toolchain: str) -> Outcome:
    subject = mlperf(unit)
    return Outcome(values_of(subject), emulated(subject, "dense", toolchain))


def emulated(subject: Subject, format_name: str, toolchain: str) -> Wrong:
    with tempfile.TemporaryDirectory() as folder:
        return chain.firmware_against_reference(subject, format_name, toolchain, Path(folder) / "build")


def random_tflm(unit: Unit) -> Outcome:
    return over_graphs(unit, chain.all_against_tflm)


def random_host(unit: Unit) -> Outcome:
    def both(subject: Subject) -> Wrong:
        csr = chain.host_against_reference(subject, "csr")
        return chain.host_against_reference(subject, "dense") | {f"{name} in csr": csr[name] for name in csr}

    return over_graphs(unit, lambda subjects: list(map(both, subjects)))


def random_gcc(unit: Unit) -> Outcome:
    return over_graphs(unit, lambda subjects: [emulated(subject, "auto", "gcc") for subject in subjects])


def random_zig(unit: Unit) -> Outcome:
    return over_graphs(unit, lambda subjects: [emulated(subject, "auto", "zig") for subject in subjects])


def mlperf_above(unit: Unit) -> Outcome:
    """`subject` is a model; parts are its sparsities."""
    folder = models_folder()
    assert folder is not None
    content = (folder / f"{unit.subject}.tflite").read_bytes()
    return _above((content, unit.subject, sparsity) for sparsity in SPARSITIES[unit.start : unit.stop])


def random_above(unit: Unit) -> Outcome:
    """Of the random graphs, each pruned to one of the sparsities."""
    seeds = range(unit.start, unit.stop)
    return _above((random_model(seed), f"random_{seed}", SPARSITIES[seed % len(SPARSITIES)]) for seed in seeds)


def _above(models: Iterable[tuple[bytes, str, float]]) -> Outcome:
    compared, wrong = 0, Wrong()
    for content, name, sparsity in models:
        with tempfile.TemporaryDirectory() as folder:
            count, above = above_dense(content, name, sparsity, Path(folder))
        compared, wrong = compared + count, wrong | above
    return Outcome(compared, wrong)


def mutants(unit: Unit) -> Outcome:
    """`start` is the seed. An unclean error ends the check, and shows as such."""
    held_bytes = forget_peak()
    *_, worst_s = import_mutants(unit.stop - unit.start, unit.start)
    more_bytes = peak_bytes() - held_bytes
    wrong = {f"longest {worst_s:.1f} s": int(worst_s > LIMIT_S), f"{more_bytes:,} bytes": int(more_bytes > LIMIT_BYTES)}
    return Outcome(unit.stop - unit.start, {what: count for what, count in wrong.items() if count})


def channels(unit: Unit) -> Outcome:
    """Seeds, as everywhere; a wrong number of parameters ends the check, and shows as such."""
    from shrinking_check import TOLERANCE, difference  # imports TensorFlow

    seeds = range(unit.start, unit.stop)
    return Outcome(len(seeds), Counter({f"seed {seed}": 1 for seed in seeds if not difference(seed) <= TOLERANCE}))


CHECKS: Mapping[str, Check] = {
    "mlperf-tflm": Check("reference = tflite-micro, every layer", mlperf_tflm, 20),
    "mlperf-host": Check("host C (sanitizers), dense = reference, every layer", mlperf_host, 20),
    "mlperf-gcc": Check("emulated firmware, gcc = reference, every layer", mlperf_gcc, 10),
    "mlperf-zig": Check("emulated firmware, zig = reference, every layer", mlperf_zig, 10),
    "random-tflm": Check("reference = tflite-micro, every layer", random_tflm, 50),
    "random-host": Check("host C (sanitizers), dense and csr = reference, every layer", random_host, 5),
    "random-gcc": Check("emulated firmware, gcc = reference, every layer", random_gcc, 5),
    "random-zig": Check("emulated firmware, zig = reference, every layer", random_zig, 5),
    "channels": Check("without the masked channels = with them, within 1e-5 of the largest output", channels, 20),
    "mlperf-above": Check("chosen never above dense: cycles, flash", mlperf_above, 1),
    "random-above": Check("chosen never above dense: cycles, flash", random_above, 5),
    "mutants": Check(f"a graph or a clean error, within {LIMIT_S:.0f} s and 1 GB", mutants, 2000),
}


def models_folder() -> Path | None:
    """Where the MLPerf Tiny models are, if anywhere."""
    folder = os.environ.get("TINYPRUNE_MODELS")
    return Path(folder) / "mlperf_tiny" if folder else None


def mlperf(unit: Unit) -> Subject:
    folder = models_folder()
    assert folder is not None
    subject = with_inputs((folder / f"{unit.subject}.tflite").read_bytes(), unit.subject, unit.stop, 0)
    return Subject(subject.content, subject.graph, subject.inputs[unit.start :])


def with_inputs(content: bytes, name: str, count: int, seed: int) -> Subject:
    graph = chain.imported(content, name)
    source = graph.tensors[graph.inputs[0]]
    return Subject(content, graph, edge_inputs(source.shape[1:], source.zero_point, count, seed))


def over_graphs(unit: Unit, compare: Callable[[Sequence[Subject]], Sequence[Wrong]]) -> Outcome:
    seeds = range(unit.start, unit.stop)
    subjects = [with_inputs(random_model(seed), f"random_{seed}", INPUTS_OF_A_GRAPH, seed) for seed in seeds]
    wrong, covered = Wrong(), Counter[str]()
    for seed, subject, found in zip(seeds, subjects, compare(subjects), strict=True):
        wrong |= {f"seed {seed} {layer}": count for layer, count in found.items()}
        covered.update(operator.name for operator in tflite_file.read(subject.content, "model").operators)
    return Outcome(sum(map(values_of, subjects)), wrong, dict(covered))


def values_of(subject: Subject) -> int:
    """How many values of layers are compared."""
    return len(subject.inputs) * sum(subject.graph.tensors[layer.output].bytes for layer in subject.graph.layers)
