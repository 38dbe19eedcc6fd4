"""Files for browsers, under names with a digest: a browser may keep each for ever."""

import hashlib
import mimetypes
from importlib.resources import files
from typing import NamedTuple


class Asset(NamedTuple):
    """A file and how it is sent."""

    name: str
    """With the digest."""
    content: bytes
    media_type: str


class Assets:
    """The files of `static/`, read once."""

    def __init__(self) -> None:
        folder = files("newsdex.gateway") / "static"
        self._by_file = {file.name: _asset(file.name, file.read_bytes()) for file in folder.iterdir() if file.is_file()}
        self._by_name = {asset.name: asset for asset in self._by_file.values()}

    def address(self, file: str) -> str:
        """Return the address of a file; raise `KeyError` where there is none of this name."""
        return f"/assets/{self._by_file[file].name}"

    def named(self, name: str) -> Asset | None:
        """Return the file at an address."""
        return self._by_name.get(name)


def _asset(file: str, content: bytes) -> Asset:
    stem, _, suffix = file.rpartition(".")
    digest = hashlib.blake2b(content, digest_size=6).hexdigest()
    media_type = mimetypes.guess_type(file, strict=True)[0] or "application/octet-stream"
    return Asset(f"{stem}.{digest}.{suffix}", content, media_type)
