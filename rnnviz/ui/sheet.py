"""The whole course on paper: every stage with its question, what to drag, the notes for the teacher, and its link."""

from html import escape

from ..glossary import bare


def sheet(lessons, address):
    """HTML of all stages. lessons: title -> stages. address: of the page "Lessons"."""
    return f'<div class="rv-sheet">{"".join(_lesson(*lesson, address) for lesson in lessons.items())}</div>'


def _lesson(title, stages, address):
    minutes = sum(stage.notes.minutes for stage in stages)
    head = f"<h2>Lesson {stages[0].id.split('.')[0]}: {escape(title)}, {minutes} minutes</h2>"
    return head + "".join(_stage(stage, f"{address}?stage={stage.id}") for stage in stages)


def _stage(stage, link):
    notes, question = stage.notes, stage.question
    lines = {
        "Question": question and f"{question.text} ({' / '.join(question.options)})",
        "Drag": stage.slider and stage.slider.label,
        "Say": notes.say,
        "They ask": notes.asked,
        "Answer": notes.answer,
        "Next": notes.next,
        "Words": ", ".join(stage.words),
    }
    told = "".join(f"<div><dt>{name}</dt><dd>{escape(bare(text))}</dd></div>" for name, text in lines.items() if text)
    return (
        f"<section><h3>{stage.id} {escape(stage.title)}<small>{notes.minutes} min</small></h3>"
        f'<a href="{escape(link)}">{escape(link)}</a><dl>{told}</dl></section>'
    )
