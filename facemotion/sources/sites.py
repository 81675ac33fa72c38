"""Downloads by site: one connection to each, with pauses, back-off, and an end to it where a site turns us away."""

import logging
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from facemotion import video
from facemotion.config import Net
from facemotion.engine import DIED, map_items
from facemotion.errors import FacemotionError
from facemotion.sources import ledger, parts, ytdlp
from facemotion.sources.statuses import NotFetchedError
from facemotion.sources.store import Note, Store, Wish
from facemotion.video_parts import spans_of

STRIKES: Final = 5  # videos in a row that time out; then the site is left alone
LONGEST_WAIT_S: Final = 600.0  # that a site may ask for within one run

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Errand:
    """How to fetch, whatever is fetched."""

    store: Store
    net: Net
    limits: video.Limits
    allow_local: bool
    cookies: str | None


def site_of(url: str) -> str:
    host = urlsplit(url).netloc.lower().removeprefix("www.").removeprefix("m.")
    return "youtube.com" if host in ("youtu.be", "youtube-nocookie.com", "music.youtube.com") else host


def fetch_all(wishes: Sequence[Wish], errand: Errand, done: Callable[[], None]) -> list[Note]:
    """What became of each wish, in their order. Sites are fetched from side by side, each site's videos one by one."""
    queues: dict[str, list[Wish]] = {}
    for wish in dict.fromkeys(wishes):
        queues.setdefault(site_of(wish.url), []).append(wish)
    notes: dict[Wish, Note] = {}
    stop = threading.Event()
    lock = threading.Lock()

    def keep(wish: Wish, note: Note) -> None:
        with lock:
            notes[wish] = note
            done()

    with ThreadPoolExecutor(min(errand.net.sites, max(len(queues), 1)), "site") as pool:
        running = [pool.submit(_Site(name, errand, stop).work, queue, keep) for name, queue in queues.items()]
        try:
            ended, _ = wait(running, return_when=FIRST_EXCEPTION)
            for one in ended:
                one.result()
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [notes[wish] for wish in wishes]


class _Site:
    def __init__(self, name: str, errand: Errand, stop: threading.Event) -> None:
        self.name, self.errand, self.stop = name, errand, stop
        self.closed: NotFetchedError | None = None  # why the site is left alone
        self.asked = False
        self.strikes = 0

    def work(self, queue: Sequence[Wish], keep: Callable[[Wish, Note], None]) -> None:
        for wish in queue:
            if self.stop.is_set():
                return
            note = self.errand.store.decided(wish, self.errand.net.again_s) or self._of_whole(wish)
            if note is None and self.closed is not None:
                note = Note(wish.url, self.closed.status, self.closed.reason)
            elif note is None:
                note = self._fetched(wish)
            keep(wish, note)

    def _of_whole(self, wish: Wish) -> Note | None:
        """Of a video that is here, but for other parts of it than it was once fetched for."""
        whole = self.errand.store.whole(wish)
        if whole is None:
            return None
        path, row = self._narrowed(wish, whole)
        return self.errand.store.keep(wish, row["status"], row["reason"], path, row) if row["status"] == "ok" else None

    def _fetched(self, wish: Wish) -> Note:
        self.errand.store.make_room(wish)
        if self.asked:
            net = self.errand.net
            self.stop.wait(net.sleep_s + random.uniform(0, net.jitter_s))
        self.asked = True
        try:
            path, row = self._patiently(wish)
        except NotFetchedError as lost:
            if self.stop.is_set():
                return Note(wish.url, lost.status, lost.reason)
            self._judge(lost)
            return self.errand.store.keep(wish, lost.status, lost.reason, None, None)
        self.strikes = 0
        return self.errand.store.keep(wish, "ok", "", path, row)

    def _judge(self, lost: NotFetchedError) -> None:
        self.strikes = self.strikes + 1 if lost.status == "timeout" else 0
        if lost.status == "blocked":
            self.closed = NotFetchedError("blocked", f"not tried: {self.name} turned us away ({lost.reason})")
            log.warning("%s turns us away (%s): the rest of it is left alone in this run", self.name, lost.reason)
        elif self.strikes == STRIKES:
            self.closed = NotFetchedError("timeout", f"not tried: {self.name} did not answer {STRIKES} times in a row")
            log.warning("%s did not answer %d times in a row: the rest of it is left alone", self.name, STRIKES)

    def _patiently(self, wish: Wish) -> tuple[Path, ledger.LedgerRow]:
        """Try again while the trouble is a passing one, with ever longer pauses."""
        net = self.errand.net
        for attempt in range(net.attempts):
            try:
                return self._whole(wish)
            except NotFetchedError as lost:
                pause = max(net.backoff_s * 2**attempt, lost.wait_s)
                if not lost.again or attempt == net.attempts - 1 or lost.wait_s > LONGEST_WAIT_S or self.stop.is_set():
                    raise
                log.info("%s: %s: %s; again in %.0f s", wish.url, lost.status, lost.reason, pause)
                self.stop.wait(pause)
        raise AssertionError("there is at least one attempt")

    def _whole(self, wish: Wish) -> tuple[Path, ledger.LedgerRow]:
        """The file, and its row once it was decoded to its end. A download that went on from a broken start is made
        anew."""
        went_on = bool(self.errand.store.files(wish))
        path, row = self._once(wish)
        if row["status"] == "corrupt" and went_on:
            self.errand.store.clear(wish)
            path, row = self._once(wish)
        if row["status"] != "ok":
            raise NotFetchedError(row["status"], row["reason"])
        return path, row

    def _once(self, wish: Wish) -> tuple[Path, ledger.LedgerRow]:
        errand = self.errand
        limits = ytdlp.Limits(errand.limits.max_bytes, errand.limits.max_seconds, errand.allow_local)
        path = ytdlp.download(
            wish.url, errand.store.folder, wish.stem, lines=wish.lines, audio=wish.audio, spans=wish.spans,
            net=errand.net, limits=limits, cookies=errand.cookies, interrupted=self.stop.is_set,
        )  # fmt: skip
        return self._narrowed(wish, path)

    def _narrowed(self, wish: Wish, path: Path) -> tuple[Path, ledger.LedgerRow]:
        """No more than is wanted of a file, where it can be cut, and what it is."""
        if wish.spans is not None and not ledger.is_page(path) and _whole(path):
            path = parts.cut(path, path.parent, wish.stem, wish.spans) or path
        return path, examine(path, self.errand.limits)


def _whole(path: Path) -> bool:
    try:
        return spans_of(path) is None
    except FacemotionError:
        return False  # nothing that could be cut; examining it says why


def examine(path: Path, limits: video.Limits) -> ledger.LedgerRow:
    """In a process of its own: what strangers send can crash a decoder."""
    check = partial(ledger.examined, "", limits=limits, called="the file")
    [outcome] = map_items(check, [path], workers=2)
    if outcome.error == DIED:
        return ledger.failed("", "corrupt", "reading it crashes the decoder")
    if outcome.value is None:
        raise FacemotionError(f"{path}: {outcome.error}")
    return outcome.value
