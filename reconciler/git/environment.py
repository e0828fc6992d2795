"""What git is given: an allowlisted environment, and settings that keep a repository's own from running code.

A clone's `.git/config` and attributes are data that a cache, an archive or another job may have written. What
is in the environment, and in the configuration of the user and the system, is the machine owner's own choice:
proxies, certificates, credential helpers, `GIT_SSH_COMMAND` and `GIT_ASKPASS` work as they do for plain git.
"""

import os
import re
import shlex
from collections.abc import Iterable, Mapping

from reconciler.core.model.errors import RepositoryProblem

Setting = tuple[str, str]
ScopedSetting = tuple[str, str, str]
"""(scope, key, value), as git names them: `local`, `remote.origin.url`, …"""

# How to find programs, a home, temporary files, the network and keys. Everything else stays here: CXone's and
# GitLab's credentials are nothing that a helper of git's needs.
_PASSED = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR"),
        *("SSH_AUTH_SOCK", "SSH_AGENT_PID"),
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"),
        *("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"),
        *("SYSTEMROOT", "USERPROFILE", "TEMP", "TMP"),
    }
)

# The only GIT_* variables that reach git: how to connect, and where configuration is. A hook sets GIT_DIR,
# GIT_INDEX_FILE and the like for a repository that need not be ours, and tracing prints headers.
_PASSED_OF_GIT = re.compile(
    r"GIT_(SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|SSL_.*|PROXY_.*|HTTP_.*"
    r"|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_[0-9]+|VALUE_[0-9]+)"
    r"|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM|EXEC_PATH)"
)

# No configuration may run code, ask, sign, or change what is pushed.
_CONFIG = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.attributesFile": os.devnull,
    "core.quotePath": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "i18n.commitEncoding": "UTF-8",
    "i18n.logOutputEncoding": "UTF-8",
    "log.showSignature": "false",
    "push.gpgSign": "false",
    "push.followTags": "false",
    "push.recurseSubmodules": "no",
    "submodule.recurse": "false",
    "fetch.writeCommitGraph": "false",
    # A report is there once we say so, whatever happens to the machine right after.
    "core.fsync": "objects,derived-metadata,reference",
}

_FIXED = {
    "LC_ALL": "C",
    "LANGUAGE": "",
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",  # no `ext::` and no other helper, whatever is configured
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "GIT_OPTIONAL_LOCKS": "0",  # reading must not write the index
    "GIT_INDEX_FILE": f"{os.devnull}.index",  # none: what counts is in commits
    "GIT_LITERAL_PATHSPECS": "1",  # a file may be named `*`
    "GIT_NO_REPLACE_OBJECTS": "1",  # history is what was committed
    # The tool's own, so that a reflog or a commit never needs an identity on the machine.
    "GIT_AUTHOR_NAME": "dnc",
    "GIT_AUTHOR_EMAIL": "dnc@localhost",
    "GIT_COMMITTER_NAME": "dnc",
    "GIT_COMMITTER_EMAIL": "dnc@localhost",
}

LIST = ("config", "--list", "--show-scope", "-z")
"""The command whose output `parse_settings` reads. It runs nothing that is configured."""

# Settings that run a program, and what they are without a repository's configuration. Of core.gitProxy the
# first value counts, not the last: GIT_PROXY_COMMAND stands in for it.
_PROGRAMS = (
    (re.compile(r"core\.askpass"), ""),
    (re.compile(r"core\.alternaterefscommand"), "true"),
    (re.compile(r"credential\.(.*\.)?helper"), ""),
    (re.compile(r"filter\..*\.(clean|smudge|process)"), ""),
    (re.compile(r"filter\..*\.required"), "false"),
    (re.compile(r"hook\..*\.event"), ""),
    (re.compile(r"hook\..*\.command"), "true"),
)
# Of these the first value counts as well, and git itself asks a remote for what a partial clone lacks.
_REFUSED = re.compile(r"remote\..*\.(uploadpack|receivepack)")
_SSH = "core.sshcommand"
_OWN = frozenset({"local", "worktree"})


def environment_for(
    variables: Mapping[str, str], overriding: Iterable[Setting], further: Iterable[Setting]
) -> dict[str, str]:
    """Make the environment of one git.

    `overriding` outweighs files of configuration; the environment's own settings outweigh that, and `further`
    and the tool's own outweigh everything.
    """
    passed = {
        name: variables[name] for name in variables if name in _PASSED or _PASSED_OF_GIT.fullmatch(name)
    }
    count = _count(passed.pop("GIT_CONFIG_COUNT", ""))
    given_settings = [
        (passed[f"GIT_CONFIG_KEY_{n}"], passed.get(f"GIT_CONFIG_VALUE_{n}", ""))
        for n in range(count)
        if f"GIT_CONFIG_KEY_{n}" in passed
    ]
    settings = [*overriding, *given_settings, *_CONFIG.items(), *further]
    for number, (key, value) in enumerate(settings):
        passed[f"GIT_CONFIG_KEY_{number}"] = key
        passed[f"GIT_CONFIG_VALUE_{number}"] = value
    return {"GIT_PROXY_COMMAND": ""} | passed | _FIXED | {"GIT_CONFIG_COUNT": str(len(settings))}


def _count(text: str) -> int:
    """Read GIT_CONFIG_COUNT as git does: it refuses what is no number."""
    if not text:
        return 0
    if not re.fullmatch(r"[0-9]{1,6}", text, re.ASCII):
        raise RepositoryProblem(
            "the environment variable GIT_CONFIG_COUNT is no number",
            "set it to the number of GIT_CONFIG_KEY_n and GIT_CONFIG_VALUE_n, or unset it",
        )
    return int(text)


def parse_settings(listed: bytes) -> list[ScopedSetting]:
    """Read what LIST prints."""
    fields = iter(listed.decode("utf-8", "surrogateescape").split("\0")[:-1])
    settings = []
    for scope, field in zip(fields, fields, strict=True):
        key, _, value = field.partition("\n")
        settings.append((scope, key, value))
    return settings


def overrides(settings: Iterable[ScopedSetting], variables: Mapping[str, str]) -> list[Setting]:
    """Give the settings that undo what a repository's own configuration would run.

    The user's and the system's settings of that kind are repeated after them. RepositoryProblem for a setting
    that nothing undoes.
    """
    undoing: list[Setting] = []
    repeated: list[Setting] = []
    for scope, key, value in settings:
        if scope in _OWN and _REFUSED.fullmatch(key):
            raise RepositoryProblem(
                f"the repository's own configuration has {key}, which names a program to run",
                f"if you did not set it, clone the repository anew; else: git config --unset-all {key}",
            )
        inert_value = _inert(key, variables)
        if inert_value is None:
            continue
        if scope in _OWN:
            undoing.append((key, inert_value))
        elif scope in {"system", "global"}:
            repeated.append((key, value))
    return [*undoing, *repeated] if undoing else []


def _inert(key: str, variables: Mapping[str, str]) -> str | None:
    if key == _SSH:
        return shlex.quote(variables.get("GIT_SSH") or "ssh")
    return next((inert for pattern, inert in _PROGRAMS if pattern.fullmatch(key)), None)
