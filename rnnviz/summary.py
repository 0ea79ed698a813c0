"""What an object shows of itself in a notebook: one line an array."""


def summary(title, rows):
    """The title, and below it a line for each of rows: (name, shape, what it is)."""
    shapes = [str(shape) for _, shape, _ in rows]
    longest, widest = max(len(name) for name, _, _ in rows), max(map(len, shapes))
    return "\n".join(
        [title, *(f"  {name:{longest}}  {shape:{widest}}  {what}" for (name, _, what), shape in zip(rows, shapes))]
    )
