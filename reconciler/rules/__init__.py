"""The rules that entries are judged by: JSON Schema files with a source, dates and a confidence.

Here are the rules in force, their keywords, what they say of an entry, whose rules hold for a number, and the
numbering plan. Not here: reading list files (`lists`). `config` judges `dnc.yaml` by the same schema errors.
`jsonschema` is imported here only. Called by `lists`, `config` and the use cases.
"""
