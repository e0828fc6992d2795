"""Globs over paths from the repository's root."""

import pytest

from reconciler.config.globs import glob_problem, is_yaml, list_folder, matches, may_lead_to


@pytest.mark.parametrize(
    ("glob", "path", "reached"),
    [
        ("dnc-lists/**/*.yaml", "dnc-lists/a.yaml", True),
        ("dnc-lists/**/*.yaml", "dnc-lists/b/c/a.yaml", True),
        ("dnc-lists/**/*.yaml", "dnc-lists/a.yml", False),
        ("dnc-lists/**/*.yaml", "dnc-lists-old/a.yaml", False),
        ("dnc-lists/**/*.yaml", "x/dnc-lists/a.yaml", False),
        ("dnc-lists/**/*.yaml", "dnc-lists/.a.yaml", False),
        ("dnc-lists/**/*.yaml", "dnc-lists/.git/a.yaml", False),
        ("dnc-lists/**/*.yaml", "dnc-lists/../a.yaml", False),
        ("dnc-lists/**/*.yaml", "dnc-lists/a.yaml\n", False),
        ("dnc-lists/.kept/*.yaml", "dnc-lists/.kept/a.yaml", True),
        ("dnc-lists/*.yaml", "dnc-lists/b/a.yaml", False),
        ("dnc-lists/**", "dnc-lists/b/a.yaml", True),
        ("**/*.yaml", "a.yaml", True),
        ("*/a?.yaml", "b/a1.yaml", True),
        ("*/a?.yaml", "b/a.yaml", False),
        ("a.yaml", "a.yaml", True),
        ("a.yaml", "abyaml", False),
        ("a+[b].yaml", "a+[b].yaml", True),
        ("a**b/x.yaml", "azzb/x.yaml", True),
    ],
)
def test_matches(glob, path, reached):
    assert matches([glob], path) is reached
    assert matches(["nothing", glob], path) is reached


@pytest.mark.parametrize("glob", ["/a", "../a", "a/../b", "a/..", "", "a//b", "./a", "a\\b", "a/", "a\n"])
def test_a_glob_that_is_no_path_inside_the_repository(glob):
    assert glob_problem(glob)


@pytest.mark.parametrize("glob", ["a.yaml", "a/**/*.yaml", ".hidden/*.yaml", "a..b/c"])
def test_a_good_glob(glob):
    assert glob_problem(glob) == ""


@pytest.mark.parametrize(
    ("glob", "below"),
    [
        ("a/b/**/*.yaml", "a/b/"),
        ("a/*/b/c.yaml", "a/"),
        ("a/b.yaml", "a/"),
        ("b.yaml", ""),
        ("**/*.yaml", ""),
    ],
)
def test_the_list_folder(glob, below):
    assert list_folder(glob) == below


def test_yaml_by_name():
    assert [
        path
        for path in ("a.yaml", "b/A.YML", ".x.yaml", ".#a.yaml", "._a.yml", "yaml", "a.yaml~")
        if is_yaml(path)
    ] == [
        "a.yaml",
        "b/A.YML",
        ".x.yaml",
    ]


@pytest.mark.parametrize(
    "glob", ["**/*.yaml", "a/**/*.yaml", "a/*/c/**", "*.yaml", "node_modules/?/x.yaml", ".h/**/a/*"]
)
@pytest.mark.parametrize(
    "path", ["x.yaml", "a/x.yaml", "a/b/c/x", "a/b/c/d/e", "node_modules/q/x.yaml", ".h/a/x", ".h/b/a/x"]
)
def test_every_folder_above_a_file_that_is_reached_leads_to_it(glob, path):
    """S11: a walk that looks only where globs lead passes over nothing that they reach."""
    parts = path.split("/")[:-1]
    above = ["/".join(parts[:count]) + "/" for count in range(1, len(parts) + 1)]
    if matches([glob], path):
        assert all(may_lead_to([glob], name) for name in above)


@pytest.mark.parametrize(
    ("glob", "below", "led"),
    [
        ("dnc-lists/**/*.yaml", "dnc-lists/node_modules/x/", True),
        ("dnc-lists/**/*.yaml", ".venv/", False),
        ("dnc-lists/**/*.yaml", "node_modules/", False),
        ("**/*.yaml", "node_modules/", True),
        ("**/*.yaml", ".venv/", False),
        ("*.yaml", "docs/", False),
    ],
)
def test_a_folder_that_no_glob_reaches_is_led_to_by_none(glob, below, led):
    assert may_lead_to([glob], below) is led
