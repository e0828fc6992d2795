"""The report of one run, put together from its plan, outcomes and command context; and a plan for review.

`content` builds the report; the other modules each have one part: the run's facts, changes of lists, and
the people behind it. Its form and bytes are in `audit.report`. `authorizations` adds to a plan's JSON what
a reviewer asks. Called by `plan`, `apply` and failed runs.
"""
