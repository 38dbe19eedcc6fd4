"""All settings: read from the environment once, frozen, secrets masked when printed."""

import os
import re
from collections.abc import Iterable
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AnyUrl,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    TypeAdapter,
    UrlConstraints,
    ValidationError,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from newsdex.errors import Misconfigured
from newsdex.host.setting_files import FROM_FILES, file_variable, read_setting_files
from newsdex_schemas.misspelt import suggestion
from newsdex_schemas.ranking import MAX_HALF_LIFE_DAYS, MAX_RECENCY_WEIGHT


def _words(value: object) -> object:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _networks(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        ip_network(value)
    return values


GATEWAY_URL = "NEWSDEX_GATEWAY_URL"
"""What `newsdex env` prints for others; no setting of ours."""
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
"""A list in a variable, parted by commas or spaces."""
BROKER_URL = TypeAdapter(Annotated[AnyUrl, UrlConstraints(allowed_schemes=["nats", "tls"])])
ENCODED = "in a user or password write a comma as %2C, a blank as %20, / as %2F, : as %3A, @ as %40 and % as %25"


def _broker_urls(value: object) -> str:
    """Return the addresses of a broker's servers, parted by commas; one without a scheme has the first one's.

    A comma within a password parts it, too: its second half would be a server, and the first one be shown.
    """
    first, *others = [part for part in str(value).replace(",", " ").split() if part] or [""]
    scheme = first.partition("://")[0]
    for before, part in pairwise((first, *others)):
        if "@" in part and "://" not in part and "@" not in before:
            raise ValueError(f"before an @ there is a comma or a blank that parts two servers: {ENCODED}")
    urls = [first, *(url if "://" in url else f"{scheme}://{url}" for url in others)]
    for url in urls:
        if re.search(r"//[^/?#]*[/?#].*@", url):
            raise ValueError(f"there is an @ after the end of a server's address: {ENCODED}")
        try:
            BROKER_URL.validate_python(url)
        except ValidationError as error:
            fault = error.errors(include_input=False, include_url=False)[0]["msg"]
            raise ValueError(f"{fault}; {ENCODED}" if "@" in url and "scheme" not in fault else fault) from None
    return ",".join(urls)


BrokerUrls = Annotated[str, BeforeValidator(_broker_urls)]


class Settings(BaseSettings):
    """The settings of every newsdex process; each is read from `NEWSDEX_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="NEWSDEX_", frozen=True, extra="ignore", env_ignore_empty=True)

    data_dir: Annotated[Path, AfterValidator(Path.absolute)] = Field(
        default=Path("newsdex-data"), validate_default=True
    )
    """Folder of the archive, the index and the embedded broker's store."""
    broker_url: BrokerUrls | None = None
    """An external broker, or servers of its cluster; a comma in a password is `%2C`. Unset, the one of `newsdex up`."""
    broker_user: str | None = None
    broker_password: SecretStr | None = None
    broker_token: SecretStr | None = None
    broker_credentials: Path | None = None
    """A NATS credentials file."""
    broker_tls_ca: Path | None = None
    """Certificate authority for TLS; unset, the system's."""
    broker_tls_cert: Path | None = None
    broker_tls_key: Path | None = None
    broker_inbox_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$")] = "_INBOX"
    """Where replies come in; a user of its own inbox cannot read those of others."""
    broker_monitoring_url: Words = ()
    """HTTP monitoring addresses of all the broker's servers, where `sync_interval: always` is verified."""
    broker_replicas: int | None = Field(default=None, ge=1, le=5)
    """On how many servers of a cluster stream and consumers are kept, at least; unset, 3 in a cluster, else 1."""
    broker_port: int | None = Field(default=None, ge=0, le=65535)
    """Port of the embedded broker; 0 takes a free one. Unset, the one that it had last, else 4222, else a free one."""
    stream_max_bytes: int | None = Field(default=None, ge=1)
    """The size at which the stream refuses new events; unset, what the broker's store takes."""
    stream_keep_days: float = Field(default=30.0, gt=0)
    """How long the stream keeps handled events."""
    stream_keep_bytes: int | None = Field(default=None, ge=0)
    """How many bytes of handled events it keeps; unset, half of what stream or store may have."""
    stream_keep_unbacked_days: float = Field(default=30.0, ge=0)
    """How long it keeps handled events that no backup has, whatever the two above say."""
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=0, ge=0, le=65535)
    """Port of `/live`, `/ready` and `/metrics`; 0 takes a free one."""
    gateway_host: str = "127.0.0.1"
    """Where the HTTP gateway listens."""
    gateway_port: int | None = Field(default=None, ge=0, le=65535)
    """Its port; 0 takes a free one. Unset, 8080; with `newsdex up`, as `broker_port`."""
    gateway_hosts: Words = ()
    """Names that requests may be addressed to, beside its own; a page of another name could be one of an attacker."""
    gateway_trusted_proxies: Annotated[Words, AfterValidator(_networks)] = ()
    """Addresses or networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."""
    gateway_public_search: bool = False
    """Whether searches need no key wherever they come from."""
    gateway_cors_origins: Words = ()
    """Origins whose pages may read replies."""
    gateway_rate: float = Field(default=100.0, gt=0)
    """How many requests a second are taken from one address, for long; twice as many at once."""
    gateway_keys_file: Path | None = None
    """Where API keys are kept, as digests; unset, `api-keys.json` in the data folder."""
    relay_url: SecretStr | None = None
    """What `newsdex relay` reads; whole a secret, for it may have a password."""
    sink_url: SecretStr | None = None
    """Where `newsdex sink opensearch` writes; whole a secret, for it may have a password."""
    sink_tls_ca: Path | None = None
    """Certificate authority of that; unset, the system's."""
    searchers: int = Field(default=1, ge=1, le=64)
    """How many searcher processes `newsdex up` runs."""
    page_readers: int = Field(default=1, ge=1, le=64)
    """How many processes read HTML pages."""
    pages_cpu_s: float = Field(default=4.0, gt=0, le=60)
    """How many seconds of CPU one page may take before it is parked."""
    pages_memory_mib: int = Field(default=1024, ge=256)
    """How much memory such a process may have."""
    pages_keep_days: float = Field(default=365.0, ge=0, le=36_500)
    """How long scraped pages are kept, for `newsdex reprocess`; 0 keeps none."""
    ledger_days: int = Field(default=90, ge=1)
    """How long the ledger of outcomes is kept."""
    wordlists_dir: Path | None = None
    """A folder of stop words and synonyms; a file there stands in for the one of the same name that is shipped."""
    best_bets_file: Path | None = None
    """A YAML file of articles that are promoted for certain queries."""
    recency_weight: float = Field(default=0.2, ge=0, le=MAX_RECENCY_WEIGHT)
    """How much newer articles are preferred where a request does not say: an article of now counts 1 + this times."""
    recency_half_life_days: float = Field(default=30.0, gt=0, le=MAX_HALF_LIFE_DAYS)
    log_format: Literal["auto", "json", "pretty"] = "auto"
    """`auto` is pretty on a terminal, else JSON."""
    log_queries: Literal["off", "hash", "text"] = "off"
    """What a search's line has of its words: nothing, a digest that tells equal queries, or the text."""
    slow_query_ms: float | None = Field(default=None, ge=0)
    """A search that took so long has the line `query.slow`, a warning."""
    log_sample: float = Field(default=1.0, ge=0, le=1)
    """The part of `query.answered` and `event.accepted` lines that is written; those of faults always are."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    def masked(self) -> dict[str, str]:
        """Return every setting that is not as it would be by itself, as text for the log, without secrets."""
        fields = type(self).model_fields
        shown = {name: str(value) for name, value in self if value != fields[name].default}
        urls = {
            name: without_credentials(shown[name]) for name in ("broker_url", "broker_monitoring_url") if name in shown
        }
        return shown | urls


def without_credentials(url: str) -> str:
    """Return a URL for people and logs: user, password and token masked."""
    return re.sub(r"//[^/]*@", "//**********@", url)


def unknown_variables(environment: Iterable[str]) -> dict[str, str]:
    """Return the variables that look like settings and are none, each with what may be meant."""
    known = [f"NEWSDEX_{name.upper()}" for name in Settings.model_fields] + [file_variable(name) for name in FROM_FILES]
    return {
        name: suggestion(name, known)
        for name in sorted(environment)
        if name.upper().startswith("NEWSDEX_") and name.upper() not in (*known, GATEWAY_URL)
    }


def load_settings(**given: Any) -> Settings:
    """Read the environment and the files it names; what is given goes before them.

    Raises `Misconfigured` naming the variable that is wrong.
    """
    files = read_setting_files(os.environ)
    try:
        return Settings(**(files | given))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise Misconfigured("invalid_setting", f"NEWSDEX_{name}: {first['msg']}") from error
