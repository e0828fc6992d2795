"""Every rule that the program itself checks, in one place: its id and what it asks for.

The regulations have ids of their own (US-FED-03, NUM-01); those are data, in `schema/regulations/`.
"""

from collections.abc import Mapping

CATALOGUE: Mapping[str, str] = {
    "YAML-01": "The file is UTF-8 and one readable YAML document, at most 20 levels deep.",
    "YAML-02": "A key stands once in its mapping, and is plain text.",
    "YAML-03": "No anchors, aliases, merge keys or tags: a line says what it says.",
    "YAML-04": "One document a file.",
    "YAML-05": "The file is not empty.",
    "LIST-01": "The structure is that of dnc-list.schema.json.",
    "LIST-02": "No unknown keys: a misspelt key would be a term that does not hold.",
    "LIST-03": "A number stands once for a list in one file.",
    "LIST-04": "A date of something that happened is no later than today, anywhere on Earth.",
    "LIST-05": "A YAML file below a list folder is reached by a tenant's globs.",
    "LIST-06": "The terms of an entry, with the defaults, fit together and end on a real date.",
    "LIST-07": "A number moves to another list than its own.",
    "LIST-08": "A hold names a list that a file is part of.",
    "LIST-09": "Two lists have names that nobody takes for one another.",
    "LIST-10": "A term is not over before its entry is added.",
    "CONF-01": "The structure is that of dnc.schema.json, and every value is in its range.",
    "CONF-02": "No unknown keys in the configuration.",
    "CONF-03": "A secret is an environment reference, never text.",
    "CONF-04": "Addresses are https, unless the host is loopback.",
    "CONF-05": "Globs are paths inside the repository.",
    "CONF-06": "The default tenant is one of the tenants.",
    "SCHEMA-01": "No packaged rule is missing or looser in the repository's own schema files.",
    "SCHEMA-02": "What a change of the rules means for what stands is said before it is merged.",
    "CONF-07": "Two tenants with one target have no list in common.",
    "HOLD-01": "A hold that went from the files stays in force until a report has said so for 24 hours.",
    "CONF-08": "A loosened safety limit holds from the run after the one that first saw it.",
    "CONF-09": "A merge request that adds very many numbers says in its files how many.",
    "CONF-11": "The lists of a tenant reach files, and each of its patterns does.",
    "CONF-12": "The audit branch is none that lists are merged into.",
}
