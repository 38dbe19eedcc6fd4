"""Starts newsdex on this machine, publishes the contract's examples, searches them, and says what to type next."""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = Path("schemas/examples")
DATA_DIR = Path(".demo")
LOG = DATA_DIR / "newsdex.log"
START_TIMEOUT_S = 60
PAGE = ("--url", "https://news.example/salt-lantern", "--timezone", "Europe/Lisbon", "deploy/demo-page.txt")
QUERIES = (["Salt-Lantern"], ['"night ferry"'], ["ferr*", "--sort", "newest"], ["title:bridge", "--json"])


def newsdex(*arguments: str) -> None:
    """Show a command and run it; raise `CalledProcessError` where it fails."""
    print(f"\n$ newsdex {shlex.join(arguments)}", flush=True)
    subprocess.run([sys.executable, "-m", "newsdex", *arguments], check=True, env=environment(), cwd=ROOT)


def environment() -> dict[str, str]:
    """Return the demo's settings: a data folder of its own, and no setting of the caller's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NEWSDEX_")}
    return {**kept, "NEWSDEX_DATA_DIR": str(DATA_DIR), "NEWSDEX_SEARCHERS": "2"}


def wait_until_ready(service: subprocess.Popen[bytes]) -> None:
    """Wait for the line with which `newsdex up` says that everything serves."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and service.poll() is None:
        lines = (json.loads(line) for line in (ROOT / LOG).read_text(encoding="utf-8").splitlines() if line[:1] == "{")
        if any(line.get("process") == "up" and line["event"] == "process.ready" for line in lines):
            return
        time.sleep(0.1)
    sys.exit(f"newsdex did not start; {LOG} says why")


def main() -> None:
    """Run the demo."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--once", action="store_true", help="end after the searches")
    once = options.parse_args().once

    shutil.rmtree(ROOT / DATA_DIR, ignore_errors=True)
    (ROOT / DATA_DIR).mkdir()
    print(f"$ NEWSDEX_DATA_DIR={DATA_DIR} NEWSDEX_SEARCHERS=2 newsdex up > {LOG} &", flush=True)
    with (ROOT / LOG).open("wb") as log:
        service = subprocess.Popen(
            [sys.executable, "-m", "newsdex", "up"], env=environment(), cwd=ROOT, stdout=log, start_new_session=True
        )
    try:
        wait_until_ready(service)
        show()
        if not once:
            say_what_next()
            service.wait()
    except KeyboardInterrupt:
        pass
    finally:
        service.terminate()
        service.wait()


def show() -> None:
    """Publish, search, and show what the service knows."""
    for kind in ("published", "updated", "scraped"):
        newsdex("publish", "--wait", str(EXAMPLES / f"article.{kind}.v1.json"))
    newsdex("publish", "--wait", *PAGE)
    for query in QUERIES:
        newsdex("search", *query)
    newsdex("why", "brackwater-courier:2024-0611-ferry")
    newsdex("status")


def say_what_next() -> None:
    """Show what to type in another terminal."""
    scripts = os.path.relpath(sysconfig.get_path("scripts"), ROOT)
    print(
        f"""
newsdex runs until Ctrl-C. In another terminal, in this folder:

  export NEWSDEX_DATA_DIR={DATA_DIR} PATH="{scripts}:$PATH"
  newsdex search 'ferry AND NOT bridge'
  newsdex publish --wait your-article.json
  newsdex why ID         # what became of an article
  newsdex parked list    # what could not be handled
  tail -f {LOG}
""",
        flush=True,
    )


if __name__ == "__main__":
    main()
