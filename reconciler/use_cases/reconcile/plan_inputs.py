"""What a plan is made from on the side of git."""

from dataclasses import dataclass

from reconciler.config.tenant import Tenant
from reconciler.git.repository import Repository
from reconciler.lists.reader import Lists, Source
from reconciler.use_cases.workspace.project import Project


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """The project, the tenant with its list files, and the repository, if there is one."""

    project: Project
    tenant: Tenant
    repository: Repository | None
    sources: tuple[Source, ...]
    lists: Lists
