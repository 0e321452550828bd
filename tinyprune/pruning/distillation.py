"""Fine-tuning with a teacher: Keras' own Distiller. Imports Keras: import this module only once Keras is needed."""

from typing import Any

import keras

from tinyprune.errors import TinypruneError, ToolMissingError
from tinyprune.pruning.tasks import Task, output_activation

TEMPERATURE = 3.0
TINY = 1e-7  # below it a probability has no logarithm that float32 would tell apart


def distiller(teacher: keras.Model, student: keras.Model, task: Task, share: float) -> Any:
    """A model that trains `student`, its loss by `share` (0 to 1) the distance to what `teacher` answers.

    Classes are compared as distributions softened by TEMPERATURE (Hinton et al., Distilling the Knowledge in a Neural
    Network, 2015), all else by mean squared error. `teacher` is frozen. Raises ToolMissingError for a Keras without
    a Distiller, TinypruneError for a teacher that takes or answers something else than the student.
    """
    kind, wanted = [(each.output_shape[1:], output_activation(each)) for each in (teacher, student)]
    given, taken = teacher.input_shape[1:], student.input_shape[1:]
    if len(given) != len(taken) or any(a != b for a, b in zip(given, taken, strict=True) if None not in (a, b)):
        raise TinypruneError(
            f"the teacher takes samples of {given}, the model of {taken}", remedy="give a teacher of the same inputs"
        )
    if kind != wanted:
        raise TinypruneError(
            f"the teacher answers {kind[0]} by {kind[1]}, the model {wanted[0]} by {wanted[1]}",
            remedy="give a teacher with the same outputs",
        )
    if not hasattr(keras, "distillation"):
        raise ToolMissingError(
            f"Keras {keras.__version__} has no Distiller", remedy="pip install -U keras, or leave distillation out"
        )
    kinds = keras.distillation
    if task in ("classes", "one-hot"):
        loss = _logits_distillation(probabilities=output_activation(student) == "softmax")
    else:
        loss = kinds.FeatureDistillation(loss="mse")
    return kinds.Distiller(teacher, student, loss, student_loss_weight=1 - share)


def _logits_distillation(probabilities: bool) -> Any:
    """Keras' LogitsDistillation, also for models that end in a softmax: a logarithm undoes it up to a constant."""

    softened: Any = keras.distillation.LogitsDistillation(
        loss=keras.losses.KLDivergence(),  # its name alone gives a function that takes logits for probabilities
        temperature=TEMPERATURE,
    )

    class Distances(keras.distillation.DistillationLoss):
        def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **options: Any) -> Any:
            if probabilities:
                teacher_outputs = keras.ops.log(keras.ops.maximum(teacher_outputs, TINY))
                student_outputs = keras.ops.log(keras.ops.maximum(student_outputs, TINY))
            return softened.compute_loss(teacher_outputs, student_outputs, **options)

    return Distances()
