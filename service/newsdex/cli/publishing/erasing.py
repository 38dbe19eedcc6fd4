"""`newsdex withdraw --erase` and `--lift`: asks the indexer, and says how far it is and what it cannot reach."""

import asyncio
import time
from collections.abc import Sequence

from rich.markup import escape

from newsdex.apps.client import connected
from newsdex.cli.console import err, out
from newsdex.cli.progress import progress
from newsdex.errors import Unavailable
from newsdex.settings import load_settings
from newsdex_schemas.operations import MAX_ERASED_AT_ONCE, ErasureStatus

POLL_S = 0.2
DOUBTFUL = "parked events that cannot be read may be about it, and are left as they are"
SAME_TEXT = "other articles have the same text, and are left as they are; erase them, too, if they are to go"
EVERYWHERE = "its text is in no file of newsdex any more"
NOT_REACHED = (
    "Backups of before that still have it, and so has whoever was sent it: destroy those backups, or erase again after "
    "restoring one of them."
)


async def erase_articles(ids: Sequence[str], wait_s: float | None) -> None:
    """Have articles erased, and wait until that is done; raise `Unavailable` where it is not in time."""
    async with connected(load_settings()) as client:
        deadline, found = time.monotonic() + (wait_s or 0), list[ErasureStatus]()
        for start in range(0, len(ids), MAX_ERASED_AT_ONCE):
            found += (await client.erase(ids[start : start + MAX_ERASED_AT_ONCE])).erasures
        ordered = found
        with progress() as bar:
            task = bar.add_task("erased", total=len(found))
            while wait_s is not None and (pending := [one for one in found if one.pending]):
                if time.monotonic() > deadline:
                    places = ", ".join(sorted({stage for one in pending for stage in one.pending}))
                    raise Unavailable("wait_timeout", f"{len(pending)} are in no reply, but not yet out of {places}")
                await asyncio.sleep(POLL_S)
                wanted = {one.article_id for one in found}
                found = [one for one in (await client.erasures()).erasures if one.article_id in wanted]
                bar.update(task, completed=sum(not one.pending for one in found))
    shared = {one.article_id for one in ordered if one.same_text}
    for one in found:
        told = f"not yet out of {', '.join(one.pending)}" if one.pending else EVERYWHERE
        if one.article_id in shared:
            told += " but under other ids"
        out.print(f"{escape(one.article_id)}: erased: {told}", soft_wrap=True)
    for one in ordered:
        if one.doubtful_parked:
            numbers = " ".join(map(str, one.doubtful_parked))
            err.print(f"{escape(one.article_id)}: {DOUBTFUL}: newsdex parked show {numbers}", soft_wrap=True)
        if one.same_text:
            err.print(f"{escape(one.article_id)}: {SAME_TEXT}: {escape(' '.join(one.same_text))}", soft_wrap=True)
    err.print(f"erased as of {found[0].erased_at:%Y-%m-%dT%H:%M:%SZ}. {NOT_REACHED}", soft_wrap=True)


async def lift_erasure(ids: Sequence[str]) -> None:
    """Let erased articles be published again."""
    async with connected(load_settings()) as client:
        found = {one.article_id: one for one in (await client.lift_erasure(ids)).erasures}
    for id_ in ids:
        told = "may be published again; copies of what was erased stay out" if id_ in found else "was never erased"
        out.print(f"{escape(id_)}: {told}", soft_wrap=True)
