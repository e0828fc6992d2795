"""A calling list held against the numbers that may not be called, row by row.

Doubt goes the other way than in `lists.tables`: there an unclear row is left out of a list, here it is left
out of the calls. `readings` gives every number that some digits can mean, `listed` looks them up, `columns`
says which columns hold numbers, `text` reads rows as a stream and keeps their text, `workbook` those of
visible sheets, `rows` calls each clean, blocked or unreadable, and `second_reader` looks at what was written
once more, line by line, without knowing what a table is. Not here: where listed numbers come from, files that
are written, certificates (`use_cases.scrub`). Called by `use_cases.scrub`.
"""
