"""Dialect `dnc-groups`: removes numbers by expiring their records, and looks whether that worked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.core.model.entries import Key, ProjectedTerms
from reconciler.core.model.errors import DncError
from reconciler.core.model.live import LiveEntry
from reconciler.core.model.provider import NOT_EXPIRED, Answer, Failure, Removals, Verdict
from reconciler.cxone.groups.connection import GroupsConnection
from reconciler.cxone.groups.dialect import FEW_REMOVALS, GroupsDialect, NumberConverter
from reconciler.cxone.groups.number_check import FormCheck
from reconciler.cxone.groups.reader import GroupsReader
from reconciler.cxone.groups.records import Record, judge_results, parse_expiry
from reconciler.cxone.groups.writes import NUMBER_NOT_WRITABLE

LOOKS_AFTER = (2.0, 5.0, 10.0)  # seconds before a search is asked again: it may lag behind writes
_PROBES = 3  # numbers of many that are searched, until one is found
_MOST_PAGES = 20  # of a group that is read only because its search is in doubt

_MODIFIED = Failure(
    "LATER_OPT_OUT",
    "someone modified this record since it was read: it stays, and the next run decides again",
)
_NOT_FOUND = Failure(
    "NOT_FOUND_BY_SEARCH",
    "the group has it in force and a search does not find it, so nothing was sent: let the user of the "
    "access key search DNC groups, or expire the record in CXone",
)
_STILL_THERE = Failure(
    NOT_EXPIRED,
    "CXone took the order to expire it, and the record is still in force: expire it in CXone by hand; only "
    "`dnc apply --allow-removals N` orders it again",
)
_BESIDE = Failure(
    NOT_EXPIRED,
    "an order to expire it added an expired record beside the one in force: delete the number from the group "
    "in CXone by hand; it is not ordered again",
)


class GroupsRemover:
    """Expires numbers' records. There is no hard delete, and calling lists loaded before stay scrubbed."""

    def __init__(
        self,
        connection: GroupsConnection,
        reader: GroupsReader,
        dialect: GroupsDialect,
        *,
        numbers: NumberConverter,
        form: FormCheck,
    ) -> None:
        self._connection = connection
        self._reader = reader
        self._dialect = dialect
        self._numbers = numbers
        self._form = form
        self._day_taken: int | None = None  # which of `_days` this tenant has taken
        self._is_worth_waiting = True  # until a search did not find a number after all its time

    def remove(self, keys: Sequence[Key]) -> Removals:
        """Expire numbers of one list that nobody touched since they were read.

        They are looked up before, since an agent may just have taken an opt-out, and after, since only that
        tells whether they are over. One that is over already counts as answered.
        """
        self._form.check_before_write()
        removal = _Removal(self._reader.group_id(keys[0][0]), keys[0][0])
        for _, phone in keys:
            digits = self._numbers.to_digits(phone)
            if digits is None:
                removal.answers[phone] = Answer(Verdict.REFUSED, cause=NUMBER_NOT_WRITABLE)
            else:
                removal.digits[phone] = digits
        self._look_before(removal)
        self._expire(removal)
        self._look_after(removal)
        if removal.error is not None and not any(answer.attempts for _, answer in removal.sent):
            raise removal.error
        list_id = keys[0][0]
        return Removals({(list_id, phone): a for phone, a in removal.answers.items()}, tuple(removal.sent))

    # Before.

    def _look_before(self, removal: "_Removal") -> None:
        """Answer for the numbers that are over already, were touched, or cannot be looked up."""
        phones = removal.pending
        one_by_one = self._is_one_by_one(removal, len(phones))
        found = self._search(removal, phones if one_by_one else phones[:1])
        missing = self._missing(removal, found)
        for seconds in LOOKS_AFTER:
            if not missing or not self._is_worth_waiting or not self._connection.wait(seconds):
                break
            found |= self._search(removal, missing)
            missing = self._missing(removal, found)
        self._is_worth_waiting &= not missing
        if not one_by_one and missing and any(self._search(removal, phones[1:_PROBES]).values()):
            missing = []  # the search finds: of that one number the group tells what became
        if not one_by_one and missing:  # what does not find one is not asked for the others
            missing = phones
        elif not one_by_one:
            found = self._reader.group_records(removal.group, phones)
        removal.answers |= dict.fromkeys(missing, Answer(Verdict.REFUSED, cause=_NOT_FOUND))
        for phone in removal.pending:
            if answer := self._answer_before(removal, phone, found[phone]):
                removal.answers[phone] = answer

    def _missing(self, removal: "_Removal", found: Mapping[str, Sequence[Record]]) -> list[str]:
        """Name the numbers that the group has in force, and of which a search does not show why not."""
        return [phone for phone, records in found.items() if self._is_missing(removal, phone, records)]

    def _is_missing(self, removal: "_Removal", phone: str, records: Sequence[Record]) -> bool:
        last_read = self._last_read(removal, phone)
        if last_read is None or any(not self._reader.is_over(record) for record in records):
            return False
        read_time = _parse_to_second(last_read.modified)
        times = [_parse_to_second(record.modified) for record in records]
        # A record that was expired since the read explains it; an index that lags behind shows an older one.
        return not any(moment and read_time and moment > read_time for moment in times)

    def _last_read(self, removal: "_Removal", phone: str) -> LiveEntry | None:
        live = self._reader.last_live
        return live.get((removal.list_id, phone)) if live else None

    def _answer_before(self, removal: "_Removal", phone: str, records: Sequence[Record]) -> Answer | None:
        in_force = [record for record in records if not self._reader.is_over(record)]
        if not in_force:
            return Answer(Verdict.ANSWERED)
        last_read = self._last_read(removal, phone)
        if last_read is None or any(self._is_modified(record, last_read) for record in in_force):
            return Answer(Verdict.REFUSED, cause=_MODIFIED)
        if self._has_expired_beside(records):
            return Answer(Verdict.ANSWERED, failures={phone: _BESIDE})
        return None

    # The order.

    def _expire(self, removal: "_Removal") -> None:
        """Send what is pending, with the day that this tenant takes: the first that it took is kept to."""
        days = range(len(self._days())) if self._day_taken is None else (self._day_taken,)
        waiting = removal.pending
        for place in days:
            if not waiting:
                return
            self._send(removal, waiting, place)
            waiting = [phone for phone in waiting if _is_refused(removal.answers[phone], phone)]

    def _days(self) -> tuple[str | None, ...]:
        """Give the days to try. First yesterday, where it is earliest: over by any zone and rule."""
        return ((self._reader.as_of() - timedelta(1)).isoformat(), self._reader.today().isoformat(), None)

    def _send(self, removal: "_Removal", phones: Sequence[str], place: int) -> None:
        day = self._days()[place]
        more = {} if day is None else {"expiredDate": day}
        records: list[Mapping[str, object]] = [{"phoneNumber": removal.digits[p], **more} for p in phones]
        request = self._connection.calls.expire(removal.group, records)
        try:
            answer = self._connection.write(
                request,
                lambda response: judge_results(response, request, phones, self._numbers),
                divisible=len(phones) > 1,
            )
        except DncError as error:
            removal.error = removal.error or error
            answer = Answer(Verdict.NOT_SENT, cause=Failure(error.rule, error.fact))
        if answer.verdict is Verdict.TOO_LARGE and len(phones) > 1:
            removal.sent.append((len(phones), answer))
            half = len(phones) // 2
            self._send(removal, phones[:half], place)
            self._send(removal, phones[half:], place)
            return
        if answer.cause is not None and answer.cause.code in {"204", "404"}:
            # No data, or no such record any more: the look afterwards tells.
            answer = replace(answer, verdict=Verdict.ANSWERED, cause=None)
        if answer.attempts:
            removal.sent.append((len(phones), answer))
        for phone in phones:
            failures = {phone: answer.failures[phone]} if phone in answer.failures else {}
            removal.answers[phone] = replace(answer, failures=failures)
        if answer.verdict is Verdict.ANSWERED and len(answer.failures) < len(phones):
            self._day_taken = place

    # After.

    def _look_after(self, removal: "_Removal") -> None:
        """Look whether what was ordered is over now: neither CXone's word nor a doubt tells for sure."""
        left = [phone for phone, answer in removal.answers.items() if _is_to_be_verified(answer)]
        if not left:
            return
        # A read of the group shows every record of a number, which nobody says of a search.
        one_by_one = len(left) < self._reader.page_count(removal.list_id)
        try:
            left = self._settle(removal, left, by_search=one_by_one)
            for seconds in LOOKS_AFTER:
                if not left or not self._connection.wait(seconds):
                    break
                left = self._settle(removal, left, by_search=one_by_one)
            if left and one_by_one and self._reader.page_count(removal.list_id) <= _MOST_PAGES:
                left = self._settle(removal, left, by_search=False)
                one_by_one = False
        except DncError as error:
            failure = Failure(error.rule, error.fact)
            for phone in left:
                answer = removal.answers[phone]
                removal.answers[phone] = replace(answer, verdict=Verdict.AMBIGUOUS, cause=failure)
            return
        for phone in left:
            answer = removal.answers[phone]
            if one_by_one:  # the search may still lag, and the group is too large to be read for this
                removal.answers[phone] = replace(answer, verdict=Verdict.AMBIGUOUS, cause=_STILL_THERE)
            elif answer.verdict is Verdict.ANSWERED:
                removal.answers[phone] = replace(answer, failures={phone: _STILL_THERE})

    def _settle(self, removal: "_Removal", phones: Sequence[str], *, by_search: bool) -> list[str]:
        """Look once; name the numbers that are still in force."""
        if by_search:
            found = self._search(removal, phones)
        else:
            found = self._reader.group_records(removal.group, phones)
        left: list[str] = []
        for phone in phones:
            in_force = [record for record in found[phone] if not self._is_over_after(record)]
            answer = removal.answers[phone]
            if not in_force:
                removal.answers[phone] = replace(answer, verdict=Verdict.ANSWERED, failures={}, cause=None)
            elif self._has_expired_beside(found[phone]):
                removal.answers[phone] = replace(
                    answer, verdict=Verdict.ANSWERED, failures={phone: _BESIDE}, cause=None
                )
            else:
                left.append(phone)
        return left

    def _is_over_after(self, record: Record) -> bool:
        """Tell whether a record is over, or ends with the day that was sent, shown as the next at most."""
        expired = parse_expiry(record.expired)
        last = self._reader.today() + timedelta(self._dialect.shape.day_slack)
        return self._reader.is_over(record) or (expired is not None and expired <= last)

    # Looks.

    def _is_one_by_one(self, removal: "_Removal", count: int) -> bool:
        return count <= max(FEW_REMOVALS, self._reader.page_count(removal.list_id))

    def _search(self, removal: "_Removal", phones: Iterable[str]) -> dict[str, list[Record]]:
        return {p: self._reader.find_records(removal.digits[p], removal.group) for p in phones}

    def _has_expired_beside(self, records: Sequence[Record]) -> bool:
        """Tell whether a record that is over came after every one in force: an order without effect."""
        times_over = [_parse_to_second(record.modified) for record in records if self._is_over_after(record)]
        times_in_force = [
            _parse_to_second(record.modified) for record in records if not self._is_over_after(record)
        ]
        last_over = max((moment for moment in times_over if moment is not None), default=None)
        if last_over is None or not times_in_force:
            return False
        return all(moment is not None and moment <= last_over for moment in times_in_force)

    def _is_modified(self, record: Record, last_read: LiveEntry) -> bool:
        """Tell whether a record is stronger or newer than was read; what can't be told counts as yes."""
        expired = parse_expiry(record.expired)
        terms = ProjectedTerms(end=self._dialect.end_of(expired) if expired else None)
        if self._dialect.strength(terms) > self._dialect.strength(last_read.terms):
            return True
        if record.modified == last_read.modified:
            return last_read.modified is None
        modified_now, modified_before = (
            _parse_to_second(record.modified),
            _parse_to_second(last_read.modified),
        )
        return modified_now is None or modified_before is None or modified_now > modified_before


class _Removal:
    """One removal under way: the numbers of a group by their digits, what was sent, what became of each."""

    def __init__(self, group: str, list_id: str) -> None:
        self.group = group
        self.list_id = list_id
        self.digits: dict[str, str] = {}
        self.answers: dict[str, Answer] = {}
        self.sent: list[tuple[int, Answer]] = []
        self.error: DncError | None = None

    @property
    def pending(self) -> list[str]:
        """The numbers of which nothing is known yet."""
        return [phone for phone in self.digits if phone not in self.answers]


def _is_refused(answer: Answer, phone: str) -> bool:
    """Tell whether another day may be taken where this one was not."""
    is_refused_whole = (
        answer.verdict is Verdict.REFUSED and answer.cause is not None and answer.cause.code == "400"
    )
    return is_refused_whole or (answer.verdict is Verdict.ANSWERED and phone in answer.failures)


def _is_to_be_verified(answer: Answer) -> bool:
    is_taken = answer.verdict is Verdict.ANSWERED and not answer.failures
    return bool(answer.attempts) and (is_taken or answer.verdict is Verdict.AMBIGUOUS)


def _parse_to_second(text: str | None) -> datetime | None:
    """Read a time to the second, without its zone: a search and a read may show it in different detail."""
    try:
        return datetime.fromisoformat(text or "").replace(tzinfo=None, microsecond=0)
    except ValueError:
        return None
