"""What counts as a difference between stream or consumer as they are and as they must be."""

import pytest

from newsdex.broker.drift import LOSES, STALLS, differences, mended, passes_over, wanted_config
from newsdex.broker.streams import CONSUMER, wanted_consumer, wanted_stream
from newsdex_schemas import channels

AS_THE_BROKER_GIVES_IT = {
    "name": "ARTICLES", "subjects": list(reversed(channels.EVENT_CHANNELS)), "retention": "limits",
    "max_consumers": -1, "max_msgs": -1, "max_bytes": -1, "max_age": 0, "max_msgs_per_subject": -1,
    "max_msg_size": channels.MAX_MESSAGE_BYTES, "discard": "new", "storage": "file", "num_replicas": 1,
    "duplicate_window": 600_000_000_000, "compression": "none", "allow_direct": False, "mirror_direct": False,
    "sealed": False, "deny_delete": False, "deny_purge": False, "allow_rollup_hdrs": False, "consumer_limits": {},
    "allow_msg_ttl": False, "metadata": {"_nats.ver": "2.15.1"}, "added_next_year": 7,
}  # fmt: skip


def drift(**changed: object) -> list[str]:
    wanted = wanted_config(wanted_stream(), LOSES)
    return [one.name for one in differences(wanted, {**AS_THE_BROKER_GIVES_IT, **changed})]


def test_a_stream_as_it_must_be_has_no_difference() -> None:
    assert [] == drift()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("subjects", ["articles.published"]), ("subjects", [*channels.EVENT_CHANNELS, "other.>"]),
        ("duplicate_window", 120_000_000_000), ("discard", "old"), ("storage", "memory"), ("retention", "interest"),
        ("max_msgs", 10), ("max_age", 1), ("max_msgs_per_subject", 1), ("max_msg_size", -1), ("no_ack", True),
        ("allow_rollup_hdrs", True), ("allow_direct", True), ("allow_msg_ttl", True), ("sealed", True),
        ("republish", {"src": ">", "dest": "leak.>"}), ("sources", [{"name": "OTHER"}]), ("num_replicas", 0),
        ("subject_transform", {"src": "articles.published", "dest": "articles.other"}),
        ("consumer_limits", {"max_ack_pending": 1}), ("persist_mode", "async"),
    ],
)  # fmt: skip
def test_a_setting_that_loses_hides_or_leaks_events_is_a_difference(name: str, value: object) -> None:
    assert [name] == drift(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_replicas", 3), ("compression", "s2"), ("metadata", {"team": "desk"}), ("description", "ours"),
        ("placement", {"cluster": "north"}), ("max_bytes", 5_000_000), ("first_seq", 900),
    ],
)  # fmt: skip
def test_what_is_an_operators_choice_is_none(name: str, value: object) -> None:
    assert [] == drift(**{name: value})


def test_a_limit_of_bytes_that_is_set_is_held() -> None:
    wanted = wanted_config(wanted_stream(5_000_000, replicas=3), LOSES)
    found = differences(wanted, AS_THE_BROKER_GIVES_IT)

    assert {"max_bytes": 5_000_000, "num_replicas": 3} == {one.name: one.wanted for one in found}
    assert ["max_bytes is not set in place of 5000000", "num_replicas is 1 in place of 3"] == [
        str(one) for one in found
    ]


def test_mending_changes_what_differs_and_keeps_the_rest_as_it_is() -> None:
    changed = {**AS_THE_BROKER_GIVES_IT, "max_msgs": 10, "republish": {"src": ">", "dest": "leak.>"}}
    wanted = wanted_config(wanted_stream(), LOSES)
    config = mended(changed, differences(wanted, changed))

    assert AS_THE_BROKER_GIVES_IT == {"max_msgs": -1, **config}
    assert [] == differences(wanted, config)


def test_a_consumer_that_gives_up_or_skips_events_is_a_difference() -> None:
    wanted = wanted_config(wanted_consumer(CONSUMER), STALLS)
    found = {
        **wanted, "name": "indexer", "max_waiting": 512, "num_replicas": 0, "max_deliver": 5, "deliver_policy": "new",
        "filter_subjects": ["articles.published"], "headers_only": True,
    }  # fmt: skip

    assert {"max_deliver", "deliver_policy", "filter_subjects", "headers_only"} == {
        one.name for one in differences(wanted, found)
    }


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, False), ({"ack_wait": 7, "max_deliver": 3}, False), ({"deliver_policy": "new"}, True),
        ({"deliver_policy": "last_per_subject"}, True), ({"ack_policy": "none"}, True), ({"ack_policy": "all"}, True),
        ({"filter_subjects": [channels.ARTICLES_PUBLISHED]}, True), ({"filter_subjects": []}, False),
        ({"filter_subjects": None, "filter_subject": channels.ARTICLES_WITHDRAWN}, True),
        ({"filter_subjects": None, "filter_subject": "articles.*"}, False),
        ({"filter_subjects": ["articles.>"]}, False), ({"filter_subjects": [">"]}, False),
        ({"filter_subjects": ["articles.*.>"]}, True), ({"filter_subjects": ["*.withdrawn", "*.published"]}, True),
        ({"filter_subjects": ["*.withdrawn", "*.published", "*.updated"]}, False),
        ({"filter_subjects": list(channels.EVENT_CHANNELS)}, False),
    ],
)  # fmt: skip
def test_a_consumer_whose_filter_is_wider_has_passed_over_nothing(changed: dict[str, object], expected: bool) -> None:
    wanted = wanted_config(wanted_consumer(CONSUMER), STALLS)

    assert expected == passes_over(wanted, {**wanted, **changed})
