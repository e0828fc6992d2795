"""One request to GitLab's REST API, and its whole answer. No retry: who asks knows what may be repeated.

Paths, parameters and headers as GitLab's API documentation has them (v4, read 2026-11-23).
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

import requests
from requests.auth import AuthBase

from reconciler.config.connection_settings import proxy_exemption
from reconciler.core.model.errors import DncError

TIMEOUT = (5.0, 15.0)  # seconds to connect, and between two bytes of the answer
PAGE_SIZE = 100  # GitLab's largest
PAGES = 50  # 5,000 notes: nobody reads such a merge request, and a job must end
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_LATER = frozenset({HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS})


class GitLabProblem(DncError):
    """GitLab could not be asked, or refused. Whoever asked says it as a warning: it never fails a plan.

    `is_passing`: the same request may succeed later. `status` is that of GitLab's answer, if it gave one.
    """

    rule = "GITLAB"

    def __init__(
        self,
        fact: str,
        fix: str = "",
        *,
        where: str = "",
        is_passing: bool = False,
        status: int | None = None,
    ) -> None:
        super().__init__(fact, fix, where=where)
        self.is_passing = is_passing
        self.status = status


class _Token(AuthBase):
    """Signs a request; an auth object, because a `.netrc` would override a bare header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign."""
        request.headers["PRIVATE-TOKEN"] = self._token
        return request


class GitLab:
    """One project of one GitLab. Close it, or use it in a `with`."""

    def __init__(self, api_url: str, project: str, token: str) -> None:
        if not is_safe(api_url):
            raise GitLabProblem(
                "the address of GitLab's API is not https, and a token does not travel in the open",
                "give GitLab's external_url as https; CI_API_V4_URL follows it",
            )
        token = token.strip()  # a variable's value often ends with the line
        if not token or not token.isascii() or not token.isprintable():
            raise GitLabProblem(
                "GITLAB_TOKEN has characters that no token has", "copy the token again, as GitLab shows it"
            )
        self._base = api_url.rstrip("/")
        self._project = f"/projects/{quote(project, safe='', errors='replace')}"
        self._session = requests.Session()
        self._session.auth = _Token(token)
        self._proxies = proxy_exemption(self._base)

    def __enter__(self) -> Self:
        """Be closed at the end of a `with`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        self._session.close()

    def user_id(self) -> int:
        """Tell which user the token is."""
        path = "/user"
        user = _decode_json(self._request("GET", path), path)
        number = user.get("id") if isinstance(user, dict) else None
        if type(number) is not int:
            raise unknown_form_error(path)
        return number

    def get(self, path: str) -> Any:  # noqa: ANN401  (JSON)
        """Read one thing of the project."""
        return self._json("GET", path)

    def pages(self, path: str, **parameters: str) -> Iterator[Mapping[str, Any]]:
        """Read a list of the project, page by page."""
        page = "1"
        for _ in range(PAGES):
            page_parameters = {**parameters, "per_page": str(PAGE_SIZE), "page": page}
            answer = self._request("GET", self._project + path, parameters=page_parameters)
            rows = _decode_json(answer, path)
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise unknown_form_error(path)
            yield from rows
            page = answer.headers.get("x-next-page", "")
            if not page:
                return

    def post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401  (JSON)
        """Make something new."""
        return self._json("POST", path, body)

    def put(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401  (JSON)
        """Change something."""
        return self._json("PUT", path, body)

    def delete(self, path: str) -> None:
        """Take something away; what is gone already counts as taken."""
        try:
            self._request("DELETE", self._project + path)
        except GitLabProblem as problem:
            if problem.status != HTTPStatus.NOT_FOUND:
                raise

    def _json(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401
        return _decode_json(self._request(method, self._project + path, body), path)

    def _request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        parameters: Mapping[str, str] | None = None,
    ) -> requests.Response:
        try:
            answer = self._session.request(
                method,
                self._base + path,
                params=parameters,
                json=body,
                proxies=self._proxies,
                timeout=TIMEOUT,
                allow_redirects=False,  # a token must not travel to where an answer points
            )
        except (OSError, ValueError) as error:  # all of requests' are one; ValueError: nothing to be sent
            # The library's text holds addresses, and may hold a proxy's password.
            raise GitLabProblem(
                f"GitLab does not answer ({type(error).__name__})", "run the job again", is_passing=True
            ) from None
        if not answer.ok or answer.is_redirect:
            raise _refusal(method, path, answer.status_code)
        return answer


def is_safe(url: str) -> bool:
    """Tell whether nobody on the way can read or change what travels: https, or this machine itself."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" or parts.hostname in _LOOPBACK


def _refusal(method: str, path: str, status: int) -> GitLabProblem:
    passing = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _LATER
    ways: dict[int, str] = {
        HTTPStatus.UNAUTHORIZED: "GITLAB_TOKEN is wrong or has expired: make a new project access token",
        HTTPStatus.FORBIDDEN: "give the token of GITLAB_TOKEN the scope api, and a role that may do this",
        HTTPStatus.NOT_FOUND: "the token of GITLAB_TOKEN does not see this: make it in this project",
    }
    way = "run the job again" if passing else ways.get(status, "see docs/how-to/gitlab.md, Tokens")
    return GitLabProblem(
        f"GitLab answers {status} to {method} {path}", way, is_passing=passing, status=status
    )


def unknown_form_error(path: str) -> GitLabProblem:
    """Say that an answer is JSON of another shape than GitLab's."""
    return GitLabProblem(f"GitLab's answer to {path} has an unknown form", "is CI_API_V4_URL its API?")


def _decode_json(answer: requests.Response, path: str) -> Any:  # noqa: ANN401  (JSON)
    try:
        return answer.json()
    except (ValueError, RecursionError):
        raise GitLabProblem(f"GitLab's answer to {path} is no JSON", "is CI_API_V4_URL its API?") from None
