"""Parses a query's tokens into a syntax tree; what breaks the grammar gets a note, and is read all the same.

    query    = or-expr { or-expr }                   all must match
    or-expr  = and-expr { OR and-expr }
    and-expr = clause { (AND | AND NOT) clause }
    clause   = { NOT | - | + } [ field: ] ( "(" query ")" | leaf ) [ ^boost ]

`schemas/QUERY.md` is the grammar for its users.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from newsdex.errors import Invalid
from newsdex.search.language.ast import (
    GREATEST_BOOST,
    LEAST_BOOST,
    And,
    MatchAll,
    Node,
    Not,
    Note,
    Or,
    Word,
    boosted,
    required,
)
from newsdex.search.language.clause_parser import LeafReader
from newsdex.search.language.plain_text import FEW_WORDS, as_text, number_of_words, without_forwarding
from newsdex.search.language.tokenizer import FIELDS, Token, tokens
from newsdex.search.language.wide_signs import with_half_width_signs

MAX_DEPTH = 60
"""Deeper nesting of brackets than a person writes."""


class Reading(NamedTuple):
    """A syntax tree, None for a query without words, with what breaks the grammar and what else is worth telling."""

    tree: Node | None
    notes: list[Note]
    remarks: list[Note]


def read_tree(text: str) -> Reading:
    """Read a query. Raises `Invalid` where brackets nest too deep."""
    text, forwarded = without_forwarding(with_half_width_signs(text))
    found = tokens(text)
    if found and all(token.kind == "operator" for token in found):
        # OR may be Oregon: with nothing to join it is a word
        found = [replace(token, kind="word") for token in found]
    found, remarks = as_text(text, found)
    reader = _Reader(text, found)
    tree = reader.whole()
    notes = sorted(set(reader.notes), key=lambda note: (note.start, note.end))
    return Reading(tree, notes, [*forwarded, *remarks])


class _Reader:
    """Goes through the tokens once, from left to right."""

    def __init__(self, text: str, found: list[Token]) -> None:
        self.notes: list[Note] = []
        self._text = text
        self._tokens = found
        self._at = 0
        self._leaves = LeafReader(text, self._note)
        self._open: list[Token] = []

    def _note(self, code: str, message: str, start: int, end: int) -> None:
        self.notes.append(Note(code, message, start, end))

    def _peek(self, *kinds: str) -> Token | None:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        return token if token is not None and token.kind in kinds else None

    def _take(self, *kinds: str) -> Token | None:
        token = self._peek(*kinds)
        self._at += token is not None
        return token

    def _operator(self, *names: str) -> Token | None:
        token = self._peek("operator")
        return self._take("operator") if token is not None and token.text in names else None

    def whole(self) -> Node | None:
        parts: list[Node] = []
        while self._at < len(self._tokens):
            if read := self._row(None):
                parts.append(read)
            if extra := self._take("close"):
                self._note("unbalanced_bracket", "this bracket closes nothing, and is left out", extra.start, extra.end)
        return _joined(And, _without_stars(parts))

    def _row(self, field: str | None) -> Node | None:
        """Read up to a closing bracket or the end."""
        parts = []
        while self._at < len(self._tokens) and not self._peek("close"):
            if read := self._or_expr(field):
                parts.append(read)
        return _joined(And, _without_stars(parts))

    def _or_expr(self, field: str | None) -> Node | None:
        parts = [self._and_expr(field)]
        while operator := self._operator("OR"):
            parts.append(self._and_expr(field, operator))
        return _joined(Or, [part for part in parts if part is not None])

    def _and_expr(self, field: str | None, after: Token | None = None) -> Node | None:
        parts = [self._one(field, after)]
        self._pass_strays()
        while operator := self._operator("AND", "ANDNOT"):
            part = self._one(field, operator)
            self._pass_strays()
            parts.append(_not(part) if operator.text == "ANDNOT" else part)
        return _joined(partial(And, explicit=True), [part for part in parts if part is not None])

    def _pass_strays(self) -> None:
        """Pass over signs that belong to nothing, so that they part no words that an operator joins."""
        while token := self._take("other", "quote"):
            self._leaves.note_stray(token)

    def _one(self, field: str | None, after: Token | None) -> Node | None:
        negated = plus = False
        sign: Token | None = None
        while token := self._operator("NOT") or self._take("sign"):
            sign = token
            negated ^= token.text in ("NOT", "-")
            plus |= token.text == "+"
        read = self._named(field)
        if read is None:
            self._missing(sign or after)
            return None
        if plus and not negated:
            read = required(read)
        return _not(read) if negated else read

    def _missing(self, operator: Token | None) -> None:
        """Note an operator that has nothing to work on."""
        if operator is not None:
            what = f"there is nothing for {operator.text}, which is left out"
            self._note("dangling_operator", what, operator.start, operator.end)
        elif token := self._take("operator"):
            self._note(
                "dangling_operator", f"nothing stands before {token.text}, which is left out", token.start, token.end
            )

    def _named(self, field: str | None) -> Node | None:
        """Read one part with the field before it and the boost behind it."""
        while name := self._take("field"):
            if not self._has_value():
                self._note("field_without_value", "no value follows; it is read as a word", name.start, name.end)
                return Word(start=name.start, end=name.end, text=name.text)
            if not self._tokens[self._at].touches and self._is_label(name):
                message = f"a space follows, so it is read as a word; without it, {name.text.lower()}: names a field"
                self._note("space_after_field", message, name.start, name.end)
                return Word(start=name.start, end=name.end, text=name.text)
            if not self._tokens[self._at].touches:
                self._note("space_after_field", "the space after the colon is left out", name.start, name.end)
            field = FIELDS[name.text.lower()]
        read = self._part(field)
        return self._boosted(read) if read is not None else None

    def _is_label(self, name: Token) -> bool:
        """Return whether a field's name with a space behind its colon is a part of a text, as in `Voter ID: …`."""
        first = self._at == 1 and name.text.islower()
        return not first or number_of_words(self._tokens[self._at :]) > FEW_WORDS

    def _has_value(self) -> bool:
        return self._at < len(self._tokens) and not self._peek("close", "operator", "sign")

    def _part(self, field: str | None) -> Node | None:
        if bracket := self._take("open"):
            return self._group(bracket, field)
        while self._at < len(self._tokens) and not self._peek("close", "operator", "field", "open", "sign"):
            leaf, self._at = self._leaves.read(self._tokens, self._at, field)
            if leaf is not None:
                return leaf
        return None

    def _group(self, bracket: Token, field: str | None) -> Node | None:
        self._open.append(bracket)
        if len(self._open) > MAX_DEPTH:
            place = f"{bracket.start}-{bracket.end}"
            raise Invalid("query_too_deep", f"brackets nest deeper than {MAX_DEPTH}", place)
        read = self._row(field)
        self._open.pop()
        close = self._take("close")
        if close is None:
            self._note("unbalanced_bracket", "this bracket is closed at the end", bracket.start, bracket.end)
        elif read is None:
            self._note("empty_group", "these brackets hold no words, and are left out", bracket.start, close.end)
        return read

    def _boosted(self, read: Node) -> Node:
        while token := self._take("boost"):
            boost = min(max(float(token.text or 1), LEAST_BOOST), GREATEST_BOOST)
            if not token.text or boost != float(token.text):
                self._note("boost_out_of_range", f"it is read as ^{boost:g}", token.start, token.end)
            read = boosted(read, boost)
        return read


def _not(part: Node | None) -> Node | None:
    if part is None:
        return None
    return part.part if isinstance(part, Not) else Not(part=part)


def _without_stars(parts: list[Node]) -> list[Node]:
    """Return the parts of a row without the stars that stand for anything, where there is something else."""
    others = [part for part in parts if not isinstance(part, MatchAll) or part.field]
    return others if any(not isinstance(part, Not) for part in others) else parts


def _joined(join: Callable[..., And | Or], parts: Sequence[Node]) -> Node | None:
    """Join parts; those that a bracket joins in the same way are taken out of it, since brackets there say nothing."""
    if len(parts) <= 1:
        return parts[0] if parts else None
    made = join(parts=())
    flat: list[Node] = []
    for part in parts:
        flat += part.parts if isinstance(part, And | Or) and replace(part, parts=()) == made else (part,)
    return join(parts=tuple(flat))
