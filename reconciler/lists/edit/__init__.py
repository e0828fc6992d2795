"""Editing list files as text: everything that is not edited stays as people wrote it.

A file is cut into entries and releases with their comments (`sheet`, `items`), numbers are added, taken out
or put back (`changes`), and `canonical` writes the one canonical form. Not here: tables that other systems
write (`lists.tables`), which file is edited, and writing it to the disk (`use_cases.edits`). Called by
`use_cases.edits`, and by others that need an entry's lines in its file.
"""
