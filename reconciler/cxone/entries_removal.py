"""Dialect `entries`: what the answer to a removal means. Pure."""

from http import HTTPStatus

from reconciler.cxone.entries_calls import Refusals
from reconciler.cxone.wire import Again, Request, Response, passing
from reconciler.cxone.words import reason
from reconciler.model.provider import Answer, Failure, Verdict

# 404: somebody else took it off, or an earlier attempt of ours did.
_GONE = frozenset({HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND})
# The seed shows no removal, so a tenant may well have none.
_NO_SUCH_CALL = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})


def judge_removal(response: Response, request: Request, refusals: Refusals) -> Answer | Again:
    """Read the answer to a removal. Raises CxoneRefused or CxoneUnavailable."""
    status = response.status
    if status in _GONE:
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
