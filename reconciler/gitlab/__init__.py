"""GitLab's REST API, as far as merge requests need it.

Notes, merging, approvals, who pushed, and a job's id token. Says what GitLab answers; what follows from it
is decided by the use cases. Called by `use_cases.reconcile` and `use_cases.operations`.
"""
