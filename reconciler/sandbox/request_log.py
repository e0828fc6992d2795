"""What was asked of the sandbox, for those who count."""

import threading
from collections import deque
from dataclasses import asdict, dataclass

from reconciler.sandbox.faults import RequestKind

# Some 100 million entries' worth of requests; a server that runs for weeks must not grow without end.
_MOST = 200_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request, as it arrived and was answered.

    `time` is the sandbox's clock, `seconds` a clock that only runs forwards, for measuring a minute. `status`
    is 0 where the connection was cut. `items` is how many entries were sent (bulk) or answered (read).
    """

    method: str
    path: str
    kind: RequestKind
    time: str
    seconds: float
    status: int
    items: int

    def to_json(self) -> dict[str, object]:
        """Write it for the control API."""
        return asdict(self)


class RequestLog:
    """The requests of the API, oldest first; those of the control API are none."""

    def __init__(self) -> None:
        self._requests: deque[LoggedRequest] = deque(maxlen=_MOST)
        self._lock = threading.Lock()

    def note(self, request: LoggedRequest) -> None:
        """Add one request."""
        with self._lock:
            self._requests.append(request)

    def clear(self) -> None:
        """Begin counting anew."""
        with self._lock:
            self._requests.clear()

    def list_requests(self, kind: RequestKind | None = None) -> list[LoggedRequest]:
        """Everything asked, or what was asked of one kind."""
        with self._lock:
            return [request for request in self._requests if kind in (None, request.kind)]
