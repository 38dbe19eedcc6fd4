"""What is promised of words that articles write in parts: the request's time bounds the search for them."""

import math
import time
from collections import Counter
from pathlib import Path

from tests.scenarios.corpus import Corpus

from newsdex.index.lexicon.compounds import slogans
from newsdex.index.lexicon.related_terms import RelatedTerms


def test_ways_that_there_was_no_time_to_find_are_looked_for_again(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish({"id": "a", "title": "Old wind mill", "body": "Save the pier."})
        corpus.index()
        words = RelatedTerms(corpus.reader.view().snapshot)
        late = words.parted("windmill", time.monotonic()), words.parted("savethepier", time.monotonic())
        found = words.parted("windmill", math.inf), words.parted("savethepier", math.inf)

    assert ((), ()) == late
    assert (("wind mill",), ("save the pier",)) == found


def test_other_hashtags_do_not_displace_the_words_of_one() -> None:
    known = Counter(["save", "the", "pier", "savethe", "thepier", "savethepier", "savethepi", "er"])

    assert ["save the pier"] == list(slogans("savethepier", known.__getitem__))
