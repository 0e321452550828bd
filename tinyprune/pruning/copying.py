"""Copies of Keras models that share nothing with the original."""

from typing import TYPE_CHECKING, Any

from tinyprune.errors import UnsupportedModelError

if TYPE_CHECKING:
    import keras


def copy_of(model: "keras.Model") -> "keras.Model":
    """An uncompiled model with the same layers, names and weights that shares nothing with `model`."""
    copy = cloned(model)
    copy.set_weights(model.get_weights())
    return copy


def cloned(model: "keras.Model", **options: Any) -> "keras.Model":
    """`keras.models.clone_model`, uncompiled. Raises UnsupportedModelError for a model that cannot be copied."""
    import keras

    compiled = model.compiled
    try:
        # else Keras compiles the copy from a description, which fails for a loss of the user's own
        model.compiled = False
        return keras.models.clone_model(model, **options)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise UnsupportedModelError(
            f"model '{model.name}' cannot be copied: {error}", remedy="give a Sequential or a functional Keras model"
        ) from error
    finally:
        model.compiled = compiled
