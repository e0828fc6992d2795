"""Names of lists: the files' and the tenant's own."""

from collections.abc import Mapping

from reconciler.core.model.errors import InvalidInput


class ListNames:
    """Translates the files' `listId` to the tenant's own and back."""

    def __init__(self, names_by_list: Mapping[str, str]) -> None:
        self._own = names_by_list

    def tenant_name(self, list_id: str) -> str:
        """Give the tenant's name of a list of the files."""
        return self._own.get(list_id, list_id)

    def list_ids_by_name(self, list_ids: frozenset[str]) -> dict[str, str]:
        """Map the tenant's names to the files', for these lists only.

        Only these: a foreign list may have the name that the files use for another one. Raises InvalidInput
        where two lists of the files are one of the tenant's: neither could be told from the other.
        """
        by_name: dict[str, str] = {}
        for list_id in sorted(list_ids):
            first_list = by_name.setdefault(self.tenant_name(list_id), list_id)
            if first_list != list_id:
                raise InvalidInput(
                    f"the lists {first_list} and {list_id} are both {self.tenant_name(list_id)} in CXone",
                    "give each its own name under `listIds`",
                    where="dnc.yaml",
                )
        return by_name
