"""What someone has typed so far, read as words of which the last may be unfinished: pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape

from newsdex.index.text.analysis import plain_form, stem_of, words


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """Some finished words, as they stand, and the beginning of another one, folded."""

    text: str
    finished: Sequence[str]
    beginning: str
    beginning_at: int
    """Where it starts in the text."""

    @classmethod
    def read(cls, text: str) -> "Typed | None":
        """Read what was typed; None where it has no word."""
        found = list(words(text))
        if not found:
            return None
        *finished, (beginning, at, _) = found
        return cls(
            text=text, finished=[word for word, _, _ in finished], beginning=plain_form(beginning), beginning_at=at
        )

    def completed(self, word: str) -> str:
        """Return the text with its last word completed."""
        return self.text[: self.beginning_at].lstrip() + word

    def marked(self, text: str) -> str:
        """Return another text escaped for HTML, with what was typed of it between marks."""
        stems = {stem_of(plain_form(word)) for word in self.finished}
        marked, at = "", 0
        for word, start, _ in words(text):
            chars = self._typed_chars(word, stems)
            if chars and start >= at:  # pairs of an unspaced script overlap
                marked += f"{escape(text[at:start])}<mark>{escape(text[start : start + chars])}</mark>"
                at = start + chars
        return marked + escape(text[at:])

    def _typed_chars(self, word: str, stems: Collection[str]) -> int:
        """Return how many characters of a word were typed."""
        folded = plain_form(word)
        if folded.startswith(self.beginning):
            # a folded word may be of another length, as with an apostrophe
            return len(self.beginning) if len(folded) == len(word) else len(word)
        return len(word) if stem_of(folded) in stems else 0
