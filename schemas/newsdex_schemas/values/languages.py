"""Language tags, and the ways in which platforms write them."""

import re
from functools import lru_cache
from typing import Annotated

from pydantic import BeforeValidator, StringConstraints

from newsdex_schemas.values.iso_639 import TWO_LETTERS

UNDETERMINED = frozenset({"und", "mis", "mul", "zxx", "posix", "root", "unknown", "null", "none", "invariant"})
"""Tags and names of locales that say no language."""
REPLACED = {**TWO_LETTERS, "iw": "he", "in": "id", "ji": "yi"}
"""What BCP 47 writes otherwise; the last are codes that Java wrote until its version 17."""
SCRIPT_CHARS, REGION_CHARS = 4, 2
MAX_LOCALE_CHARS = 100
"""Longer than any locale's name; what is longer is left as it is, and refused for its length."""


def _normal_tag(value: object) -> object:
    return normal_tag(value) if isinstance(value, str) and len(value) <= MAX_LOCALE_CHARS else value


@lru_cache(maxsize=1_000)
def normal_tag(text: str) -> str:
    """Return a language tag as BCP 47 writes it.

    `en_US`, `de_DE.UTF-8`, `ca_ES@valencia` and `zh_CN_#Hans` are names of locales in POSIX and Java; `deu`, `ger` and
    `German` are other names of `de`.
    """
    locale = re.split("[.@]", text.strip(), maxsplit=1)[0]
    name, _, java_script = locale.partition("#")
    first, *others = re.split("[-_]", name.rstrip("-_") if java_script else name)
    if re.fullmatch("[A-Za-z]{4}", java_script.partition("_")[0]):
        others = [java_script[:SCRIPT_CHARS], *filter(None, others)]
    first = first.lower()
    tag = [REPLACED.get(first, first)]
    for part in others:
        in_extension = any(len(before) == 1 for before in tag)
        tag.append(part.lower() if in_extension else _cased(part))
    return "-".join(tag)


def _cased(part: str) -> str:
    if part.isalpha() and len(part) == SCRIPT_CHARS:
        return part.title()
    return part.upper() if part.isalpha() and len(part) == REGION_CHARS else part.lower()


def _none_if_undetermined(value: object) -> object:
    """Return None for a tag of no known language, which is the zero value of several libraries."""
    if not isinstance(value, str):
        return value
    first = re.split("[-_.@]", value[:MAX_LOCALE_CHARS].strip(), maxsplit=1)[0]
    return None if first.lower() in UNDETERMINED else value


Language = Annotated[
    str,
    StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"),
    BeforeValidator(_normal_tag),
]
"""A BCP 47 language tag, such as `en`, `pt-BR` or `zh-Hans`; `en_US` is taken for `en-US`."""

OptionalLanguage = Annotated[Language | None, BeforeValidator(_none_if_undetermined)]
"""A language tag, or none."""
