"""Sends changes through the provider port, in chunks and a few at a time, until told to stop."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import MappingProxyType

from reconciler.core.apply.outcomes import (
    NOT_FOUND,
    OUT_OF_TIME,
    TERMS_NOT_TAKEN,
    THROTTLED,
    ChangeKey,
    Outcome,
    SentRequest,
    Tally,
    failure_if_unseen,
    is_conflict,
    is_throttled,
    outcome_of,
    smaller_chunk_size,
)
from reconciler.core.model.entries import Key
from reconciler.core.model.entry_table import terms_by_phone
from reconciler.core.model.errors import DncError
from reconciler.core.model.live import Live
from reconciler.core.model.provider import Answer, Failure, Provider, Removals, Verdict, Write
from reconciler.core.planning.change import Action, Change
from reconciler.core.planning.chunks import Chunk, split_into_chunks


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
_MAX_THROTTLED_IN_A_ROW = 3  # single numbers throttled to the end: the allowance is somebody else's, for now


class _ActionByWrite:
    """Which writes update, by list: most create, and a million need no name for that."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._updates: dict[str, set[str]] = {}
        for change in changes:
            if change.action is Action.UPDATE:
                self._updates.setdefault(change.list_id, set()).update(change.phones)

    def action_of(self, write: Write) -> Action:
        return Action.UPDATE if write.phone in self._updates.get(write.list_id, ()) else Action.CREATE


class Applier:
    """One run against one provider. `progress` is told how many numbers have been sent, each once.

    `futile_removals` were ordered before without effect, for the reason given, and are not ordered again.
    `tally` is that of what the run has sent already.
    `stopped` and `is_out_of_time` are asked before each request. The second is the end of a time budget: what
    does not fit is not attempted, says so (`DEADLINE`), and is the next run's.
    """

    def __init__(  # noqa: PLR0913  (what it sends with, and what may end it)
        self,
        provider: Provider,
        *,
        chunk_size: int,
        concurrency: int,
        is_stopped: Callable[[], bool] = lambda: False,
        is_out_of_time: Callable[[], bool] = lambda: False,
        progress: Callable[[int], None] = lambda _: None,
        futile_removals: Mapping[Key, Failure] = MappingProxyType({}),
        tally: Tally | None = None,
    ) -> None:
        self.tally = Tally() if tally is None else tally
        self._futile_removals = futile_removals
        self.is_out_of_time = is_out_of_time
        self._provider = provider
        self._size = chunk_size
        self._concurrency = concurrency
        self._is_stopped = is_stopped
        self._progress = progress
        self._throttled_in_a_row = 0  # single numbers in a row that were throttled to the end
        self._doubtful_chunks: list[list[Write]] = []  # chunks that brought no answer to be understood
        self._may_retry = (
            True  # something got through since such a chunk was last tried again, or none was yet
        )

    def upsert(self, changes: Iterable[Change]) -> None:
        """Send creates and updates in chunks, a few at a time; a chunk that is too large is halved.

        So is one that was tried to the end and stays in doubt, once others get through: an entry that CXone
        fails over must not keep its neighbours from being protected.
        """
        changes = tuple(changes)  # gone through twice
        actions = _ActionByWrite(changes)
        one_list = self._provider.dialect.shape.one_list
        queue = Queue(split_into_chunks(changes, self._size, one_list=one_list))
        running: dict[Future[Answer], list[Write]] = {}
        with ThreadPoolExecutor(self._concurrency) as pool:
            while queue or running:
                while queue and len(running) < self._concurrency and not self._is_halted():
                    chunk = self._next_chunk(queue)
                    running[pool.submit(self._provider.upsert, chunk)] = chunk
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    self._collect(future, running.pop(future), actions, queue)
                if not queue and not running and self._may_retry:
                    self._may_retry = False
                    self._retry_doubtful(queue, 1)
        for chunk in self._doubtful_chunks:
            self._progress(len(chunk))
        self._doubtful_chunks.clear()
        failure = self._stop_reason()
        for chunk in queue:
            # What is halved was sent in a larger chunk.
            if sent := sum((actions.action_of(write), *write.key) in self.tally.results for write in chunk):
                self._progress(sent)
            for write in chunk:
                self._record((actions.action_of(write), *write.key), Outcome.NOT_ATTEMPTED, failure)

    def _is_halted(self) -> bool:
        return self._is_stopped() or self.tally.error is not None or self._stop_reason() is not None

    def _stop_reason(self) -> Failure | None:
        """Say why the rest is left, where neither a request to stop nor an error is the reason."""
        if self.is_out_of_time():
            return OUT_OF_TIME
        return THROTTLED if self._throttled_in_a_row >= _MAX_THROTTLED_IN_A_ROW else None

    def _next_chunk(self, queue: Queue) -> list[Write]:
        chunk = queue.take()
        if len(chunk) > self._size:
            queue.put_first(chunk[self._size :])
            chunk = chunk[: self._size]
        return chunk

    def _collect(
        self,
        future: Future[Answer],
        chunk: list[Write],
        actions: "_ActionByWrite",
        queue: Queue,
    ) -> None:
        try:
            answer = future.result()
        except DncError as error:
            # The provider raises only where nothing of this chunk can have been stored.
            self.tally.error = self.tally.error or error
            answer = Answer(Verdict.NOT_SENT)
        if answer.verdict is not Verdict.NOT_SENT:
            kinds = sorted({actions.action_of(write).value for write in chunk})
            self.tally.sent_requests.append(SentRequest("+".join(kinds), len(chunk), answer))
        self._note_doubt(chunk, answer)
        if len(chunk) > 1 and (answer.verdict is Verdict.TOO_LARGE or is_conflict(answer)):
            self._halve(chunk, answer, actions, queue)
            return
        self._throttled_in_a_row = self._throttled_in_a_row + 1 if is_throttled(answer) else 0
        if answer.verdict is Verdict.ANSWERED:
            self._may_retry = True
            self._retry_doubtful(queue, len(self._doubtful_chunks))
        for write in chunk:
            action = actions.action_of(write)
            outcome, failure = outcome_of(answer, write.phone, action)
            if outcome is Outcome.NOT_ATTEMPTED:
                failure = failure or self._stop_reason()
            self._record((action, *write.key), outcome, failure)
        if answer.verdict is Verdict.AMBIGUOUS and len(chunk) > 1:
            self._doubtful_chunks.append(chunk)
        elif answer.verdict is not Verdict.NOT_SENT:
            self._progress(len(chunk))

    def _note_doubt(self, chunk: list[Write], answer: Answer) -> None:
        """Note what CXone does not say to have stored by this request: it may have had it from others."""
        doubted = answer.in_doubt or answer.verdict is Verdict.AMBIGUOUS
        for write in chunk:
            if answer.started is not None and (doubted or write.phone in answer.conflicts):
                self.tally.doubtful.setdefault(write.key, answer.started)

    def _halve(self, chunk: list[Write], answer: Answer, actions: "_ActionByWrite", queue: Queue) -> None:
        """Put a chunk back in halves. Whatever becomes of them, what was in doubt may be stored already."""
        if answer.verdict is Verdict.TOO_LARGE:
            self._size = smaller_chunk_size(self._size, len(chunk), answer)
        if answer.in_doubt or is_conflict(answer):
            for write in chunk:
                self._record((actions.action_of(write), *write.key), Outcome.UNKNOWN, answer.cause)
        half = len(chunk) // 2
        queue.put_first(chunk[:half], chunk[half:])

    def _retry_doubtful(self, queue: Queue, most: int) -> None:
        """Put some of the chunks in doubt back, in halves, behind everything else."""
        for chunk in self._doubtful_chunks[:most]:
            half = len(chunk) // 2
            queue.put_last(chunk[:half], chunk[half:])
        del self._doubtful_chunks[:most]

    def _record(self, key: ChangeKey, outcome: Outcome, failure: Failure | None = None) -> None:
        if outcome is Outcome.NOT_ATTEMPTED and key in self.tally.results:
            return  # it was sent in a larger chunk, and only a read can tell what became of it
        self.tally.settle(key, outcome, failure)

    def remove(self, changes: Sequence[Change], live: Live) -> None:
        """Take numbers off by their ids, a few at a time. Where the tenant has no such call, stop asking."""
        pending = deque(self._removable_keys(changes))
        if self._provider.dialect.shape.removal_looks:
            self._remove_together(pending)
            return
        is_unsupported = False
        running: dict[Future[Answer], Key] = {}
        with ThreadPoolExecutor(self._concurrency) as pool:
            while pending or running:
                while (
                    pending and len(running) < self._concurrency and not (is_unsupported or self._is_halted())
                ):
                    key = pending.popleft()
                    running[pool.submit(self._remove_one, key, live)] = key
                    if not self.tally.sent_requests or self.tally.sent_requests[-1].action != Action.DELETE:
                        break  # the first removal goes alone: it tells whether this tenant can remove at all
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    is_unsupported |= self._collect_removal(future, running.pop(future))
        for key in pending:
            failure = _CANNOT_REMOVE if is_unsupported else self._stop_reason()
            self.tally.settle((Action.DELETE, *key), Outcome.NOT_ATTEMPTED, failure)

    def _removable_keys(self, changes: Iterable[Change]) -> Iterator[Key]:
        """Give what is to be removed. An order that is known to have no effect is not sent again."""
        for change in changes:
            for key in change.keys if change.action is Action.DELETE else ():
                failure = self._futile_removals.get(key)
                if failure is None:
                    yield key
                else:
                    self.tally.settle((Action.DELETE, *key), Outcome.REJECTED, failure)

    def _remove_together(self, pending: deque[Key]) -> None:
        """Take numbers off, several of one list in a call. Where the tenant has no such call, stop asking."""
        keys_by_list: dict[str, list[Key]] = {}
        for key in pending:
            keys_by_list.setdefault(key[0], []).append(key)
        is_unsupported = False
        for keys in keys_by_list.values():
            for start in range(0, len(keys), self._size):
                batch = keys[start : start + self._size]
                if is_unsupported or self._is_halted():
                    failure = _CANNOT_REMOVE if is_unsupported else self._stop_reason()
                    for key in batch:
                        self.tally.settle((Action.DELETE, *key), Outcome.NOT_ATTEMPTED, failure)
                    continue
                try:
                    removals = self._provider.remove_together(batch)
                except DncError as error:
                    self.tally.error = self.tally.error or error
                    removals = Removals(dict.fromkeys(batch, Answer(Verdict.NOT_SENT)))
                for size, answer in removals.sent:
                    self.tally.sent_requests.append(SentRequest(Action.DELETE.value, size, answer))
                for key in batch:
                    is_unsupported |= self._settle_removal(key, removals.answers[key])

    def _remove_one(self, key: Key, live: Live) -> Answer:
        entry = live.get(key)
        if entry is None:
            return Answer(Verdict.ANSWERED)  # already gone
        # Twins first: while the entry itself stands, a half-done removal still keeps the number silent.
        for entry_id in (*live.duplicate_ids.get(key, ()), entry.id):
            answer = self._provider.remove(key, entry_id)
            if answer.verdict is not Verdict.ANSWERED:
                break
        return answer

    def _collect_removal(self, future: Future[Answer], key: Key) -> bool:
        try:
            answer = future.result()
        except DncError as error:
            self.tally.error = self.tally.error or error
            answer = Answer(Verdict.NOT_SENT)
        if answer.attempts:
            self.tally.sent_requests.append(SentRequest(Action.DELETE.value, 1, answer))
        return self._settle_removal(key, answer)

    def _settle_removal(self, key: Key, answer: Answer) -> bool:
        """Record what became of one removal; tell whether this tenant has no such call."""
        if answer.verdict is Verdict.UNSUPPORTED:
            self.tally.settle((Action.DELETE, *key), Outcome.REJECTED, _CANNOT_REMOVE)
            return True
        self.tally.settle((Action.DELETE, *key), *outcome_of(answer, key[1], Action.DELETE))
        if answer.verdict is not Verdict.NOT_SENT:
            self._progress(1)
        return False

    def verify(self, changes: Iterable[Change], live: Live) -> None:
        """Let the read-back decide on what was sent: shown is applied, not shown is not."""
        dialect = self._provider.dialect
        lists = {list_id: terms_by_phone(entries) for list_id, entries in live.lists.items()}
        for change in changes:
            if change.after is None:
                continue
            target_terms, live_terms = dialect.project(change.after), lists.get(change.list_id, {})
            for phone in change.phones:
                key = (change.action, change.list_id, phone)
                result, terms = self.tally.results[key], live_terms.get(phone)
                if result.outcome not in {Outcome.APPLIED, Outcome.UNKNOWN}:
                    continue
                if terms is None:
                    outcome = Outcome.REJECTED if live.complete else Outcome.UNKNOWN
                    self.tally.settle(key, outcome, failure_if_unseen(result, NOT_FOUND))
                elif dialect.shape.is_as_sent(terms, target_terms) or dialect.strength(
                    terms
                ) > dialect.strength(target_terms):
                    self.tally.settle(key, Outcome.APPLIED)
                else:
                    self.tally.settle(key, Outcome.REJECTED, failure_if_unseen(result, TERMS_NOT_TAKEN))
