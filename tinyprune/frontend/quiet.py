"""Keras and TensorFlow, imported and called without a word: standard output belongs to the caller's result."""

import os
import sys
import tempfile
import warnings
from collections.abc import Generator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import TYPE_CHECKING

from tinyprune.errors import TinypruneError, ToolMissingError

if TYPE_CHECKING:
    from types import ModuleType

STDOUT, STDERR = 1, 2


@contextmanager
def quiet() -> Generator[None]:
    """Drops all that is written to standard output and error inside, by Python or by C++ on file descriptors 1 and 2.

    Exceptions pass. Not for use from several threads: descriptors belong to the process.
    """
    _flush()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as sink, warnings.catch_warnings():
        saved = {descriptor: os.dup(descriptor) for descriptor in (STDOUT, STDERR)}
        try:
            warnings.simplefilter("ignore")
            for descriptor in saved:
                os.dup2(sink.fileno(), descriptor)
            with redirect_stdout(sink), redirect_stderr(sink):
                yield
        finally:
            _flush()  # what is still buffered belongs to the sink
            for descriptor, original in saved.items():
                os.dup2(original, descriptor)
                os.close(original)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError, OSError):  # None under pythonw, closed, or a full disk
            stream.flush()


def import_keras() -> "ModuleType":
    """Keras 3 on its TensorFlow backend. Raises ToolMissingError or, for another backend, TinypruneError."""
    import_tensorflow()
    with quiet():
        import keras
    backend = keras.config.backend()
    if backend != "tensorflow":
        raise TinypruneError(
            f"Keras runs on the '{backend}' backend; the conversion to .tflite needs TensorFlow",
            remedy="set KERAS_BACKEND=tensorflow",
        )
    return keras


def import_tensorflow() -> "ModuleType":
    """TensorFlow, its C++ log reduced to fatal errors unless TF_CPP_MIN_LOG_LEVEL is set. Raises ToolMissingError."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with quiet():
            import tensorflow as tf
    except ImportError as error:
        raise ToolMissingError(
            f"Keras models need TensorFlow, which cannot be imported: {error}",
            remedy="pip install 'tinyprune[keras]', or give a .tflite file, which needs neither",
        ) from error
    return tf


def first_line(error: Exception) -> str:
    """What an error of theirs says in one line; the rest is a stack or advice for their own callers."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
