"""Figures of training and of the cliff: what is drawn is what was recorded, at the extremes as well."""

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from rnnviz import TrainConfig, Training, cliff
from rnnviz import explain_training as explain
from rnnviz.figures.cliff import COLOURS, bifurcation, error_map, landscape
from rnnviz.figures.training import accuracy, credit, gradient_norms, held_out, learning

SMALL = TrainConfig(cell="rnn", hidden_size=4, length=10, networks=3, sequences=2, updates=100)
FIGURES = (learning, accuracy, gradient_norms, credit)


def trained(updates, **changes):
    training = Training(replace(SMALL, **changes))
    for _ in range(updates):
        training.update()
    return training


def named(figure):
    return {trace.name: trace for trace in go.Figure(figure).data}


def test_learning_draws_medians_bands_and_the_baseline():
    runs = {"a": trained(45), "b": trained(45, clip="none")}
    figure = go.Figure(learning(runs))
    traces = named(figure)
    for label, run in runs.items():
        updates, loss = held_out(run)
        assert updates.tolist() == [0, 20, 40]
        np.testing.assert_allclose(traces[label].x, updates)
        np.testing.assert_allclose(traces[label].y, np.log10(np.median(loss, axis=1)))
        np.testing.assert_allclose(traces[f"{label}, lowest"].y, np.log10(loss.min(axis=1)))
        np.testing.assert_allclose(traces[f"{label}, highest"].y, np.log10(loss.max(axis=1)))
        assert len(traces[f"{label}, training"].x) == 45
    assert figure.layout.shapes[0].y0 == pytest.approx(np.log10(np.log(4)))
    low, high = figure.layout.yaxis.range
    assert low < np.log10(np.log(4)) < high


def test_accuracy_is_in_percent_with_chance_and_the_mark_to_reach():
    figure = go.Figure(accuracy({"a": trained(20)}))
    assert [s.y0 for s in figure.layout.shapes] == [25, 99]
    assert (np.array(named(figure)["a"].y) <= 100).all() and figure.layout.yaxis.range[1] > 100


def test_norms_before_and_after_and_the_threshold():
    run = trained(30, threshold=0.01)
    figure = go.Figure(gradient_norms({"a": run}))
    traces = named(figure)
    before, after = (10.0 ** np.array(traces[f"a: {w}"].y) for w in ("before", "after"))
    np.testing.assert_allclose(before, np.median(run.history["norm_before"], axis=1), rtol=1e-6)
    assert (after <= 0.01 * 1.001).all() and (before > after).all()
    assert figure.layout.shapes[0].y0 == pytest.approx(-2)
    assert not named(gradient_norms({"a": trained(2, clip="none")})).keys() & {"a: after"}


def test_an_explosion_is_seen_where_it_is():
    """A single update far from the others stands out, however many others there are."""
    run = trained(100, clip="none")
    run.norms[1] = 1e6
    figure = go.Figure(gradient_norms({"a": run}))
    line = named(figure)["a: before"]
    assert figure.layout.xaxis.type == "log" and figure.layout.xaxis.range == (0, 2)
    assert line.x[np.argmax(line.y)] == 2 and max(line.y) == pytest.approx(6)
    assert figure.layout.yaxis.range[1] >= 6 and list(line.x[:5]) == [1, 2, 3, 4, 5]


def test_credit_is_relative_to_the_largest_of_its_update():
    run = trained(30)
    z = np.array(go.Figure(credit({"a": run}, 1)).data[0].z)
    assert z.shape == (10, 30)
    np.testing.assert_allclose(z.max(axis=0), 0, atol=1e-6)
    logs = run.history["log10_dh"][:, 1].T
    np.testing.assert_allclose(z, logs - logs.max(axis=0), atol=1e-5)


@pytest.mark.parametrize("draw", FIGURES)
@pytest.mark.parametrize("updates", [0, 1])
@pytest.mark.parametrize("networks", [1, 3])
def test_extremes(draw, updates, networks):
    runs = {"a": trained(updates, networks=networks), "b": trained(updates, networks=networks, task="sunspots")}
    assert go.Figure(draw(runs)).data
    assert go.Figure(draw({"a": trained(updates, task="copy", length=180, networks=networks)})).data


@pytest.mark.parametrize("draw", FIGURES)
def test_runs_that_diverged(draw):
    run = trained(3, cell="rnn_identity", init="identity", gain=4.0, length=200, clip="none")
    assert run.finished and go.Figure(draw({"a": run})).data


def test_the_axes_grow_with_a_run_that_explodes_and_not_before():
    usual, wild = trained(20), trained(20)
    wild.tests["loss"][-1] = wild.norms[-1] = 3e7
    for draw, names in ((learning, ("a",)), (gradient_norms, ("a: before",))):
        calm, grown = (go.Figure(draw({"a": run})) for run in (usual, wild))
        low, high = calm.layout.yaxis.range
        assert grown.layout.yaxis.range[0] == low and grown.layout.yaxis.range[1] > np.log10(3e7) > high
        assert (grown.layout.yaxis.range[1] - high) == int(grown.layout.yaxis.range[1] - high)
        assert len(grown.layout.yaxis.tickvals) <= 10
        assert max(named(grown)[names[0]].y) == pytest.approx(np.log10(3e7))


def test_kept_curves_are_laid_over():
    run = trained(20)
    kept = (("old", *held_out(run)),)
    assert "old" in named(learning({"a": run}, kept)) and "old" in named(accuracy({"a": run}, kept))


# ---- sentences -----------------------------------------------------------------------------------------------------


def test_the_verdict_counts_seeds():
    run = trained(20)
    run.solved_at[:] = (10, 20, -1)
    run.tests["accuracy"][-1] = (1.0, 0.5, 0.5)
    run.tests["loss"][-1] = (0.01, 1.3, 1.5)
    text = explain.verdict("a", run)
    assert "1 of 3 seeds solves the task; the first did after 10, and 1 had solved it and lost it again" in text
    assert "held-out loss of those that do not is 1.4 (median), no better than the 1.39" in text
    run.tests["accuracy"][-1] = 1.0
    assert "3 of 3 seeds solve" in explain.verdict("a", run) and "held-out" not in explain.verdict("a", run)


def test_what_clipping_did():
    tight, free = trained(10, threshold=1e-3), trained(10, clip="none")
    value = trained(10, clip="value", threshold=1e-3)
    assert "100 % of the updates were clipped" in explain.clipped("a", tight)
    assert "no gradient was turned" in explain.clipped("a", tight)
    assert "times as much" in explain.clipped("a", free)
    turned = np.degrees(np.arccos(value.history["cosine"].min()))
    assert f"by up to {turned:.0f}°" in explain.clipped("a", value) and turned > 5
    assert "no update was clipped" in explain.clipped("a", trained(5, threshold=1000.0))


def test_clipping_left_the_backward_pass_alone():
    text = explain.same_pass({"a": trained(1, threshold=0.01), "b": trained(1, clip="none")})
    assert "logarithms of the norms is 0)" in text and "with norm 0.01 by “a”" in text
    assert explain.same_pass({"a": trained(1), "b": trained(1, optimiser="adam")}) is None
    assert explain.same_pass({"a": trained(0), "b": trained(0, clip="none")}) is None


@pytest.mark.parametrize("seconds, words", [(0.1, "1 s"), (89, "89 s"), (100, "2 min"), (7200, "2.0 h")])
def test_durations(seconds, words):
    assert explain.duration(seconds) == words


# ---- the cliff -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [(5.6, -2.0, 1.0, 0.5), (2.0, -4.0, 2.0, 0.01), (8.0, 0.0, 0.01, 2), (5, -2.6, 2, 2)])
@pytest.mark.parametrize("update", [0, 1, 60])
def test_the_cliff_is_drawn_on_axes_that_stand_still(place, update):
    surface, descent = cliff.surface(21), cliff.descend(*place)
    flat, relief = (
        go.Figure(draw(surface, cliff.wall(surface.w), *more, descent, update))
        for draw, more in ((error_map, ()), (landscape, (cliff.wall_error(surface.w),)))
    )
    assert flat.layout.xaxis.range == cliff.W_RANGE and flat.layout.yaxis.range == cliff.B_RANGE
    for k, colour in enumerate(COLOURS.values()):
        (path,) = (t for t in flat.data[2:] if t.mode == "lines+markers" and t.line.color == colour)
        np.testing.assert_array_equal(path.x, descent.w[: update + 1, k])
        np.testing.assert_array_equal(path.y, descent.b[: update + 1, k])
    assert len(relief.data) == 5
    w = descent.w[update, 1]
    figure = go.Figure(
        bifurcation(
            cliff.equilibria(w),
            cliff.folds(w),
            cliff.wall(w),
            w,
            cliff.B_RANGE,
            cliff.START,
            descent.b[update, 1],
            descent.x_last[update, 1],
            "here",
        )
    )
    fold = named(figure)["fold"]
    assert np.isfinite(fold.x).sum() == np.isfinite(fold.y).sum() == (2 if w > 4 else 0)
    assert len(fold.x) > 0, "its name stays in the legend"
    assert figure.layout.xaxis.range == cliff.B_RANGE
