"""The first hour: what is typed as the documents show it works, whatever reads the output."""

import json
import subprocess
import sys

import pytest
import typer.main
from tests.conftest import ROOT
from tests.integration.running import Running, Service

from newsdex.cli import app
from newsdex.cli.examples import EXAMPLES

README = (ROOT / "README.md").read_text(encoding="utf-8")
NEWSDEX = f"{sys.executable} -m newsdex"


def shell(service: Service, script: str, **more: str) -> subprocess.CompletedProcess[bytes]:
    """Run a script in which `newsdex` is ours."""
    script = f'newsdex() {{ {NEWSDEX} "$@"; }}\n{script}'
    environment = service.environment | more
    return subprocess.run(["bash", "-c", script], env=environment, capture_output=True, timeout=120, check=False)


@pytest.fixture(scope="session")
def petrels(_up: tuple[Service, Running]) -> None:
    lines = "".join(f'{{"id": "petrel-{n}", "title": "Petrel – café {n}"}}\n' for n in range(1, 31))
    _up[0].run("publish", "--wait", "-", stdin=lines.encode())


def test_a_shell_knows_where_everything_is(service: Service, up: Running) -> None:
    script = (
        'eval "$(newsdex env)"; unset NEWSDEX_DATA_DIR; echo "$NEWSDEX_GATEWAY_URL"; newsdex search --size 1 --json'
    )
    done = shell(service, script)
    url, reply = done.stdout.decode().splitlines()

    assert (0, up.gateway_url) == (done.returncode, url), done.stderr
    assert "hits" in json.loads(reply)
    assert b"warning" not in done.stderr.lower()


def test_who_starts_it_again_in_that_shell_gets_the_same_ports(own: Service) -> None:
    """`NEWSDEX_BROKER_URL` of the shell is the embedded broker that is to be started."""
    any_ports = {"NEWSDEX_BROKER_PORT": "", "NEWSDEX_GATEWAY_PORT": ""}
    service = Service(data_dir=own.data_dir, settings=any_ports)
    with service.process("up") as up:
        up.wait_until_ready()
        first = (service.broker_url, up.gateway_url)
    again = Service(data_dir=own.data_dir, settings={**any_ports, "NEWSDEX_BROKER_URL": first[0]})
    with again.process("up") as up:
        up.wait_until_ready()

        assert first == (again.broker_url, up.gateway_url)
        assert 1 == up.log.read_text(encoding="utf-8").count("type next")
        assert "first key" not in up.log.read_text(encoding="utf-8")


@pytest.mark.usefixtures("petrels")
def test_piped_output_is_not_padded_and_ends_with_a_short_hint(service: Service) -> None:
    done = shell(service, "newsdex search petrel")
    lines = done.stdout.decode().splitlines()

    assert [] == [line for line in lines if line != line.rstrip()]
    assert "next page: --offset 10; every hit: --all" == lines[-1]


@pytest.mark.usefixtures("petrels")
@pytest.mark.parametrize("command", ["search petrel --size 30", "search petrel --all --json", "--help", "suggest petr"])
def test_head_ends_it_quietly(service: Service, command: str) -> None:
    done = shell(service, f"newsdex {command} | head -c 1; exit ${{PIPESTATUS[0]}}")

    assert b"" == done.stderr
    assert done.returncode in {0, 1, 141}


@pytest.mark.usefixtures("petrels")
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8", "shift_jis", "koi8-r"])
def test_every_encoding_of_a_terminal_is_survived(service: Service, encoding: str) -> None:
    done = shell(
        service, "newsdex search petrel --size 1; newsdex search petrel --size 1 --json", PYTHONIOENCODING=encoding
    )

    assert (0, b"") == (done.returncode, done.stderr)
    assert b"petrel-" in done.stdout


def commands(group: object, name: str = "") -> list[str]:
    inner = getattr(group, "commands", {})
    return [
        one
        for key, value in inner.items()
        for one in (f"{name} {key}".strip(), *commands(value, f"{name} {key}".strip()))
    ]


def test_every_help_has_an_example() -> None:
    assert set(commands(typer.main.get_command(app))) == EXAMPLES.keys()


def test_the_help_shows_it(service: Service) -> None:
    assert "Example: newsdex get gull-7" in service.run("get", "--help").stdout


def snippet(language: str, marker: str) -> str:
    """Return a piece of the README."""
    blocks = [block.split("```")[0] for block in README.split(f"```{language}\n")[1:]]
    (found,) = [block for block in blocks if marker in block]
    return found


@pytest.mark.parametrize("article", ["gull-7", "gull-9"])
def test_the_readmes_programs_run_as_they_stand(service: Service, article: str) -> None:
    """The first asks at once: its answer may be older than the article."""
    done = shell(service, f"eval \"$(newsdex env)\"; {sys.executable} - <<'END'\n{snippet('python', article)}END")

    assert (0, b"") == (done.returncode, done.stderr)
    assert done.stdout.strip().isdigit()


def test_the_readmes_requests_over_http_run_as_they_stand(service: Service) -> None:
    key = service.run("keys", "add", "readme", "--scope", "publish").stdout.strip()
    done = shell(service, f"set -e; {snippet('sh', 'curl')}", KEY=key)

    assert 0 == done.returncode, done.stderr
    assert b"gull" in done.stdout


def test_the_readmes_searches_run_as_they_stand(service: Service) -> None:
    service.run("publish", "--wait", "-", stdin=b'{"id": "gull-7", "title": "Gull steals the lunch"}')
    lines = [line for line in snippet("sh", "--most --recency").splitlines() if line and "--wait-for" not in line]
    done = [shell(service, line) for line in lines]

    assert [0] * len(lines) == [one.returncode for one in done], [one.stderr for one in done]
