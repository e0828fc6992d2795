"""Sends changes through the provider port, in chunks and a few at a time. Told when to stop."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from reconciler.apply.tally import ChangeKey, Outcome, Sent, Tally
from reconciler.model.claims import Key
from reconciler.model.errors import DncError
from reconciler.model.live import Live
from reconciler.model.provider import Answer, Failure, Provider, Verdict, Write
from reconciler.planning.change import Action, Change


def chunks(writes: Iterable[Write], size: int) -> Iterator[list[Write]]:
    """Cut writes into chunks of at most `size`, in order, no phone twice in one, as errors name only it."""
    chunk: list[Write] = []
    phones: set[str] = set()
    for write in writes:
        if len(chunk) == size or write.phone in phones:
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


class Applier:
    """One run against one provider. `stopped` is asked before each request, `progress` told of numbers."""

    def __init__(
        self,
        provider: Provider,
        *,
        chunk_size: int,
        concurrency: int,
        stopped: Callable[[], bool] = lambda: False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.tally = Tally()
        self._provider = provider
        self._size = chunk_size
        self._concurrency = concurrency
        self._stopped = stopped
        self._progress = progress

    def upsert(self, changes: Iterable[Change]) -> None:
        """Send creates and updates in chunks, a few at a time; a chunk that is too large is halved."""
        changes = tuple(changes)  # gone through twice
        actions = {write.key: action for action, write in writes_of(changes)}
        queue = deque(chunks((w for _, w in writes_of(changes)), self._size))
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
        for chunk in queue:
            for write in chunk:
                self._settle((actions[write.key], *write.key), Outcome.NOT_ATTEMPTED)

    def _halted(self) -> bool:
        return self._stopped() or self.tally.error is not None

    def _fitting(self, queue: deque[list[Write]]) -> list[Write]:
        chunk = queue.popleft()
        if len(chunk) > self._size:
            queue.appendleft(chunk[self._size :])
            chunk = chunk[: self._size]
        return chunk

    def _collect(
        self,
        future: Future[Answer],
        chunk: list[Write],
        actions: Mapping[Key, Action],
        queue: deque[list[Write]],
    ) -> None:
        try:
            answer = future.result()
        except DncError as error:
            # The provider raises only where nothing of this chunk can have been stored.
            self.tally.error = self.tally.error or error
            answer = Answer(Verdict.NOT_SENT)
        if answer.verdict is not Verdict.NOT_SENT:
            kinds = sorted({actions[w.key].value for w in chunk})
            self.tally.sent.append(Sent("+".join(kinds), len(chunk), answer))
        if len(chunk) > 1 and _wants_halving(answer):
            half = len(chunk) // 2
            if answer.verdict is Verdict.TOO_LARGE:
                self._size = min(self._size, max(1, half))
            else:
                for write in chunk:
                    self._settle((actions[write.key], *write.key), Outcome.UNKNOWN, answer.why)
            queue.extendleft((chunk[half:], chunk[:half]))
            return
        for write in chunk:
            key = (actions[write.key], *write.key)
            self._settle(key, *_outcome(answer, write.phone, actions[write.key]))
        self._progress(len(chunk))

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
            why = _UNSUPPORTED if unsupported else None
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
            self.tally.settle((Action.DELETE, *key), Outcome.REJECTED, _UNSUPPORTED)
            return True
        self.tally.settle((Action.DELETE, *key), *_outcome(answer, key[1], Action.DELETE))
        self._progress(1)
        return False

    def verify(self, changes: Iterable[Change], live: Live) -> None:
        """Let the read-back decide on what was sent: shown is applied, not shown is not."""
        dialect = self._provider.dialect
        for action, write in writes_of(changes):
            result = self.tally.results[action, *write.key]
            if result.outcome not in {Outcome.APPLIED, Outcome.UNKNOWN}:
                continue
            entry = live.get(write.key)
            wanted = dialect.carried(write.terms)
            if entry is None:
                missing = Outcome.REJECTED if live.complete else Outcome.UNKNOWN
                self.tally.settle((action, *write.key), missing, _NOT_FOUND)
            elif entry.terms == wanted or dialect.strength(entry.terms) > dialect.strength(wanted):
                self.tally.settle((action, *write.key), Outcome.APPLIED)
            else:
                self.tally.settle((action, *write.key), Outcome.REJECTED, _NOT_TAKEN)


UNSUPPORTED = "UNSUPPORTED"
_UNSUPPORTED = Failure(UNSUPPORTED, "this tenant cannot remove entries: set removal: none, or ask NICE")
_NOT_FOUND = Failure("NOT_FOUND", "CXone counted it as stored, and the read-back does not find it")
_NOT_TAKEN = Failure("NOT_TAKEN", "CXone has the number, but did not take these terms")


def _wants_halving(answer: Answer) -> bool:
    conflict = answer.why is not None and answer.why.code == "409"
    return answer.verdict is Verdict.TOO_LARGE or (answer.verdict is Verdict.AMBIGUOUS and conflict)


def _outcome(answer: Answer, phone: str, action: Action) -> tuple[Outcome, Failure | None]:
    match answer.verdict:
        case Verdict.ANSWERED:
            if phone in answer.failures:
                return Outcome.REJECTED, answer.failures[phone]
            # CXone has it exactly so: a create is on the list; an update's terms only the read-back shows.
            doubtful = phone in answer.conflicts and action is not Action.CREATE
            return (Outcome.UNKNOWN if doubtful else Outcome.APPLIED), None
        case Verdict.NOT_SENT:
            return Outcome.NOT_ATTEMPTED, None
        case Verdict.AMBIGUOUS:
            return Outcome.UNKNOWN, answer.why
        case Verdict.TOO_LARGE | Verdict.REFUSED | Verdict.UNSUPPORTED:
            return Outcome.REJECTED, answer.why
