"""`dnc init`: a new list repository. Nothing that is there is written over."""

from pathlib import Path

from reconciler.model.errors import InvalidInput
from reconciler.reconcile.files import put
from reconciler.reconcile.scaffold import FILES, SCHEMAS


def init(folder: Path) -> tuple[str, ...]:
    """Write the files of a list repository below a folder; their names.

    Raises InvalidInput, and writes nothing, where one of them is there already or the folder is none.
    """
    if folder.exists() and not folder.is_dir():
        raise InvalidInput("this is no folder", "name a new one, or an empty one", where=str(folder))
    there = [name for name in FILES if (folder / name).exists() or (folder / name).is_symlink()]
    if there:
        fact = f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already: nothing was written"
        raise InvalidInput(fact, "name another folder, or move them away", where=str(folder))
    for name, text in FILES.items():
        put(folder.absolute(), name, text.encode())
    return tuple(FILES)


def renew_schemas(folder: Path) -> tuple[str, ...]:
    """Bring the schemas that editors read up to this version's; the names of those that changed.

    A repository's own file stands in the place of the packaged one. So one of an older version keeps what is
    new since from being used, until it is renewed.
    """
    changed = {}
    for name, text in SCHEMAS.items():
        file = folder / name
        if not file.exists() or file.read_bytes() != text.encode():
            changed[name] = text.encode()
    for name, data in changed.items():
        put(folder.absolute(), name, data)
    return tuple(changed)
