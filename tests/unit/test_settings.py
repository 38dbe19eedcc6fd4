"""Settings come from the environment, name the variable that is wrong, and never tell a secret."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from newsdex.broker.address import broker_urls
from newsdex.errors import Misconfigured
from newsdex.settings import Settings, load_settings, unknown_variables

SECRET = "kestrel-7c1"
GIVEN: dict[str, tuple[str, Any]] = {
    "data_dir": ("/srv/newsdex", Path("/srv/newsdex")),
    "broker_url": ("nats://broker.example:4222", "nats://broker.example:4222"),
    "broker_user": ("newsdex", "newsdex"),
    "broker_password": (SECRET, SECRET),
    "broker_token": (SECRET, SECRET),
    "broker_credentials": ("/etc/newsdex.creds", Path("/etc/newsdex.creds")),
    "broker_tls_ca": ("/etc/ca.pem", Path("/etc/ca.pem")),
    "broker_tls_cert": ("/etc/cert.pem", Path("/etc/cert.pem")),
    "broker_tls_key": ("/etc/key.pem", Path("/etc/key.pem")),
    "broker_inbox_prefix": ("_INBOX.desk", "_INBOX.desk"),
    "broker_monitoring_url": ("http://broker.example:8222", ("http://broker.example:8222",)),
    "broker_replicas": ("3", 3),
    "broker_port": ("4333", 4333),
    "stream_max_bytes": ("1000000", 1_000_000),
    "stream_keep_days": ("7", 7.0),
    "stream_keep_bytes": ("500000", 500_000),
    "stream_keep_unbacked_days": ("0", 0.0),
    "http_host": ("0.0.0.0", "0.0.0.0"),
    "http_port": ("8080", 8080),
    "gateway_host": ("0.0.0.0", "0.0.0.0"),
    "gateway_port": ("8081", 8081),
    "gateway_hosts": ("search.example, www.search.example", ("search.example", "www.search.example")),
    "gateway_trusted_proxies": ("10.0.0.0/8,::1", ("10.0.0.0/8", "::1")),
    "gateway_public_search": ("true", True),
    "gateway_cors_origins": ("https://site.example", ("https://site.example",)),
    "gateway_rate": ("5", 5.0),
    "gateway_keys_file": ("/etc/newsdex/keys.json", Path("/etc/newsdex/keys.json")),
    "relay_url": (f"kafka://desk:{SECRET}@kafka.example/news", f"kafka://desk:{SECRET}@kafka.example/news"),
    "sink_url": (f"https://sink:{SECRET}@search.example:9200", f"https://sink:{SECRET}@search.example:9200"),
    "sink_tls_ca": ("/etc/search-ca.pem", Path("/etc/search-ca.pem")),
    "searchers": ("3", 3),
    "page_readers": ("2", 2),
    "pages_cpu_s": ("2.5", 2.5),
    "pages_memory_mib": ("512", 512),
    "pages_keep_days": ("30", 30.0),
    "ledger_days": ("7", 7),
    "wordlists_dir": ("/etc/newsdex/words", Path("/etc/newsdex/words")),
    "best_bets_file": ("/etc/newsdex/best-bets.yaml", Path("/etc/newsdex/best-bets.yaml")),
    "recency_weight": ("0.5", 0.5),
    "recency_half_life_days": ("7", 7.0),
    "log_format": ("json", "json"),
    "log_queries": ("hash", "hash"),
    "slow_query_ms": ("250", 250.0),
    "log_sample": ("0.5", 0.5),
    "log_level": ("WARNING", "WARNING"),
}
"""Setting → its variable's text and the value it stands for."""


def give(monkeypatch: pytest.MonkeyPatch, **texts: str) -> None:
    for name, text in texts.items():
        monkeypatch.setenv(f"NEWSDEX_{name.upper()}", text)


def plain(value: Any) -> Any:
    """Return a value as the table above writes it."""
    if hasattr(value, "get_secret_value"):
        return value.get_secret_value()
    return str(value) if value.__class__.__name__ == "AnyUrl" else value


def test_each_setting_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, **{name: text for name, (text, _) in GIVEN.items()})

    assert {name: value for name, (_, value) in GIVEN.items()} == {
        name: plain(value) for name, value in load_settings()
    }


def test_everything_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable counts as unset, as in a compose file with `${NAME:-}`."""
    defaults = load_settings()
    give(monkeypatch, **dict.fromkeys(GIVEN, ""))

    assert defaults == load_settings()
    assert ("127.0.0.1", None) == (defaults.http_host, defaults.broker_url)


def test_what_is_given_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, searchers="3")

    assert 5 == load_settings(searchers=5).searchers


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().searchers = 2  # type: ignore[misc]  # what the type checker refuses, too


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("broker_url", f"http://newsdex:{SECRET}@broker.example"),
        ("broker_url", f"ws://newsdex:{SECRET}@broker.example"),
        ("broker_url", "broker.example:4222"),
        ("broker_url", ","),
        ("broker_url", f"nats://broker.example,http://newsdex:{SECRET}@broker.example"),
        ("broker_replicas", "6"),
        ("broker_port", "65536"),
        ("http_port", "-1"),
        ("gateway_rate", "0"),
        ("gateway_trusted_proxies", "proxy.example"),
        ("searchers", "0"),
        ("searchers", "many"),
        ("ledger_days", "0"),
        ("stream_max_bytes", "0"),
        ("stream_keep_days", "0"),
        ("stream_keep_unbacked_days", "-1"),
        ("log_format", "xml"),
        ("log_level", "info"),
    ],
)
def test_a_wrong_setting_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    give(monkeypatch, **{name: text})
    with pytest.raises(Misconfigured) as fault:
        load_settings()

    assert "invalid_setting" == fault.value.code
    assert fault.value.message.startswith(f"NEWSDEX_{name.upper()}: ")
    assert SECRET not in fault.value.message


@pytest.mark.parametrize("url", ["nats://broker.example", "tls://broker.example:4222", "nats://[::1]:4222"])
def test_a_broker_is_given_by_a_nats_or_tls_url(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    give(monkeypatch, broker_url=url)

    assert url == load_settings().broker_url


@pytest.mark.parametrize(
    "text",
    [
        "nats://one:4222,nats://two:4223",
        "nats://one:4222, two:4223",
        "nats://one:4222,two:4223,",
        "nats://u:p@one:4222,two:4223",
    ],
)
def test_servers_of_a_cluster_are_parted_by_commas(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    give(monkeypatch, broker_url=text)

    assert ["nats://one:4222", "nats://two:4223"] == broker_urls(load_settings())


@pytest.mark.parametrize("char", [",", " ", "/", "#", "?"])
@pytest.mark.parametrize("start", ["newsdex:7", "newsdex:hush", "hush"], ids=["digits", "letters", "token"])
@pytest.mark.parametrize("before", ["", "nats://newsdex:p@one.example,", "nats://newsdex:p@one.example,nats://"])
def test_a_password_with_a_separator_is_refused_with_how_to_write_it(
    monkeypatch: pytest.MonkeyPatch, char: str, start: str, before: str
) -> None:
    url = f"{before or 'nats://'}{start}{char}{SECRET}@broker.example:4222"
    give(monkeypatch, broker_url=url)
    with pytest.raises(Misconfigured, match="%2C") as fault:
        load_settings()
    give(monkeypatch, broker_url=url.replace(f"{start}{char}", f"{start}%{ord(char):02X}"))

    assert SECRET not in fault.value.message
    assert "broker.example:4222" in broker_urls(load_settings())[-1]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("broker_password", SECRET),
        ("broker_token", SECRET),
        ("broker_url", f"nats://newsdex:{SECRET}@broker.example:4222"),
        ("broker_url", f"tls://newsdex:{SECRET}%40%2F@broker.example"),
        ("broker_url", f"nats://:{SECRET}@broker.example"),
        ("broker_url", f"nats://newsdex:{SECRET}@broker.example,nats://newsdex:{SECRET}@other.example"),
        ("broker_url", f"nats://{SECRET}@broker.example"),
        ("broker_monitoring_url", f"http://newsdex:{SECRET}@broker.example:8222"),
    ],
    ids=["password", "token", "url", "encoded", "nameless", "cluster", "token in url", "monitoring"],
)
def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    """A URL's user without a password is a token to NATS."""
    give(monkeypatch, **{name: text})
    shown = load_settings().masked()[name]

    assert SECRET not in shown
    assert "broker.example" in shown or name in {"broker_password", "broker_token"}


@pytest.mark.parametrize("name", ["broker_password", "broker_token"])
def test_a_secret_is_not_in_the_settings_own_text(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    give(monkeypatch, **{name: SECRET})

    assert SECRET not in f"{load_settings()!r} {load_settings()}"


def test_what_is_shown_is_text_and_names_every_setting_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, **{name: text for name, (text, _) in GIVEN.items()})
    shown = load_settings().masked()

    assert list(GIVEN) == list(shown) == list(Settings.model_fields)
    assert {str} == {type(text) for text in shown.values()}
    assert "4333" == shown["broker_port"]


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("NEWSDEX_SEARCHER", "did you mean NEWSDEX_SEARCHERS?"),
        ("newsdex_brokr_url", "did you mean NEWSDEX_BROKER_URL?"),
        ("NEWSDEX_LOGLEVEL", "did you mean NEWSDEX_LOG_LEVEL?"),
    ],
)
def test_a_misspelt_variable_is_named_with_what_may_be_meant(name: str, suggestion: str) -> None:
    environment = ["PATH", "NEWSDEX_DATA_DIR", "newsdex_searchers", "NEWSDEXTER", name]

    assert {name: suggestion} == unknown_variables(environment)


def test_a_secret_may_be_in_a_file_as_docker_and_systemd_give_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (path := tmp_path / "password").write_text(f"{SECRET}\n", encoding="utf-8")
    monkeypatch.setenv("NEWSDEX_BROKER_PASSWORD_FILE", str(path))
    settings = load_settings()

    assert settings.broker_password is not None
    assert SECRET == settings.broker_password.get_secret_value()
    assert SECRET not in str(settings.masked())
    assert {} == unknown_variables(["NEWSDEX_BROKER_PASSWORD_FILE", "NEWSDEX_BROKER_URL_FILE"])
    assert "did you mean NEWSDEX_BROKER_TOKEN_FILE?" in unknown_variables(["NEWSDEX_BROKER_TOKN_FILE"]).popitem()[1]


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file"), (b"\n", "is empty"), (b"\xff\xfe", "is no text in UTF-8")]
)
def test_a_secret_file_that_has_none_is_refused_by_the_variables_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    monkeypatch.setenv("NEWSDEX_BROKER_TOKEN_FILE", str(tmp_path / "token"))
    with pytest.raises(Misconfigured, match="NEWSDEX_BROKER_TOKEN_FILE") as raised:
        load_settings()

    assert said in raised.value.message


def test_a_variable_and_a_file_at_once_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEWSDEX_BROKER_PASSWORD_FILE", str(tmp_path))
    monkeypatch.setenv("NEWSDEX_BROKER_PASSWORD", SECRET)
    with pytest.raises(Misconfigured, match="NEWSDEX_BROKER_PASSWORD is set too"):
        load_settings()


def test_the_data_folder_is_named_absolutely() -> None:
    assert Path("newsdex-data").absolute() == load_settings().data_dir
