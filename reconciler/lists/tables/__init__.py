"""Tables that other systems write, read so that no row is lost without a word.

`content` opens what was downloaded: text, a workbook or a registry's XML, packed or not. `text`, `workbook`
and `registry_xml` give its rows; one that cannot be taken with certainty has a problem, and is refused.
`table` puts a file together, and sees that an independent count of the raw file finds no further row.
`columns` says which column is which field (`titles`), and `days` reads days as exports write them. Not here:
what becomes of a row (`use_cases.edits`). Called by `use_cases.edits` and `use_cases.history.compare`.
"""
