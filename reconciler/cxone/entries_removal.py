"""Dialect `entries`: what the answer to a removal means. Pure."""

from http import HTTPStatus

import orjson

from reconciler.cxone.entries_calls import Refusals
from reconciler.cxone.wire import Again, Request, Response, passing
from reconciler.cxone.words import reason
from reconciler.model.provider import Answer, Failure, Verdict

# 404: somebody else took it off, or an earlier attempt of ours did.
_GONE = frozenset({HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND})
# The seed shows no removal, so a tenant may well have none.
_NO_SUCH_CALL = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})


def _plausible(body: bytes) -> bool:
    """Tell whether a 200 can be CXone's: without a body, or with a JSON object, but no page of a proxy's."""
    try:
        return not body.strip() or isinstance(orjson.loads(body), dict)
    except orjson.JSONDecodeError:
        return False


def judge_removal(response: Response, request: Request, refusals: Refusals) -> Answer | Again:
    """Read the answer to a removal. Raises CxoneRefused or CxoneUnavailable."""
    status = response.status
    if status in _GONE:
        if status == HTTPStatus.OK and not _plausible(response.body):
            return Again(Failure("unreadable", "200, with something else than an answer"), ambiguous=True)
        return Answer(Verdict.ANSWERED)
    why = Failure(str(status), reason(response.body))
    if status in _NO_SUCH_CALL:
        return Answer(Verdict.UNSUPPORTED, why=why)
    if again := passing(response, why.message):
        return again
    refusals.access(request, response)
    if status < HTTPStatus.MULTIPLE_CHOICES:  # accepted: it may come off later, or not
        return Answer(Verdict.AMBIGUOUS, why=why)
    return Answer(Verdict.REFUSED, why=why)
