"""Builds the nodes that are run straight from a query's syntax tree: stop words out, words expanded, pairs counted.

Where words stand in a row, their order carries meaning: neighbours that are neighbours in an article too raise its
score, and several words may have a synonym together. Parts joined by AND or OR are a set.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import pairwise

from whoosh import query as q
from whoosh.query import Query

from newsdex.editors.wordlists import WordList
from newsdex.index.columnar.query.bm25f import WordQuery
from newsdex.index.columnar.query.score_nodes import Decay, MinShouldMatch, ProximityBoost, RecencyBoost, WordPair
from newsdex.index.text.emoji import is_emoji
from newsdex.index.text.scripts import is_unspaced
from newsdex.search.language.ast import And, Fuzzy, Leaf, Node, Not, Or, Phrase, Wildcard, Word, words_text
from newsdex.search.language.dates import QueryClock
from newsdex.search.language.plain_text import FEW_WORDS
from newsdex.search.plan.clauses import TextClause, other_query, phrase_query, run_clauses, text_clause, text_query
from newsdex.search.plan.expansion import Expansion
from newsdex.search.plan.pinned_vocabulary import Vocabulary

DESCRIPTION_ENOUGH = 10
"""Where fewer articles have all words of a description, most of the words are enough: the first page is not filled."""

REPEATED = 0.5
"""A word that stands n times in a query counts n to the power of this times: a description repeats what it is about."""
OF_PAIRS = 4
"""Where there are pairs of signs among the words, one of so many must match."""

FIRST = 1_000.0
"""Added to the score of what stands before all else: more than the words of a usual query add up to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryPlan:
    """A query to run, and what was decided on the way to it."""

    query: Query
    counted: Query
    """The part of it with the words that count: they are marked in the hits."""
    enough: int = 0
    """Where fewer are found, `most_words` is worth a try."""
    at_least: int | None = None
    """How many of the words must match; None where all must."""
    corrections: dict[str, str] = field(default_factory=dict)
    """Unknown word → what is looked for in its place."""
    in_parts: dict[str, str] = field(default_factory=dict)
    """Word that no article has as one → its parts, which some have side by side."""
    related: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Word → words that begin like it, and raise what else matches."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryBuilder:
    """Builds the plans of one request; `decay` is None where the order is not by relevance."""

    vocabulary: Vocabulary
    wordlist: WordList
    languages: tuple[str, ...]
    clock: QueryClock
    decay: Decay | None = None

    def all_words(self, tree: Node | None) -> QueryPlan:
        """Return the plan whose matches have every word that is no stop word; those with more of these come first."""
        if tree is None:
            return QueryPlan(query=q.NullQuery, counted=q.NullQuery)
        draft = self._draft(tree, every=True)
        made = draft.node(tree)
        clauses = _clauses(_parts(tree))
        content = draft.content(clauses)
        number = sum(len(one.split()) if is_unspaced(one.words[0].spelled) else 1 for one in content)
        enough = 0 if number <= 1 else 1 if number <= FEW_WORDS else DESCRIPTION_ENOUGH
        small = [draft.expansion.expand(one) for one in draft.small_words(clauses, content)] if self.decay else []
        plan = self._plan(reduce(q.AndMaybe, small, made), draft)
        first = [q.ConstantScoreQuery(node, FIRST) for node in [*small, *draft.unbroken(tree)]]
        return replace(plan, query=reduce(q.AndMaybe, first, plan.query), counted=made, enough=enough)

    def most_words(self, tree: Node | None, *, every: QueryPlan | None, at_least: int | None = None) -> QueryPlan:
        """Return the plan whose matches have at least so many of the `optional_words`, by default half, and all else.

        What matches `every`, which asks for all, comes first, in its order there.
        """
        free = optional_words(tree)
        if tree is None or not free:
            return self.all_words(tree)
        draft = self._draft(tree, every=False)
        some = draft.some_of(free, at_least)
        rest = tuple(part for part in tree.parts if part not in free) if isinstance(tree, And) else ()
        plan = self._plan(draft.conjunction(rest, [some]) if rest else some, draft)
        if every is None or self.decay is None:
            return plan
        before = q.And([every.query, q.ConstantScoreQuery(q.Every(), FIRST)])
        return replace(plan, query=q.DisjunctionMax([plan.query, before]))

    def small_words(self, tree: Node) -> tuple[str, ...]:
        """Return the stop words of a query, as they stand in it, that articles need not have."""
        draft, clauses = self._draft(tree, every=True), _clauses(_parts(tree))
        small = draft.small_words(clauses, draft.content(clauses))
        return tuple(word.spelled for clause in small for word in clause.words)

    def _draft(self, tree: Node, *, every: bool) -> "_Draft":
        expansion = Expansion(
            vocabulary=self.vocabulary, wordlist=self.wordlist, languages=self.languages, every=every
        )  # fmt: skip
        return _Draft(self, expansion, shouted=words_text(tree).isupper())

    def _plan(self, node: Query, draft: "_Draft") -> QueryPlan:
        if self.decay is not None and self.decay.weight > 0:
            node = RecencyBoost(child=node, decay=self.decay)
        return QueryPlan(
            query=node, counted=node, at_least=draft.at_least, corrections=draft.expansion.corrections,
            in_parts=draft.expansion.in_parts, related=draft.expansion.related,
        )  # fmt: skip


class _Draft:
    """One plan in the making."""

    def __init__(self, builder: QueryBuilder, expansion: Expansion, *, shouted: bool) -> None:
        self.expansion = expansion
        self._builder = builder
        self._shouted = shouted
        """Whether all the words of the query are in capitals."""
        self.at_least: int | None = None

    def node(self, tree: Node) -> Query:
        """Return the node of a part that must, or may, match."""
        match tree:
            case Leaf():
                if run := run_clauses(tree):
                    return self.run(tree, run)
                clause = text_clause(tree)
                return self.expansion.expand(clause) if clause else self._other(tree)
            case And(parts=parts):
                return self.conjunction(parts, explicit=tree.explicit)
            case Or(parts=parts):
                return q.Or([self.node(part) for part in parts])
        return matching(tree, self._builder.clock, self._builder.languages)

    def _other(self, leaf: Leaf) -> Query:
        return other_query(leaf, self._builder.clock, self._builder.languages)

    def conjunction(self, parts: Sequence[Node], first: Sequence[Query] = (), *, explicit: bool = False) -> Query:
        """Return the node of parts that must all match, beside nodes that must, too."""
        positive = [part for part in parts if not isinstance(part, Not) and not _is_preferred(part)]
        clauses = _clauses(positive)
        if not explicit:
            self.expansion.join(clauses)
        content = self.content(clauses)
        words = list(map(self.expansion.expand, content)) if explicit else self.in_a_row(content)
        others = [self.node(part) for part in positive if not _free_clauses(part)]
        wanted = [*first, *words, *others]
        unwanted = [
            matching(part.part, self._builder.clock, self._builder.languages)
            for part in parts
            if isinstance(part, Not)
        ]  # fmt: skip
        joined = _conjunction(wanted, unwanted)
        joined = joined if explicit else self.with_pairs(joined, words)
        return reduce(q.AndMaybe, map(self.node, filter(_is_preferred, parts)), joined)

    def some_of(self, parts: Sequence[Node], at_least: int | None) -> Query:
        """Return the node of parts of which so many must match; None is half of them."""
        clauses = _clauses(parts)
        words_ = [word for clause in clauses for word in clause.split()]
        self.expansion.join(words_)
        content = self.content(words_)
        words = self.in_a_row(content)
        made = (*words, *(self.node(part) for part in parts if not _free_clauses(part)))
        # pairs of signs may lie over the edges of words: of these, fewer are enough
        enough = max(1, len(made) // OF_PAIRS) if any(map(run_clauses, parts)) else (len(made) + 1) // 2
        self.at_least = enough if at_least is None else at_least
        bridges = self.small_words([clause for clause in clauses if clause.bridge], content)
        node = self.with_pairs(MinShouldMatch(parts=made, at_least=self.at_least), words)
        return reduce(q.AndMaybe, map(self.expansion.expand, bridges), node)

    def run(self, leaf: Leaf, clauses: Sequence[TextClause]) -> Query:
        """Return the node of a leaf in a script without spaces by itself: what it asks for, unbroken first."""
        node = _conjunction([self.expansion.expand(one) for one in self.content(clauses)], [])
        if self._builder.decay is None:
            return node
        return reduce(q.AndMaybe, [q.ConstantScoreQuery(one, FIRST) for one in self.unbroken(leaf)], node)

    def unbroken(self, tree: Node) -> list[Query]:
        """Return the nodes of the articles that have the runs of a query as they stand in it."""
        if self._builder.decay is None:
            return []
        runs = [part for part in _parts(tree) if len(_free_clauses(part)) > 1]
        return [phrase_query(clause, self._builder.languages) for part in runs if (clause := text_clause(part))]

    def content(self, clauses: Sequence[TextClause]) -> list[TextClause]:
        """Return the words that count: no stop words where there are others, and each once.

        A word that is repeated counts more, the less so the more often. Which form stands for several must not depend
        on their order, nor on their boosts, of which the greatest counts.
        """
        if len(clauses) <= 1:
            return list(clauses)
        alike: dict[tuple[str | bool, ...], list[TextClause]] = {}
        for one in [one for one in clauses if not self._is_stop_word(one)] or clauses:
            alike.setdefault(one.key, []).append(one)
        return [_once(same) if len(same) > 1 else same[0] for same in alike.values()]

    def small_words(self, clauses: Sequence[TextClause], content: Sequence[TextClause]) -> list[TextClause]:
        """Return the stop words that do not count, each once."""
        counted = {one.key for one in content}
        return list({one.key: one for one in clauses if one.key not in counted}.values())

    def _is_stop_word(self, clause: TextClause) -> bool:
        if clause.bridge or len(clause.words) != 1:
            return clause.bridge
        spelled, folded, _ = clause.words[0]
        # WHO and IT are names, unless everything is in capitals
        name = len(spelled) > 1 and spelled.isupper() and not self._shouted
        return not name and (folded in self._builder.wordlist.stop_words or is_emoji(folded))

    def in_a_row(self, clauses: Sequence[TextClause]) -> list[Query]:
        """Return a node for each word, or for several words in a row that have synonyms together."""
        made: list[Query] = []
        at, wordlist = 0, self._builder.wordlist
        while at < len(clauses):
            lengths = range(min(wordlist.longest, len(clauses) - at), 1, -1)
            length = next((n for n in lengths if _stems(clauses[at : at + n]) in wordlist.synonyms), 1)
            nodes = [self.expansion.expand(clause, related=length == 1) for clause in clauses[at : at + length]]
            if length == 1:
                made += nodes
            else:
                synonyms = wordlist.synonyms[_stems(clauses[at : at + length])]
                made.append(q.Or([q.And(nodes), *(self.expansion.synonym(one, clauses[at]) for one in synonyms)]))
            at += length
        return made

    def with_pairs(self, node: Query, words: Sequence[Query]) -> Query:
        """Return a node with a bonus where neighbouring words of the query are neighbours in an article, too."""
        if len(words) <= 1 or self._builder.decay is None:
            return node
        heads = pairwise(map(_head, words))
        pairs = tuple(WordPair(first=one, second=other) for one, other in heads if one and other)
        return ProximityBoost(child=node, pairs=pairs) if pairs else node


def optional_words(tree: Node | None) -> list[Leaf]:
    """Return the words that a search may do without where nothing has all: those that just stand in a row."""
    if isinstance(tree, Word) and tree.field is None and _number_of_words(tree) > 1:
        return [] if tree.required else [tree]
    if not isinstance(tree, And) or tree.explicit:
        return []
    kinds = (Word, Wildcard, Fuzzy)
    return [part for part in tree.parts if isinstance(part, kinds) and part.field is None and not part.required]


def number_of_optional(tree: Node | None) -> int:
    """Return the number of the `optional_words`; those of a script without spaces are counted one by one."""
    return sum(_number_of_words(leaf) for leaf in optional_words(tree))


def _number_of_words(leaf: Leaf) -> int:
    return sum(len(clause.split()) for clause in run_clauses(leaf) if not clause.bridge) or 1


def matching(tree: Node | None, clock: QueryClock, languages: tuple[str, ...]) -> Query:
    """Return the query of exactly what a syntax tree asks for: every word, and nothing that stands for one."""

    def node(part: Node) -> Query:
        match part:
            case Leaf():
                clause = text_clause(part)
                return text_query(clause, languages) if clause else other_query(part, clock, languages)
            case And(parts=parts):
                unwanted = [node(one.part) for one in parts if isinstance(one, Not)]
                return _conjunction([node(one) for one in parts if not isinstance(one, Not)], unwanted)
            case Or(parts=parts):
                return q.Or([node(one) for one in parts])
        return q.Not(node(part.part))

    return q.NullQuery if tree is None else node(tree)


def _conjunction(wanted: Sequence[Query], unwanted: Sequence[Query]) -> Query:
    """Return the node of what matches everything wanted; what is unwanted has no part in the score."""
    if not wanted:
        return q.And([q.Not(node) for node in unwanted])
    joined = wanted[0] if len(wanted) == 1 else q.And(wanted)
    if not unwanted:
        return joined
    return q.AndNot(joined, unwanted[0] if len(unwanted) == 1 else q.Or(unwanted))


def _free_clauses(part: Node) -> Sequence[TextClause]:
    """Return what a part looks for in every field of full text: a word or phrase, or the pieces of a run."""
    if not isinstance(part, Leaf) or part.field is not None:
        return []
    clause = text_clause(part)
    return run_clauses(part) or ([clause] if clause else [])


def _clauses(parts: Sequence[Node]) -> list[TextClause]:
    return [clause for part in parts if not _is_preferred(part) for clause in _free_clauses(part)]


def _parts(tree: Node) -> tuple[Node, ...]:
    return tree.parts if isinstance(tree, And) else (tree,)


def _is_preferred(part: Node) -> bool:
    """Return whether articles without a part match, too; those with it come first."""
    return isinstance(part, Phrase) and part.preferred


def _once(same: Sequence[TextClause]) -> TextClause:
    """Return one word for a word that is repeated."""
    least = min(same, key=lambda clause: (clause.words, clause.slop))
    return replace(least, boost=max(one.boost for one in same) * len(same) ** REPEATED)


def _stems(clauses: Sequence[TextClause]) -> tuple[str, ...]:
    return tuple(word.stem for clause in clauses for word in clause.words)


def _head(node: Query) -> WordQuery | None:
    """Return the word itself of a node that is a word with others that stand for it."""
    while type(node) in (q.Or, q.DisjunctionMax):
        node = node.subqueries[0]
    return node if isinstance(node, WordQuery) else None
