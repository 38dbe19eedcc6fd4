"""Keys of the HTTP gateway: a file of their digests, which tells nobody a key."""

import fcntl
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from newsdex.errors import Invalid, Misconfigured
from newsdex.host.durable import replace_durably
from newsdex.settings import Settings

FILE_NAME = "api-keys.json"
PREFIX = "newsdex-"
"""So that scanners of source code know a key that was left there."""
SECRET_BYTES = 32
"""Nobody guesses so many, so that one SHA-256 hides them as well as a slow hash would."""
Scope = Literal["search", "publish", "operate"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey:
    """One key, without the key itself."""

    name: str
    scopes: tuple[str, ...]
    digest: str
    """SHA-256, hexadecimal."""
    created_at: str


def keys_file(settings: Settings) -> Path:
    """Return where the keys of a gateway are kept."""
    return settings.gateway_keys_file or settings.data_dir / FILE_NAME


def read_keys(path: Path) -> tuple[ApiKey, ...]:
    """Return the keys of a file, none where there is none; raise `Misconfigured` where it cannot be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return tuple(ApiKey(**one | {"scopes": tuple(one["scopes"])}) for one in content["keys"])
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Misconfigured("keys_unreadable", f"{path} cannot be read as a file of API keys") from error


def add_key(path: Path, name: str, scopes: Sequence[str]) -> str:
    """Make a key and return it; its digest only is kept. Raises `Invalid` for a name that is taken."""
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    created_at = datetime.now(UTC).isoformat(timespec="seconds")
    key = ApiKey(name=name, scopes=tuple(scopes), digest=_digest(secret), created_at=created_at)

    def with_key(keys: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
        if any(one.name == name for one in keys):
            raise Invalid("key_exists", f"there is a key named {name}")
        return (*keys, key)

    _change(path, with_key)
    return secret


def revoke_key(path: Path, name: str) -> None:
    """Let a key open nothing from now on; raise `Invalid` where there is none of this name."""

    def without_key(keys: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
        left = tuple(one for one in keys if one.name != name)
        if left == keys:
            raise Invalid("unknown_key", f"there is no key named {name}")
        return left

    _change(path, without_key)


class Keyring:
    """The keys of a file, read again when it changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: object = None
        self._by_digest: dict[str, ApiKey] = {}

    def find(self, secret: str) -> ApiKey | None:
        """Return what a key opens; raise `Misconfigured` where the file cannot be read: then none opens anything."""
        # by its digest: how long looking takes tells nothing about a key
        return self.with_digest(_digest(secret))

    def with_digest(self, digest: str) -> ApiKey | None:
        """Return the key of a digest, unless it was revoked; raise as `find` does."""
        seen = self._look()
        if seen != self._seen:
            self._by_digest = {key.digest: key for key in read_keys(self._path)}
            self._seen = seen
        return self._by_digest.get(digest)

    def _look(self) -> object:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return (found.st_ino, found.st_mtime_ns, found.st_size)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _change(path: Path, change: Callable[[tuple[ApiKey, ...]], tuple[ApiKey, ...]]) -> None:
    """Replace the file; two that change it at once wait for each other."""
    try:
        with _alone(path):
            keys = change(read_keys(path))
            replace_durably(path, json.dumps({"keys": [asdict(key) for key in keys]}, indent=1))
    except OSError as error:
        raise Misconfigured("keys_unwritable", f"{path}: {error.strerror or error}") from error


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
