"""The slope of an equation by one of the values that it reads, as text, from the equation as text.

Numbers are never computed from it: those are autograd's (`rnnviz.engine.inside`), and tests hold the text against them.
"""

import ast


class Unknown(ValueError):
    """An equation that is written in a way which is not known here."""


def slope(pieces, name, read):
    """The slope of the equation of `name` by the value `read`, as pieces; [] for 1.

    pieces: the right-hand side, texts and pairs (symbol, name of the value). Raises `Unknown`.
    """
    symbols = {piece[1]: piece[0] for piece in pieces if not isinstance(piece, str)} | {name: f"{name}_t"}
    text = "".join(piece if isinstance(piece, str) else piece[1] for piece in pieces)
    try:
        root = ast.parse(text.replace("·", "*").replace("−", "-").strip(), mode="eval").body
    except SyntaxError as error:
        raise Unknown(text) from error
    terms = sorted(_terms(root, read, name), key=lambda term: term[0], reverse=True)
    if not terms:
        raise Unknown(f"{name} does not read {read}")
    out = []
    for k, (sign, factors) in enumerate(terms):
        out.append(" − " if sign < 0 and k else "−" if sign < 0 else " + " if k else "")
        out += _product(factors) or ["1"]
    if len(terms) > 1 or terms[0][0] < 0:
        out = ["(", *out, ")"]
    merged = _merged([(symbols[piece[0]], piece[0]) if isinstance(piece, tuple) else piece for piece in out])
    return [] if merged == ["1"] else merged


def _terms(node, read, name=None):
    """The derivative as a sum: (sign, factors), each factor pieces in which a tuple (name,) stands for a value.

    name: what the result is called, where the node is all of the equation.
    """
    match node:
        case ast.Name(id=found):
            return [(1, [])] if found == read else []
        case ast.Constant():
            return []
        case ast.BinOp(left, ast.Add(), right):
            return _terms(left, read) + _terms(right, read)
        case ast.BinOp(left, ast.Sub(), right):
            return _terms(left, read) + [(-sign, factors) for sign, factors in _terms(right, read)]
        case ast.BinOp(left, ast.Mult(), right):
            return [(sign, [*factors, _written(right, True)]) for sign, factors in _terms(left, read)] + [
                (sign, [_written(left, True), *factors]) for sign, factors in _terms(right, read)
            ]
        case ast.Call(ast.Name(id=curve), [*_, inner]):
            return [(sign, [_curve(curve, inner, name), *factors]) for sign, factors in _terms(inner, read)]
    raise Unknown(ast.unparse(node))


def _curve(curve, inner, name):
    """The slope of a curve: by its result where that has a name, as students learn it."""
    if curve == "tanh" and name:
        return ["(1 − ", (name,), "²)"]
    if curve == "tanh" and isinstance(inner, ast.Name):
        return ["(1 − tanh²(", (inner.id,), "))"]
    if curve == "σ" and name:
        return [(name,), " · (1 − ", (name,), ")"]
    if curve == "max" and isinstance(inner, ast.Name):
        return ["(1 where ", (inner.id,), " > 0, else 0)"]
    raise Unknown(curve)


def _written(node, within_product=False):
    match node:
        case ast.Name(id=name):
            return [(name,)]
        case ast.Constant(value=value):
            return [str(value)]
        case ast.BinOp(left, op, right):
            sign = {ast.Add: " + ", ast.Sub: " − ", ast.Mult: " · "}.get(type(op))
            if sign is None:
                raise Unknown(ast.unparse(node))
            factor = isinstance(op, ast.Mult)
            out = [*_written(left, factor), sign, *_written(right, factor)]
            return ["(", *out, ")"] if within_product and not factor else out
        case ast.Call(ast.Name(id=curve), [inner]):
            return [f"{curve}(", *_written(inner), ")"]
    raise Unknown(ast.unparse(node))


def _product(factors):
    return [piece for k, factor in enumerate(factors) for piece in ([" · "] if k else []) + factor]


def _merged(pieces):
    """Neighbouring texts as one, and none that is empty."""
    out = []
    for piece in pieces:
        if isinstance(piece, str) and out and isinstance(out[-1], str):
            out[-1] += piece
        elif piece:
            out.append(piece)
    return out
