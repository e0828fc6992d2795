"""YAML files as trees of text with positions.

`documents` reads a file through PyYAML's event stream into `nodes`; `fast_lines` keeps long runs of equal
lines out of the parser; `spans` is the second reader, for editing: where each key and value begins and ends
in the text. Knows nothing of lists or configuration. `yaml` is imported here only, and by the renderer that
writes a child pipeline for GitLab. Called by `lists`, `config`, `rules` and some use cases.
"""
