"""`plan`, `apply`, `drift` and `validate`.

`prepared_plan` gathers what a plan is made of: live state (`live_read`), last applied state (`last_applied`),
facts about single numbers (`number_history`), doubts and limits. `apply` sends, verifies and reports.
`report` says what a run did. Not here: what is decided (`core.planning`) and how it is shown (`cli.render`).
Called by `cli` and by the use cases above.
"""
