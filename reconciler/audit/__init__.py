"""The record: audit reports, chained by hash on a git branch of their own.

Here are the report's form and bytes, the chain and what of it may be believed, the ledger that appends and
delivers reports, the journal of a run that is under way, and the verification of all of it. Not here: what
a report says of a run (`use_cases.reconcile.report`) and answers from past reports (`use_cases.history`).
Called by the use cases. Uses `git`, and never rewrites a branch.
"""
