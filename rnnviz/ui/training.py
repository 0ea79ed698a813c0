"""Two training runs in a session: their buttons, the slices in which they go on, and what is said of them."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

import streamlit as st

from .. import __version__
from .. import explain_training as explain
from ..cells import find
from ..course.lesson_5 import ADDRESS
from ..engine.weights_file import write_weights
from ..figures import cell_heatmaps
from ..figures.training import held_out
from ..networks.train import Training, advance
from ..presets import TRAINING_PRESETS
from .plot import plot
from .pulse import gate
from .state import address, link, plain
from .training_controls import settings

SLICE = 0.15
"""Seconds of training between two looks at the page."""

KEPT = 4
"""Pairs of finished runs that a session holds on to."""


@dataclass(eq=False)
class Pair:
    """Two runs that differ in one thing. running: whether slices go on. ended: whether they were stopped for good."""

    trainings: dict
    running: bool = False
    ended: bool = False

    @property
    def configs(self):
        return tuple(t.config for t in self.trainings.values())

    @property
    def finished(self):
        return self.ended or all(t.finished for t in self.trainings.values())

    @property
    def updates(self):
        return max(t.updates for t in self.trainings.values())


@dataclass(frozen=True, eq=False)
class Kept:
    """The curves of a pair that is no more: task and, for each run, label, updates, held-out loss and accuracy."""

    name: str
    task: tuple
    curves: tuple = field(repr=False)


# ---- the pair on the screen ----------------------------------------------------------------------------------------


def _expect(key, configs):
    st.session_state["expected"] = st.session_state[key], configs


def start(first, second, varied, initial):
    """A new pair from the controls, running; the one before it leaves its curves."""
    kept = st.session_state
    keep()
    try:
        runs = {explain.label(c, varied): Training(c, initial) for c in (first, second)}
        kept["pair"] = Pair(runs, running=True)
        kept["pair_error"] = None
    except ValueError as error:
        reasons = [explain.misfit(c, initial) for c in (first, second)] if initial is not None else []
        kept["pair_error"] = next(filter(None, reasons), str(error))


def keep():
    """Put the curves of the pair on the screen aside, the oldest of `KEPT` making room."""
    kept = st.session_state
    pair = kept.get("pair")
    if pair is None or not pair.updates:
        return
    kept["pairs"] = kept.get("pairs", 0) + 1
    first = pair.configs[0]
    curves = tuple((label, *held_out(t), held_out(t, "accuracy")[1]) for label, t in pair.trainings.items())
    name = f"earlier {kept['pairs']}: {' / '.join(pair.trainings)}"
    kept["kept"] = [*kept.get("kept", []), Kept(name, (first.task, first.length, first.typed), curves)][-KEPT:]


def forget(name):
    """Let a kept pair go."""
    st.session_state["kept"] = [k for k in st.session_state.get("kept", []) if k.name != name]


def go(pair, running):
    pair.running = running


def end(pair):
    pair.running, pair.ended = False, True


def rewind(pair):
    """The same weights and the same batches from the start; the curves so far are kept."""
    keep()
    pair.running, pair.ended = False, False
    for t in pair.trainings.values():
        t.rewind()


def one_update(pair):
    """One update of each run, if none is running."""
    for t in pair.trainings.values():
        if not t.finished:
            t.update()


def work(pair, waiting):
    """A slice of training, once it is this session's turn; until then, `waiting` is called again and again."""
    # An update of each at a time: between two of them others are let through.
    gate.in_turn(lambda: advance(pair.trainings.values(), 0), SLICE, waiting)
    if pair.finished:
        pair.running = False


# ---- what is drawn -------------------------------------------------------------------------------------------------


def bar(first, second, varied):
    """The buttons. Returns the pair on the screen, or None where there is none yet."""
    kept = st.session_state
    pair = kept.get("pair")
    objection = explain.objection(first, second, varied)
    changed = pair is not None and pair.configs != (first, second)
    columns = st.container(horizontal=True)
    with columns:
        st.button(
            "Train" if pair is None else "Train anew",
            type="primary",
            disabled=bool(objection),
            on_click=start,
            args=(first, second, varied, kept.get("loaded")),
            key="train_start",
            help="Start both runs with the settings as they are. What is on the screen leaves its curves behind.",
        )
        if pair is not None:
            label = "Pause" if pair.running else "Go on"
            st.button(label, on_click=go, args=(pair, not pair.running), disabled=pair.finished, key="train_go")
            st.button(
                "One update",
                on_click=one_update,
                args=(pair,),
                disabled=pair.running or pair.finished,
                key="train_one",
                help="A single update of both runs.",
            )
            st.button(
                "Stop",
                on_click=end,
                args=(pair,),
                disabled=pair.finished,
                key="train_stop",
                help="End both runs where they are.",
            )
            st.button(
                "Rewind",
                on_click=rewind,
                args=(pair,),
                disabled=not pair.updates or pair.running,
                key="train_rewind",
                help="Back to the same first weights; the same batches will come.",
            )
    if objection:
        st.info(objection)
    if kept.get("pair_error"):
        st.error(plain(kept["pair_error"]))
    if changed:
        st.info(
            "The settings have changed. The runs below are still those of the earlier ones; **Train anew** starts "
            "with the new ones and keeps these curves."
        )
    if changed or pair is None:
        labels = [explain.label(config, varied) for config in (first, second)]
        st.markdown(f"**{labels[0]}** against **{labels[1]}**: press **{'Train anew' if changed else 'Train'}**.")
        if kept.get("predict", True):
            # Another pair, another question.
            key = f"expected-{abs(hash((first, second)))}"
            st.radio(
                "Before you look: which of the two will have the smaller loss at the end, on held-out sequences?",
                [*labels, explain.NEITHER],
                index=None,
                key=key,
                on_change=_expect,
                args=(key, (first, second)),
            )
    return pair


def progress(pair):
    """How far both runs are, and about how long the rest takes; a slice of work, if they are running."""
    bar, total = st.empty(), max(c.updates for c in pair.configs)

    def shown(how):
        bar.progress(min(1.0, pair.updates / total), text=f"Update {pair.updates:,} of {total:,}{how}")

    if pair.running:
        # Drawing lets Streamlit end this run where a button was pressed meanwhile, or the tab closed.
        work(pair, lambda: shown(", waiting for a turn: others train on this server too"))
    left, text = explain.seconds_left(pair.trainings), ""
    if pair.finished:
        text += ", stopped" if pair.ended else ", done"
    elif not pair.running:
        text += ", paused"
    elif left is not None:
        text += f", about {explain.duration(left)} of computing left"
    shown(text)
    for name, t in pair.trainings.items():
        for sentence in explain.stops(name, t):
            st.error(sentence)


def expectation(pair, asked):
    """What came of it in a sentence, where it was asked what is expected.

    asked: whether the settings are still those of the pair.
    """
    trainings, (guess, configs) = pair.trainings, st.session_state.get("expected", (None, None))
    said = ""
    if asked and guess is not None and configs == pair.configs:
        right, why = explain.winner(trainings)
        when = "at the end" if pair.finished else "so far"
        verdict = f"{when} that is how it stands" if guess == right else f"{when} it is “{right}”"
        said = f"You expected “{plain(guess)}”: {verdict}. {why}"
    for preset in TRAINING_PRESETS:
        if pair.finished and not pair.ended and settings(preset.values)[:2] == pair.configs:
            said = f"**{preset.shows}** {said}"
    if said:
        st.markdown(said)


def words(pair):
    """What came of it, computed."""
    trainings = pair.trainings
    sentences = [explain.verdict(name, t) for name, t in trainings.items()]
    sentences += [explain.clipped(name, t) for name, t in trainings.items()]
    sentences += [explain.skipped(name, t) for name, t in trainings.items()]
    sentences.append(explain.same_pass(trainings))
    task = next(iter(trainings.values())).task
    sentences.append(
        f"A seed is one random start. It counts as having **solved** the task when "
        f"{plain(task.solved_says)}; {plain(task.held_out_says)}."
    )
    st.markdown("\n\n".join(filter(None, sentences)))


def to_the_cliff(pair):
    """Where a gradient has exploded: the way to the same event in a landscape that can be seen."""
    if any(explain.exploded(t) for t in pair.trainings.values()):
        st.page_link(
            "pages/the_cliff.py",
            label="The same event on The cliff",
            icon=":material/open_in_new:",
            query_params=link(**ADDRESS, cliff_step="41"),
        )


def overlays(pair, name):
    """The kept curves of the same task, for the figures."""
    first = pair.configs[0]
    place = {"loss": 2, "accuracy": 3}[name]
    return [
        (f"{kept.name.split(':')[0]}: {curve[0]}", curve[1], curve[place])
        for kept in st.session_state.get("kept", [])
        if kept.task == (first.task, first.length, first.typed)
        for curve in kept.curves
    ]


def inside(pair):
    """The gates on one held-out sequence, before the first update and now."""
    with st.expander("Look inside: one held-out sequence, before the first update and now"):
        left, middle, right = st.columns(3)
        name = left.selectbox("Run", list(pair.trainings), key="probe_run")
        t = pair.trainings[name]
        network = middle.number_input("Seed, counted from 1", 1, t.config.networks, 1, key="probe_network") - 1
        sequence = right.number_input("Held-out sequence", 1, t.held_out_sequences, 1, key="probe_sequence") - 1
        if not st.toggle("Draw it", key="probe"):
            return
        before, now = st.columns(2, gap="medium")
        for place, initial, label in ((before, True, "before"), (now, False, "now")):
            with place:
                plot(
                    cell_heatmaps(t.probe(network, initial, sequence), label=f"{label.capitalize()}, {name}"),
                    f"probe-{label}",
                    "How to read it: each row is a unit, each column a step; slate is negative, red positive."
                    + (
                        " Gates are white when shut (0) and in full colour when open (1)."
                        if find(t.config.cell).opens
                        else ""
                    ),
                )


def take_away(pair):
    """Curves and weights as files, weights back in, and kept curves to let go."""
    with st.expander("Download curves and weights"):
        with st.container(horizontal=True):
            link = f"{st.context.url}?{urlencode(address(), doseq=True)}"
            st.download_button(
                "Curves (CSV)",
                lambda: curves_csv(pair.trainings, link),
                "training.csv",
                "text/csv",
                key="curves",
                on_click="ignore",
            )
            for k, (name, t) in enumerate(pair.trainings.items()):
                st.download_button(
                    f"Weights of “{name}” (.npz)",
                    lambda t=t: write_weights(t.weights, t.config),
                    f"weights-{k + 1}.npz",
                    "application/octet-stream",
                    key=f"weights-{k}",
                    on_click="ignore",
                )
        st.caption(
            "The address of this page holds every setting: whoever opens it and presses Train gets the same "
            "runs, number for number. A file's weights are not in it."
        )
        for one in st.session_state.get("kept", []):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"Kept curves {plain(one.name)}")
                st.button("Forget", key=f"forget-{one.name}", on_click=forget, args=(one.name,))


def curves_csv(trainings, link):
    """All that was recorded of both runs, one row a bucket of updates and seed, as the bytes of a CSV file.

    The lines above the table say where it is from: the version, the address of the page, and every run's settings.
    """
    rows = [f"# rnnviz {__version__}", f"# {link}", *(f"# {name}: {t.config}" for name, t in trainings.items())]
    rows.append(
        "run,seed,update,training_loss,norm_before,norm_after,share_clipped,cosine,held_out_loss,held_out_accuracy"
    )
    for name, t in trainings.items():
        h = t.history
        tested, loss = held_out(t)
        accuracy = held_out(t, "accuracy")[1]
        for k in range(t.config.networks):
            shown = f'"{name}",{t.config.seed + k}'
            columns = (h[n][:, k] for n in ("loss", "norm_before", "norm_after", "clipped", "cosine"))
            rows += [
                f"{shown},{u}," + ",".join(f"{v:.9g}" for v in values) + ",," for u, *values in zip(h.updates, *columns)
            ]
            rows += [f"{shown},{u},,,,,,{a:.9g},{b:.9g}" for u, a, b in zip(tested, loss[:, k], accuracy[:, k])]
    return ("\ufeff" + "\n".join(rows) + "\n").encode()
