"""A CSV file of one's own as the input: which column is taken, and how much of it."""

from opened import opened, said, sound

from rnnviz.sources import read_csv


def test_the_values_are_taken_and_not_their_times():
    page = opened("pages/gradient_flow.py", input="csv", steps="50")
    for count, told in ((80, "The first 50 of 80 values are used."), (40, "All 40 values are used.")):
        rows = "".join(f"{t};{(7 * t) % 11}\n" for t in range(count))
        page.session_state["table"], page.session_state["file_name"] = read_csv(f"t;v\n{rows}".encode()), "own.csv"
        sound(page.run())
        assert page.selectbox(key="column").value == "v"
        assert told in said(page)
    sound(page.selectbox(key="column").select("t").run())
    assert page.selectbox(key="column").value == "t"
