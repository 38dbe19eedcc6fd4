"""Makes the tags of XML plain, in whatever encoding it is: what bounds a document looks at its bytes."""

import codecs
import re

from newsdex.errors import Invalid

MAX_DECLARATION_BYTES = 500
_ENCODING = re.compile(rb"encoding=(?:'([^']*)'|\"([^\"]*)\")")
_DECLARED = re.compile(rb"<\?xml\s[^<>]*?\sencoding\s*=\s*(?:'([\w.:-]*)'|\"([\w.:-]*)\")")
_PLAIN = bytes(range(32, 92)) + bytes(range(93, 127)) + b"\x1b$B<!\x1b(B ~{<!~}\\"
"""What most encodings read as ASCII does: in UTF-7 or ISO-2022 a tag can be hidden from who looks at the bytes."""
_JAPANESE = ("iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_2004", "iso2022_jp_3", "iso2022_jp_ext")
_SHIFTING = {**dict.fromkeys(_JAPANESE, "iso2022_jp_ext"), "iso2022_kr": "iso2022_kr", "hz": "hz"}
"""Encodings of real feeds in which some bytes mean something else: they are decoded first, and by which codec."""


def with_plain_tags(content: bytes) -> bytes:
    """Return XML in an encoding that writes tags as ASCII does; raise `Invalid` for others, in which they can hide.

    Its declaration is on a line of its own then, as the reader of feeds tries every quote on that line.
    """
    if not content.removeprefix(b"\xef\xbb\xbf").startswith(b"<?"):
        return content
    head = content[:MAX_DECLARATION_BYTES]
    end = next((head.index(sign) + len(sign) for sign in (b"?>", b">") if sign in head), None)
    if end is None:
        if b"encoding=" in content.partition(b"\n")[0]:
            raise Invalid("unreadable_format", f"a document's declaration has at most {MAX_DECLARATION_BYTES} bytes")
        return content
    declaration, rest = content[:end], content[end:]
    for found in _ENCODING.finditer(declaration):
        name = (found[1] or found[2] or b"").decode("ascii", "replace")
        if _is_like_ascii(name) is not False:  # feedparser does not use one that is unknown
            continue
        codec = codecs.lookup(name).name
        if other := _SHIFTING.get(codec):
            rest = rest.decode(other, "replace").encode()
        elif not codec.startswith(("utf-16", "utf-32")):  # these are not what a declaration that can be read is in
            raise Invalid("unreadable_format", f"a document in {name}, which newsdex does not read")
        return _ENCODING.sub(b'encoding="utf-8"', declaration) + b"\n" + rest
    return declaration + b"\n" + rest


def declared_encoding(content: bytes) -> str:
    """Return the encoding that XML declares; raise `Invalid` for one that may hide tags, as one that is unknown may."""
    found = _DECLARED.match(content)
    name = (found[1] or found[2] or b"").decode("ascii") if found else "utf-8"
    if not _is_like_ascii(name):
        raise Invalid("unreadable_format", f"a document in {name}, which newsdex does not read")
    return name


def _is_like_ascii(encoding: str) -> bool | None:
    """Return whether ASCII is itself in an encoding; None for one that is unknown."""
    try:
        return _PLAIN.decode(encoding) == _PLAIN.decode("ascii")
    except UnicodeError:
        return False
    except (LookupError, ValueError):
        return None
