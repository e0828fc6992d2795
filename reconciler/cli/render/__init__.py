"""Plans and reports for readers: text, Markdown, HTML and what GitLab shows. Nothing is decided here."""
