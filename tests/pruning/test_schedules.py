"""Schedules: they rise to the target, spend all epochs, and follow their ramps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyprune.errors import TinypruneError
from tinyprune.pruning.schedules import SCHEDULES, Step, planned

NAMES = [name for name, row in SCHEDULES.items() if not row.variants]
NAMES += [f"{name}:{variant}" for name, row in SCHEDULES.items() for variant in row.variants]


@given(st.sampled_from(NAMES), st.floats(0, 1, exclude_max=True), st.integers(6, 200))
def test_every_schedule_rises_to_the_target_and_spends_all_epochs(name: str, sparsity: float, epochs: int) -> None:
    steps = planned(name, sparsity, epochs)
    shares = [step.share for step in steps]
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert sum(step.epochs for step in steps) == epochs
    assert all(step.epochs >= 1 for step in steps)


@pytest.mark.parametrize(
    ("name", "shares"),
    [
        ("iterative", [37 / 64, 56 / 64, 63 / 64, 1]),
        ("iterative:cubic", [37 / 64, 56 / 64, 63 / 64, 1]),
        ("iterative:linear", [0.25, 0.5, 0.75, 1]),
        ("iterative:geometric", [0.5 / 0.9375, 0.75 / 0.9375, 0.875 / 0.9375, 1]),
        ("polynomial", [37 / 64, 56 / 64, 63 / 64, 1]),
        ("lottery_ticket", [0, 0.5 / 0.9375, 0.75 / 0.9375, 0.875 / 0.9375, 1]),
    ],
)
def test_ramps(name: str, shares: list[float]) -> None:
    assert [step.share for step in planned(name, 0.9375, 8)] == pytest.approx(shares)


def test_the_last_step_of_iterative_recovers_longest() -> None:
    epochs = [step.epochs for step in planned("iterative", 0.5, 40)]
    assert epochs == [6, 6, 6, 22]


def test_polynomial_is_one_training_whose_rate_falls_at_the_end() -> None:
    steps = planned("polynomial", 0.5, 10)
    assert [step.epochs for step in steps] == [1, 1, 1, 1, 6]
    assert [step.last_rate for step in steps] == [1, 1, 1, 1, 1 / 20]


def test_lottery_ticket_rewinds_before_every_training_but_the_dense_one() -> None:
    assert [step.rewind for step in planned("lottery_ticket", 0.5, 10)] == [False, True, True, True, True]
    early = planned("lottery_ticket:early", 0.5, 11)
    assert [step.anchor for step in early] == [True] + [False] * 5
    assert [step.rewind for step in early] == [False, False, True, True, True, True]


def test_one_shot_trains_only_on_demand() -> None:
    assert planned("one_shot", 0.5, None) == [Step(1.0, 0)]
    assert planned("one_shot", 0.5, 7) == [Step(1.0, 7)]


@pytest.mark.parametrize(("name", "epochs"), [("iterative", 3), ("polynomial", 1), ("lottery_ticket:early", 5)])
def test_too_few_epochs(name: str, epochs: int) -> None:
    with pytest.raises(TinypruneError, match=f"(?s){epochs} epochs are too few.*at least {epochs + 1}"):
        planned(name, 0.5, epochs)


def test_unknown_schedules_and_variants_list_the_known() -> None:
    with pytest.raises(TinypruneError, match=r"(?s)unknown schedule 'poly'.*polynomial"):
        planned("poly", 0.5, 10)
    with pytest.raises(TinypruneError, match=r"(?s)unknown variant of schedule 'iterative' 'cubist'.*cubic"):
        planned("iterative:cubist", 0.5, 10)
    with pytest.raises(TinypruneError, match="-1 epochs"):
        planned("one_shot", 0.5, -1)
