"""The course on paper: every stage of every lesson, with its link, and nothing of it taken for HTML."""

import re
from dataclasses import replace
from html import unescape

import pytest
from opened import opened

from rnnviz.course import LESSONS, STAGES, Notes
from rnnviz.glossary import bare
from rnnviz.ui.sheet import sheet

ALL = sheet(LESSONS, "https://school.example/rnn/lessons")
SECTIONS = dict(zip(STAGES, re.findall(r"<section>.*?</section>", ALL)))


@pytest.mark.parametrize("id", STAGES)
def test_all_of_a_stage_is_there(id):
    stage, text = STAGES[id], unescape(re.sub(r"<[^>]*>", "\n", SECTIONS[id])).split("\n")
    notes = stage.notes
    assert f"https://school.example/rnn/lessons?stage={id}" in text and f"{id} {stage.title}" in text
    for part in (notes.say, notes.asked, notes.answer, notes.next, stage.slider and stage.slider.label):
        assert not part or bare(part) in text
    assert not stage.question or any(line.startswith(stage.question.text) for line in text)


def test_lessons_are_in_their_order_with_their_time():
    heads = [unescape(head) for head in re.findall(r"<h2>(.*?)</h2>", ALL)]
    assert len(SECTIONS) == len(STAGES) == ALL.count("<section>")
    for head, (title, stages) in zip(heads, LESSONS.items(), strict=True):
        assert head == f"Lesson {stages[0].id[0]}: {title}, {sum(s.notes.minutes for s in stages)} minutes"


def test_words_are_no_html():
    stage = replace(STAGES["1.1"], title="<b>1 & 2", notes=Notes(1, say="<script>[[gain]]"))
    text = sheet({"<i>": (stage,)}, "/lessons")
    assert "<b>" not in text and "<i>" not in text and "<script>" not in text and "&lt;script&gt;gain" in text


def test_the_page_is_reached_from_the_lessons():
    page = opened("pages/course_on_paper.py")
    assert any(f"?stage={id}" in e.proto.body for e in page.get("html") for id in STAGES)
    labels = [link.proto.label for link in opened("pages/lessons.py").get("page_link")]
    assert "The course on paper" in labels
