"""Sends changes through the provider port, in chunks and a few at a time, until told to stop."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from reconciler.core.apply.outcomes import (
    NO_TIME,
    NOT_FOUND,
    NOT_TAKEN,
    THROTTLED,
    ChangeKey,
    Outcome,
    Sent,
    Tally,
    conflicting,
    outcome_of,
    smaller,
    throttled,
    unseen,
)
from reconciler.core.model.entries import Key
from reconciler.core.model.entry_table import terms_of
from reconciler.core.model.errors import DncError
from reconciler.core.model.live import Live
from reconciler.core.model.provider import Answer, Failure, Provider, Verdict, Write
from reconciler.core.planning.change import Action, Change

Chunk = list[Write]


class Queue:
    """What is to be tried again at once comes first, then the rest in order, then what is to wait for it."""

    def __init__(self, rest: Iterator[Chunk]) -> None:
        self._first: deque[Chunk] = deque()
        self._rest = rest
        self._last: deque[Chunk] = deque()

    def __bool__(self) -> bool:
        self._cut()
        return bool(self._first or self._last)

    def __iter__(self) -> Iterator[Chunk]:
        """Give, and take out, all that is left."""
        while self:
            yield self.take()

    def take(self) -> Chunk:
        """Take the next chunk out. Raises IndexError where there is none."""
        self._cut()
        return (self._first or self._last).popleft()

    def put_first(self, *chunks: Chunk) -> None:
        """Put chunks before everything else, in this order."""
        self._first.extendleft(reversed(chunks))

    def put_last(self, *chunks: Chunk) -> None:
        """Put chunks behind everything else, in this order."""
        self._last.extend(chunks)

    def _cut(self) -> None:
        if not self._first and (chunk := next(self._rest, None)):
            self._first.append(chunk)


UNSUPPORTED = "UNSUPPORTED"
_CANNOT_REMOVE = Failure(UNSUPPORTED, "this tenant cannot remove entries: set removal: none, or ask NICE")
_PATIENCE = 3  # single numbers throttled to the end: the allowance is somebody else's, for now


def chunks(writes: Iterable[Write], size: int, *, one_list: bool = False) -> Iterator[list[Write]]:
    """Cut writes into chunks of at most `size`, in order, no phone twice in one, as errors name only it.

    `one_list`: nor numbers of two lists, where the wire has a call for each.
    """
    chunk: list[Write] = []
    phones: set[str] = set()
    for write in writes:
        another = one_list and bool(chunk) and write.list_id != chunk[0].list_id
        if another or len(chunk) == size or write.phone in phones:
            yield chunk
            chunk, phones = [], set()
        chunk.append(write)
        phones.add(write.phone)
    if chunk:
        yield chunk


def writes_of(changes: Iterable[Change]) -> Iterator[tuple[Action, Write]]:
    """Give the upserts of some changes, number by number, in order."""
    for change in changes:
        if change.after is not None:
            for phone in change.phones:
                yield change.action, Write(change.list_id, phone, change.after)


class _Actions:
    """Which writes update, by list: most create, and a million need no name for that."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._updates: dict[str, set[str]] = {}
        for change in changes:
            if change.action is Action.UPDATE:
                self._updates.setdefault(change.list_id, set()).update(change.phones)

    def of(self, write: Write) -> Action:
        return Action.UPDATE if write.phone in self._updates.get(write.list_id, ()) else Action.CREATE


class Applier:
    """One run against one provider. `progress` is told how many numbers have been dealt with.

    `stopped` and `out_of_time` are asked before each request. The second is the end of a time budget: what
    does not fit is not attempted, says so (`DEADLINE`), and is the next run's.
    """

    def __init__(  # noqa: PLR0913  (what it sends with, and what may end it)
        self,
        provider: Provider,
        *,
        chunk_size: int,
        concurrency: int,
        stopped: Callable[[], bool] = lambda: False,
        out_of_time: Callable[[], bool] = lambda: False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.tally = Tally()
        self.out_of_time = out_of_time
        self._provider = provider
        self._size = chunk_size
        self._concurrency = concurrency
        self._stopped = stopped
        self._progress = progress
        self._throttled = 0  # single numbers in a row that were throttled to the end
        self._doubtful: list[list[Write]] = []  # chunks that brought no answer to be understood
        self._hope = True  # something got through since such a chunk was last tried again, or none was yet

    def upsert(self, changes: Iterable[Change]) -> None:
        """Send creates and updates in chunks, a few at a time; a chunk that is too large is halved.

        So is one that was tried to the end and stays in doubt, once others get through: an entry that CXone
        fails over must not keep its neighbours from being protected.
        """
        changes = tuple(changes)  # gone through twice
        actions = _Actions(changes)
        one_list = self._provider.dialect.shape.one_list
        queue = Queue(chunks((w for _, w in writes_of(changes)), self._size, one_list=one_list))
        running: dict[Future[Answer], list[Write]] = {}
        with ThreadPoolExecutor(self._concurrency) as pool:
            while queue or running:
                while queue and len(running) < self._concurrency and not self._halted():
                    chunk = self._fitting(queue)
                    running[pool.submit(self._provider.upsert, chunk)] = chunk
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    self._collect(future, running.pop(future), actions, queue)
                if not queue and not running and self._hope:
                    self._hope = False
                    self._again(queue, 1)
        for chunk in self._doubtful:
            self._progress(len(chunk))
        self._doubtful.clear()
        why = self._why_not()
        for chunk in queue:
            for write in chunk:
                self._settle((actions.of(write), *write.key), Outcome.NOT_ATTEMPTED, why)

    def _halted(self) -> bool:
        return self._stopped() or self.tally.error is not None or self._why_not() is not None

    def _why_not(self) -> Failure | None:
        """Say why the rest is left, where neither a request to stop nor an error is the reason."""
        if self.out_of_time():
            return NO_TIME
        return THROTTLED if self._throttled >= _PATIENCE else None

    def _fitting(self, queue: Queue) -> list[Write]:
        chunk = queue.take()
        if len(chunk) > self._size:
            queue.put_first(chunk[self._size :])
            chunk = chunk[: self._size]
        return chunk

    def _collect(
        self,
        future: Future[Answer],
        chunk: list[Write],
        actions: "_Actions",
        queue: Queue,
    ) -> None:
        try:
            answer = future.result()
        except DncError as error:
            # The provider raises only where nothing of this chunk can have been stored.
            self.tally.error = self.tally.error or error
            answer = Answer(Verdict.NOT_SENT)
        if answer.verdict is not Verdict.NOT_SENT:
            kinds = sorted({actions.of(write).value for write in chunk})
            self.tally.sent.append(Sent("+".join(kinds), len(chunk), answer))
        self._note_doubt(chunk, answer)
        if len(chunk) > 1 and (answer.verdict is Verdict.TOO_LARGE or conflicting(answer)):
            self._halve(chunk, answer, actions, queue)
            return
        self._throttled = self._throttled + 1 if throttled(answer) else 0
        if answer.verdict is Verdict.ANSWERED:
            self._hope = True
            self._again(queue, len(self._doubtful))
        for write in chunk:
            action = actions.of(write)
            outcome, why = outcome_of(answer, write.phone, action)
            if outcome is Outcome.NOT_ATTEMPTED:
                why = why or self._why_not()
            self._settle((action, *write.key), outcome, why)
        if answer.verdict is Verdict.AMBIGUOUS and len(chunk) > 1:
            self._doubtful.append(chunk)
        else:
            self._progress(len(chunk))

    def _note_doubt(self, chunk: list[Write], answer: Answer) -> None:
        """Note what CXone does not say to have stored by this request: it may have had it from others."""
        doubted = answer.in_doubt or answer.verdict is Verdict.AMBIGUOUS
        for write in chunk:
            if answer.started is not None and (doubted or write.phone in answer.conflicts):
                self.tally.doubted.setdefault(write.key, answer.started)

    def _halve(self, chunk: list[Write], answer: Answer, actions: "_Actions", queue: Queue) -> None:
        """Put a chunk back in halves. Whatever becomes of them, what was in doubt may be stored already."""
        if answer.verdict is Verdict.TOO_LARGE:
            self._size = smaller(self._size, len(chunk), answer)
        if answer.in_doubt or conflicting(answer):
            for write in chunk:
                self._settle((actions.of(write), *write.key), Outcome.UNKNOWN, answer.why)
        half = len(chunk) // 2
        queue.put_first(chunk[:half], chunk[half:])

    def _again(self, queue: Queue, most: int) -> None:
        """Put some of the chunks in doubt back, in halves, behind everything else."""
        for chunk in self._doubtful[:most]:
            half = len(chunk) // 2
            queue.put_last(chunk[:half], chunk[half:])
        del self._doubtful[:most]

    def _settle(self, key: ChangeKey, outcome: Outcome, failure: Failure | None = None) -> None:
        if outcome is Outcome.NOT_ATTEMPTED and key in self.tally.results:
            return  # it was sent in a larger chunk, and only a read can tell what became of it
        self.tally.settle(key, outcome, failure)

    def remove(self, changes: Sequence[Change], live: Live) -> None:
        """Take numbers off by their ids, a few at a time. Where the tenant has no such call, stop asking."""
        todo = deque(key for change in changes if change.action is Action.DELETE for key in change.keys)
        unsupported = False
        running: dict[Future[Answer], Key] = {}
        with ThreadPoolExecutor(self._concurrency) as pool:
            while todo or running:
                while todo and len(running) < self._concurrency and not (unsupported or self._halted()):
                    key = todo.popleft()
                    running[pool.submit(self._remove_one, key, live)] = key
                    if not self.tally.sent or self.tally.sent[-1].action != Action.DELETE:
                        break  # the first removal goes alone: it tells whether this tenant can remove at all
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    unsupported |= self._removed(future, running.pop(future))
        for key in todo:
            why = _CANNOT_REMOVE if unsupported else self._why_not()
            self.tally.settle((Action.DELETE, *key), Outcome.NOT_ATTEMPTED, why)

    def _remove_one(self, key: Key, live: Live) -> Answer:
        entry = live.get(key)
        if entry is None:
            return Answer(Verdict.ANSWERED)  # already gone
        # Twins first: while the entry itself stands, a half-done removal still keeps the number silent.
        for entry_id in (*live.twins.get(key, ()), entry.id):
            answer = self._provider.remove(key, entry_id)
            if answer.verdict is not Verdict.ANSWERED:
                break
        return answer

    def _removed(self, future: Future[Answer], key: Key) -> bool:
        try:
            answer = future.result()
        except DncError as error:
            self.tally.error = self.tally.error or error
            answer = Answer(Verdict.NOT_SENT)
        if answer.attempts:
            self.tally.sent.append(Sent(Action.DELETE.value, 1, answer))
        if answer.verdict is Verdict.UNSUPPORTED:
            self.tally.settle((Action.DELETE, *key), Outcome.REJECTED, _CANNOT_REMOVE)
            return True
        self.tally.settle((Action.DELETE, *key), *outcome_of(answer, key[1], Action.DELETE))
        self._progress(1)
        return False

    def verify(self, changes: Iterable[Change], live: Live) -> None:
        """Let the read-back decide on what was sent: shown is applied, not shown is not."""
        dialect = self._provider.dialect
        lists = {list_id: terms_of(entries) for list_id, entries in live.lists.items()}
        for change in changes:
            if change.after is None:
                continue
            wanted, found = dialect.carried(change.after), lists.get(change.list_id, {})
            for phone in change.phones:
                key = (change.action, change.list_id, phone)
                result, terms = self.tally.results[key], found.get(phone)
                if result.outcome not in {Outcome.APPLIED, Outcome.UNKNOWN}:
                    continue
                if terms is None:
                    missing = Outcome.REJECTED if live.complete else Outcome.UNKNOWN
                    self.tally.settle(key, missing, unseen(result, NOT_FOUND))
                elif terms == wanted or dialect.strength(terms) > dialect.strength(wanted):
                    self.tally.settle(key, Outcome.APPLIED)
                else:
                    self.tally.settle(key, Outcome.REJECTED, unseen(result, NOT_TAKEN))
