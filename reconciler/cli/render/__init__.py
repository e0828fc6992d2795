"""Results for readers: text, Markdown, HTML, JSON, and what GitLab reads.

A renderer gets a result and returns text; nothing is decided here. `messages` has the sentences that several
renderers share, `masking` how numbers are shown, `web` the templates of pages. Called by the commands, and by
`reports` and `metrics` beside them.
"""
