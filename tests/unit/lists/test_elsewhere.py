"""Files that are read elsewhere, and handed over, are read as if they had been read here."""

import json
import pickle
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.lists.reader import Source, read_lists, read_one_file
from tests.unit.conftest import AS_OF, LATEST, RULES
from tests.unit.rules.test_grouped_validation import defaults, entries

releases = st.lists(
    st.fixed_dictionaries(
        {"phone": st.sampled_from(["+12125550101", "+12125550102", "x"])},
        optional={
            "releasedOn": st.sampled_from(["2026-11-20", "soon"]),
            "reason": st.sampled_from(["CONSENT_GIVEN", "MOVED", "REGISTRY_REMOVED"]),
            "evidence": st.sampled_from(["CONSENT-1", "rnd:yes:2026-11-01"]),
            "to": st.sampled_from(["company", "other"]),
        },
    ),
    max_size=3,
)
holds = st.lists(
    st.fixed_dictionaries(
        {"matter": st.just("CASE-1"), "since": st.just("2026-11-01")},
        optional={"listId": st.sampled_from(["company", "nowhere"]), "phones": st.just(["+12125550101"])},
    ),
    max_size=2,
)
files = st.fixed_dictionaries(
    {"listId": st.sampled_from(["company", "other", "a b"])},
    optional={"entries": entries, "defaults": defaults, "releases": releases, "holds": holds},
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(files, st.sampled_from(["here", "elsewhere", "lost"])), min_size=1, max_size=4))
def test_what_is_handed_over_is_what_would_have_been_read(written):
    sources, elsewhere = [], {}
    for place, (document, where) in enumerate(written):
        folder = "examples/" if place % 2 else ""
        source = Source(f"{folder}{place}.yaml", json.dumps(document).encode())
        sources.append(source)
        if where != "here":
            elsewhere[source.path] = partial(handed_over, source) if where == "elsewhere" else lambda: None
    read = partial(read_lists, sources, RULES, as_of=AS_OF, latest=LATEST)
    assert read(parallel_reads=elsewhere) == read()


@settings(deadline=None)
@given(st.lists(files, min_size=1, max_size=3))
def test_equal_terms_are_one_object_wherever_they_were_read(written):
    sources = [
        Source(f"{place}.yaml", json.dumps(document).encode()) for place, document in enumerate(written)
    ]
    elsewhere = {source.path: partial(handed_over, source) for source in sources}
    claims = read_lists(sources, RULES, as_of=AS_OF, latest=LATEST, parallel_reads=elsewhere).declared_entries
    every = [terms for file in claims.files for terms in (*file.numbers.values(), *file.distinct)]
    assert len(set(every)) == len(set(map(id, every)))


def handed_over(source):
    found = read_one_file(
        source, RULES, as_of=AS_OF, latest=LATEST, is_example=source.path.startswith("examples/")
    )
    return pickle.loads(pickle.dumps(found))
