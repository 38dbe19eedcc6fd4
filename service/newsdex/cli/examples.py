"""An example of each command, which its `--help` ends with."""

from typing import Any

EXAMPLES = {
    "up": "newsdex up --searchers 2",
    "indexer": "NEWSDEX_BROKER_URL=nats://broker:4222 newsdex indexer",
    "searcher": "NEWSDEX_BROKER_URL=nats://broker:4222 newsdex searcher",
    "gateway": "NEWSDEX_BROKER_URL=nats://broker:4222 newsdex gateway",
    "relay": "newsdex relay 'redis://cache:6379?stream=articles'",
    "sink": "newsdex sink nats",
    "sink nats": "newsdex sink nats",
    "sink opensearch": "newsdex sink opensearch http://127.0.0.1:9200/newsdex",
    "env": 'eval "$(newsdex env)"',
    "publish": "newsdex publish --wait article.json archive.jsonl.gz folder/",
    "get": "newsdex get gull-7",
    "articles": "newsdex articles export -o articles.jsonl",
    "articles export": "newsdex articles export -o articles.jsonl",
    "withdraw": 'newsdex withdraw gull-7 --reason "wrong harbour"',
    "search": "newsdex search 'ferry AND NOT bridge' --section Transport --from 2024-06-01 --sort newest",
    "suggest": "newsdex suggest 'night fe'",
    "similar": "newsdex similar gull-7",
    "why": "newsdex why gull-7",
    "why-not": "newsdex why-not gull-7 'ferry bridge'",
    "trace": "newsdex trace gull-7 /var/log/newsdex",
    "status": "newsdex status",
    "stream": "newsdex stream",
    "stream prune": "newsdex stream prune --keep-days 7",
    "redeliver": "newsdex redeliver",
    "check": "newsdex check",
    "rebuild": "newsdex rebuild",
    "rollback": "newsdex rollback",
    "reprocess": "newsdex reprocess --all",
    "backup": "newsdex backup /backups --keep 14",
    "restore": "newsdex restore /backups/newsdex-20240611T071240Z",
    "parked": "newsdex parked list --code naive_datetime",
    "parked list": "newsdex parked list --code naive_datetime",
    "parked show": "newsdex parked show 3",
    "parked retry": "newsdex parked retry 3 4",
    "parked drop": 'newsdex parked drop 5 --reason "a test"',
    "parked export": "newsdex parked export -o parked.jsonl",
    "keys": "newsdex keys add cms --scope publish",
    "keys add": "newsdex keys add cms --scope publish",
    "keys list": "newsdex keys list",
    "keys revoke": "newsdex keys revoke cms",
}


def show_examples(command: Any, name: str) -> None:
    """Have the help of a command, and of those in it, end with its example."""
    if name in EXAMPLES:
        command.epilog = f"Example: {EXAMPLES[name]}"
    for inner, one in getattr(command, "commands", {}).items():
        show_examples(one, f"{name} {inner}")
