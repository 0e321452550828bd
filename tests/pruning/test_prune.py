"""`prune`: exact zeros, nothing else touched, repeatable, and each mistake named."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tinyprune.errors import TinypruneError
from tinyprune.frontend.dataset import Dataset
from tinyprune.pruning import PruningResult, prune

pytestmark = pytest.mark.keras

TRAINED = 0.9  # accuracy
PRUNABLE = {"conv": (3, 3, 1, 6), "head": (96, 4)}
KERNELS = {f"{name}/kernel": shape for name, shape in PRUNABLE.items()}


def kernel(model: Any, name: str) -> Any:
    return np.asarray(model.get_layer(name).kernel)


def quick(model: Any, data: Dataset | None, **options: Any) -> tuple[Any, PruningResult]:
    return prune(model, data, options.pop("sparsity", 0.75), **{"epochs": 4, **options})


def test_iterative_leaves_exactly_the_share_of_zeros(model: Any, data: Dataset) -> None:
    pruned, result = quick(model, data, sparsity=0.7)
    assert {name: mask.shape for name, mask in result.masks.items()} == KERNELS
    for name, shape in PRUNABLE.items():
        weights, size = kernel(pruned, name), int(np.prod(shape))
        assert (weights == 0).sum() == round(0.7 * size)
        assert np.array_equal(weights != 0, result.masks[f"{name}/kernel"])
        assert not np.signbit(weights[weights == 0]).any()
        assert result.sparsity[name] == pytest.approx(round(0.7 * size) / size)


def test_fine_tuning_recovers_what_pruning_costs(model: Any, data: Dataset) -> None:
    import keras

    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", jit_compile=False)
    model.fit(data.x_train, data.y_train, epochs=15, verbose=0)
    cut = prune(model, data, 0.9, schedule="one_shot")[1]
    pruned, tuned = prune(model, data, 0.9, epochs=40)
    assert cut.accuracy_before == tuned.accuracy_before
    assert tuned.accuracy_before > TRAINED > cut.accuracy_after
    assert tuned.accuracy_after > TRAINED
    answers = pruned.predict(data.x_test, verbose=0).argmax(1)
    assert np.mean(answers == data.y_test) == tuned.accuracy_after


def test_history_and_progress_tell_each_step(model: Any, data: Dataset) -> None:
    told: list[tuple[str, float]] = []
    _, result = quick(model, data, epochs=8, progress=lambda *now: told.append(now))
    assert [entry["step"] for entry in result.history] == [1, 2, 3, 4]
    assert [entry["epochs"] for entry in result.history] == [1, 1, 1, 5]
    assert result.history[-1]["sparsity"] == 0.75
    assert result.history[-1]["accuracy"] == result.accuracy_after
    assert all(np.isfinite(entry["loss"]) for entry in result.history)
    assert [share for _, share in told] == [number / 8 for number in range(1, 9)]
    assert "75% sparse" in told[-1][0]


def test_one_shot_without_data_only_removes(model: Any) -> None:
    pruned, result = prune(model, None, 0.5, schedule="one_shot")
    for name in PRUNABLE:
        expected = np.where(result.masks[f"{name}/kernel"], kernel(model, name), 0)
        assert np.array_equal(kernel(pruned, name), expected)
        smallest = np.sort(np.abs(kernel(model, name)), axis=None)[: expected.size // 2]
        assert np.array_equal(np.sort(np.abs(kernel(model, name)[~result.masks[f"{name}/kernel"]])), smallest)
    for before, after in zip(model.get_weights(), pruned.get_weights(), strict=True):
        if before.shape not in PRUNABLE.values():
            assert np.array_equal(before, after)
    assert result.accuracy_before is None and result.accuracy_after is None
    assert result.history == [{"step": 1, "sparsity": 0.5, "epochs": 0}]


def test_the_model_given_is_untouched_and_the_result_is_plain(model: Any, data: Dataset) -> None:
    before = model.get_weights()
    pruned, _ = quick(model, data)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert not model.compiled
    assert not pruned.compiled
    assert [(type(a), a.name) for a in pruned.layers] == [(type(a), a.name) for a in model.layers]
    assert all(a is not b for a, b in zip(pruned.layers, model.layers, strict=True))


def test_same_call_same_weights_other_seed_other_weights(model: Any, data: Dataset) -> None:
    first, second, other = (quick(model, data, seed=seed)[0].get_weights() for seed in (5, 5, 6))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_sparsity_zero_removes_nothing(model: Any, data: Dataset) -> None:
    _, result = quick(model, data, sparsity=0.0)
    assert all(mask.all() for mask in result.masks.values())


def test_global_scope_counts_all_layers_together(model: Any) -> None:
    pruned, result = prune(model, None, 0.75, schedule="one_shot", scope="global")
    zeros = sum(int((kernel(pruned, name) == 0).sum()) for name in PRUNABLE)
    assert zeros == round(0.75 * (54 + 384))
    assert result.sparsity["conv"] != result.sparsity["head"]


def test_separable_and_nested_layers_are_found(data: Dataset) -> None:
    import keras

    inner = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.SeparableConv2D(8, 3, name="separable")], name="body"
    )
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), inner, keras.layers.Flatten(), keras.layers.Dense(4, name="head")]
    )
    pruned, result = quick(model, data, sparsity=0.5)
    separable = pruned.get_layer("body").get_layer("separable")
    assert list(result.masks) == ["body/separable/pointwise_kernel", "head/kernel"]
    assert (np.asarray(separable.pointwise_kernel) == 0).sum() == 4
    assert np.asarray(separable.depthwise_kernel).all()


def test_a_compiled_model_keeps_its_loss(model: Any, data: Dataset) -> None:
    called: list[bool] = []

    def spy(truth: Any, predicted: Any) -> Any:
        import keras

        called.append(True)
        return keras.losses.sparse_categorical_crossentropy(truth, predicted)

    model.compile("sgd", spy)
    pruned, _ = quick(model, data)
    assert called
    assert model.compiled and not pruned.compiled


def test_importing_the_room_imports_no_keras() -> None:
    script = "import sys, tinyprune.pruning; assert not {'keras', 'tensorflow'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("sparsity", [-0.1, 1.0, 80, float("nan")])
def test_sparsity_out_of_range(model: Any, data: Dataset, sparsity: float) -> None:
    with pytest.raises(TinypruneError, match=r"sparsity .* not in \[0, 1\)"):
        prune(model, data, sparsity)


@pytest.mark.parametrize("option", ["criterion", "granularity", "scope", "schedule"])
def test_unknown_names_list_the_known_ones(model: Any, data: Dataset, option: str) -> None:
    with pytest.raises(TinypruneError, match=rf"(?s)unknown {option} 'best'.*known: "):
        prune(model, data, 0.5, **{option: "best"})


def test_iterative_without_training_data(model: Any, data: Dataset) -> None:
    for lacking in (None, replace(data, x_train=None, y_train=None), replace(data, y_train=None)):
        with pytest.raises(TinypruneError, match=r"(?s)x_train and y_train.*one_shot"):
            prune(model, lacking, 0.5)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(128) % 5, "0 to 4, but the model has 4 outputs"),
        (np.arange(128) % 4 - 1, "-1 to 2"),
        (np.ones((128, 3)), r"\(3,\) a sample do not match the model's output \(4,\)"),
        (np.linspace(0, 1, 128), r"\(\) a sample do not match"),
    ],
)
def test_labels_that_do_not_match(model: Any, data: Dataset, labels: Any, message: str) -> None:
    with pytest.raises(TinypruneError, match=message):
        prune(model, replace(data, y_train=labels), 0.5)


@pytest.mark.parametrize(("split", "count"), [("train", 100), ("test", 3), ("train", 0)])
def test_labels_that_are_not_as_many_as_samples(model: Any, data: Dataset, split: str, count: int) -> None:
    labels = getattr(data, f"y_{split}")[:count]
    with pytest.raises(TinypruneError, match=rf"samples, but y_{split} has {count} labels"):
        prune(model, replace(data, **{f"y_{split}": labels}), 0.5)


def test_no_samples_at_all(model: Any, data: Dataset) -> None:
    with pytest.raises(TinypruneError, match="x_train has 0 samples"):
        prune(model, replace(data, x_train=data.x_train[:0], y_train=data.y_train[:0]), 0.5)


def test_labels_that_the_compiled_loss_refuses(model: Any, data: Dataset) -> None:
    model.compile("adam", "categorical_crossentropy")
    with pytest.raises(TinypruneError, match="loss of model 'corners' refuses labels"):
        prune(model, data, 0.5)


def test_samples_that_do_not_match(model: Any, data: Dataset) -> None:
    with pytest.raises(TinypruneError, match=r"takes \(4, 4, 1\), but the samples are \(4, 4\)"):
        prune(model, replace(data, x_test=np.zeros((64, 4, 4), np.float32)), 0.5)


def test_a_model_without_anything_to_prune(data: Dataset) -> None:
    import keras

    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()], name="empty")
    with pytest.raises(TinypruneError, match="'empty' has nothing to prune"):
        prune(model, data, 0.5)
