"""GitLab's API, as much as a merge request needs: its notes and its merging. Decides nothing."""
