"""As much of GitLab's pipeline language as is used here: components, extends, !reference, `if` rules."""

import re
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[2] / ".gitlab-ci.yml"

# What is no job at the top of the file.
_KEYWORDS = {"workflow", "variables", "default", "stages", "include"}
_ATOM = re.compile(r'(\$\w+)|"([^"]*)"')


class _Reference(tuple[str, ...]):
    """`!reference [job, key]`."""

    __slots__ = ()


class _Loader(yaml.SafeLoader):
    pass


_Loader.add_constructor("!reference", lambda loader, node: _Reference(loader.construct_sequence(node)))


def component(text: str, inputs: dict[str, str]) -> dict[str, Any]:
    """Read a component's jobs, its inputs put in."""
    head, _, body = text.partition("\n---\n")
    spec = yaml.load(head, Loader=_Loader)["spec"]["inputs"]
    if unknown := inputs.keys() - spec.keys():
        raise ValueError(f"there are no inputs {unknown}")

    def given(match: re.Match[str]) -> str:
        said = spec[match[1]] or {}
        value = inputs[match[1]] if match[1] in inputs else said["default"]
        return str(value).lower() if isinstance(value, bool) else str(value)

    return yaml.load(re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", given, body), Loader=_Loader)


class Pipeline:
    """The file, with its jobs as GitLab would see them, and with the component that it includes."""

    def __init__(self, text: str, **inputs: str) -> None:
        own: dict[str, Any] = yaml.load(text, Loader=_Loader)
        self.document: dict[str, Any] = {"stages": [".pre", "build", "test", "deploy", ".post"]}
        for include in own.pop("include", ()):
            template = FILE.parent / include["local"]
            self.document |= component(template.read_text(encoding="utf-8"), include["inputs"] | inputs)
        self.document |= own
        names = [n for n in self.document if n not in _KEYWORDS and not n.startswith(".")]
        self.jobs = {name: self._extended(name) for name in names}

    def _extended(self, name: str) -> dict[str, Any]:
        own = self.document[name]
        bases = own.get("extends", [])
        merged: dict[str, Any] = {}
        for base in [bases] if isinstance(bases, str) else bases:
            merged |= self._extended(base)
        return merged | own

    def _flat(self, rules: list[Any]) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        for rule in rules:
            if isinstance(rule, _Reference):
                target: Any = self.document
                for step in rule:
                    target = target[step]
                found += self._flat(target)
            else:
                found.append(rule)
        return found

    def rules(self, job: str) -> list[dict[str, str]]:
        return self._flat(self.jobs[job]["rules"])

    def starts(self, variables: dict[str, str]) -> bool:
        """Tell whether there is a pipeline at all."""
        return _when(self.document["workflow"]["rules"], variables) is not None

    def runs(self, variables: dict[str, str]) -> dict[str, str]:
        """Give the jobs of a pipeline, and when each runs."""
        evaluated = {job: _when(self.rules(job), variables) for job in self.jobs}
        return {job: when for job, when in evaluated.items() if when is not None}


def _when(rules: list[dict[str, str]], variables: dict[str, str]) -> str | None:
    """Take the first rule that holds; None where none does, or it says never."""
    for rule in rules:
        unknown = rule.keys() - {"if", "when"}
        if unknown:
            raise ValueError(f"rules with {unknown} are not evaluated here")
        if "if" not in rule or _holds(rule["if"], variables):
            when = rule.get("when", "on_success")
            return None if when == "never" else when
    return None


def _holds(condition: str, variables: dict[str, str]) -> bool:
    return all(_compare(part.strip(), variables) for part in condition.split("&&"))


def _compare(comparison: str, variables: dict[str, str]) -> bool:
    found = re.fullmatch(r"(\S+) (==|!=) (\S+)", comparison)
    if found is None:
        raise ValueError(f"{comparison!r} is not evaluated here")
    left, right = (_value(found[side], variables) for side in (1, 3))
    return (left == right) == (found[2] == "==")


def _value(text: str, variables: dict[str, str]) -> str | None:
    atom = _ATOM.fullmatch(text)
    if atom is None:
        raise ValueError(f"{text!r} is neither a variable nor a string")
    return variables.get(atom[1][1:]) if atom[1] else atom[2]
