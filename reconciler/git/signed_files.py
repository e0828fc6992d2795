"""Signs files with SSH keys, and checks their signatures: `commits` does so where it is a commit."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.core.model.errors import RepositoryProblem
from reconciler.git.commits import private_key_copy
from reconciler.git.environment import environment_for
from reconciler.git.runner import SIGNING_KEY, error_line

_PROGRAM = "ssh-keygen"
_SECONDS = 30
_PRINCIPAL = re.compile(r"[^\s]+")


def sign_file(data: bytes, namespace: str, environ: Mapping[str, str]) -> bytes | None:
    """Sign data with the key that DNC_SIGNING_KEY names; None where it names none.

    Raises RepositoryProblem where there is a key, and it cannot be used.
    """
    key_file = environ.get(SIGNING_KEY, "")
    if not key_file:
        return None
    try:
        with private_key_copy(Path(key_file)) as key:
            code, out, err = _run(["-Y", "sign", "-f", str(key), "-n", namespace], data, environ)
    except OSError as error:
        fact = f"the file that {SIGNING_KEY} names cannot be used: {error.strerror}"
        raise RepositoryProblem(fact, "name a private key") from error
    if code:
        raise RepositoryProblem(
            f"the key that {SIGNING_KEY} names cannot sign: {error_line(err)}", "name a private key"
        )
    return out


def signer_of(
    data: bytes, signature: bytes, signers: bytes, namespace: str, environ: Mapping[str, str]
) -> str | None:
    """Name whose good signature this is, of those that `signers` allows; None where it is nobody's."""
    with tempfile.TemporaryDirectory(prefix="dnc-signers-") as folder:
        allowed, file = Path(folder) / "signers", Path(folder) / "signature"
        allowed.write_bytes(signers)
        file.write_bytes(signature)
        code, out, _ = _run(["-Y", "find-principals", "-s", str(file), "-f", str(allowed)], b"", environ)
        found = _PRINCIPAL.search(out.decode(errors="replace"))
        if code or found is None:
            return None
        verify = ["-Y", "verify", "-n", namespace, "-s", str(file), "-f", str(allowed), "-I", found[0]]
        code, _, _ = _run(verify, data, environ)
        return None if code else found[0]


def _run(arguments: Sequence[str], data: bytes, environ: Mapping[str, str]) -> tuple[int, bytes, str]:
    program = shutil.which(_PROGRAM, path=environ.get("PATH"))
    if program is None:
        raise RepositoryProblem(
            f"{_PROGRAM} is not installed: nothing can be signed, and no signature checked", "install OpenSSH"
        )
    try:
        done = subprocess.run(  # noqa: S603  (no shell; the arguments are ours)
            [program, *arguments],
            input=data,
            env=environment_for(environ, (), ()),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RepositoryProblem(
            f"{_PROGRAM} did not finish within {_SECONDS} s", "use a key without a passphrase"
        ) from error
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")
