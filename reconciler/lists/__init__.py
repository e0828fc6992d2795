"""List files: what they declare, with every finding.

`reader` reads all files of a tenant into entries, releases and holds; `list_file` reads one; the other
modules judge and expand what is in it. `edit` writes list files, `tables` reads tables that others send.
Not here: YAML itself (`yaml_tree`), the rules (`rules`), and which files count (`config`,
`use_cases.workspace`). Called by the use cases.
"""
