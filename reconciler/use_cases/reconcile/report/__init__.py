"""The report of one run, put together from its plan, outcomes and command context.

`content` builds the report; the other modules each have one part: the run's facts, changes of lists, and
the people behind it. Its form and bytes are in `audit.report`. Called by `apply` and by failed runs.
"""
