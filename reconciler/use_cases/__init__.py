"""What the commands do: each use case combines adapters and the pure core.

`workspace` opens a project; `reconcile` plans and applies; `history` answers from past reports; `edits`
writes list files; `operations` serves pipelines and people on call. Only these packages read the clock
(`workspace.context`). Not here: options, exit codes and rendering (`cli`).
"""
