"""Makes characters visible that would steer a terminal, or turn around how a line reads."""

import re

_SHOWN = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"}
"""Control characters of ASCII, as Unicode's pictures of them; tabs and line feeds stay what they are."""
_SHOWN[0x7F] = "\u2421"
_ESCAPED = (*range(0x80, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A))
"""Control codes of ISO 6429, separators of lines, and embeddings, overrides and isolates of direction."""
_TABLE = {**_SHOWN, **{code: f"\\u{code:04x}" for code in _ESCAPED}}
_IN_JSON = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """Return a text with every such character replaced by what shows it."""
    return text.translate(_TABLE)


def visible_json(json: str) -> str:
    """Return JSON with every such character as an escape: the same values for whoever reads it."""
    return _IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", json)
