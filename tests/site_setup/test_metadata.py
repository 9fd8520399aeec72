"""Versions, citation, licenses and workflows say the same as the package."""

import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import recnotes

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read(path: str | Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def project() -> dict:
    return tomllib.loads(read("pyproject.toml"))["project"]


def pins(text: str) -> dict[str, str]:
    """Name and version of each line, or an error naming the line that is anything else."""
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9.+!]+)", line)
        assert match, f"not name==version: {line!r}"
        assert canonicalize_name(match[1]) not in found, f"twice: {line!r}"
        found[canonicalize_name(match[1])] = match[2]
    return found


def test_constraints_are_names_and_versions_only():
    assert len(pins(read("constraints.txt"))) > 100


@pytest.mark.parametrize(
    "line", ["numpy>=2", "numpy @ file:///wheels/numpy.whl", "-e .", "--index-url=x", "numpy==1\nNumPy==2"]
)
def test_a_line_that_is_more_than_a_pin_is_refused(line):
    with pytest.raises(AssertionError):
        pins(line)


def test_constraints_cover_what_the_project_asks_for():
    pinned = pins(read("constraints.txt"))
    extras = project()["optional-dependencies"]
    for text in [*project()["dependencies"], *extras["docs"], *extras["tests"]]:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        assert name in pinned, f"{text} has no version in constraints.txt"
        assert requirement.specifier.contains(pinned[name], prereleases=True), f"{text}, {pinned[name]}"


@pytest.mark.parametrize("name", ["tensorflow", "keras", "numpy"])
def test_the_tests_run_with_the_versions_the_pages_name(name):
    assert version(name) == pins(read("constraints.txt"))[name]


def test_installing_the_package_pulls_two_dependencies():
    assert [Requirement(text).name for text in project()["dependencies"]] == ["tensorflow", "numpy"]


def check(*command: str) -> None:
    result = subprocess.run([*command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def tool(name: str) -> str:
    """A program of this environment."""
    path = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    assert path, f"{name} is not installed: pip install -e '.[docs,tests]' -c constraints.txt"
    return path


def test_citation_is_valid_and_of_this_version():
    check(tool("check-jsonschema"), "--builtin-schema", "vendor.citation-file-format", "CITATION.cff")
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["version"] == recnotes.__version__ == project()["version"]
    assert " AND ".join(citation["license"]) == project()["license"]


def test_licenses_hold_their_text():
    assert "Permission is hereby granted, free of charge" in read("LICENSE")
    text = read("LICENSE-docs")
    for part in ("Section 1 -- Definitions.", "Section 8 -- Interpretation.", "licenses/by/4.0/"):
        assert part in text


def test_workflows_are_valid_and_safe():
    assert [path.name for path in WORKFLOWS] == ["checks.yml", "pages.yml"]
    names = [str(path.relative_to(ROOT)) for path in WORKFLOWS]
    check(tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *names)
    check(tool("zizmor"), "--offline", "--no-progress", *names)
    if actionlint := shutil.which("actionlint"):  # not on every machine; the workflow itself installs it
        check(actionlint, *names)


def test_an_unsafe_workflow_is_refused(tmp_path):
    text = WORKFLOWS[0].read_text().replace("persist-credentials: false", "persist-credentials: true")
    text = re.sub(r"actions/checkout@\w+ # v5.0.0", "actions/checkout@v5", text)
    path = tmp_path / "checks.yml"
    path.write_text(text)
    with pytest.raises(AssertionError, match="unpinned-uses"):
        check(tool("zizmor"), "--offline", "--no-progress", str(path))


def test_the_matrix_holds_the_oldest_tensorflow_and_both_ends_of_python():
    jobs = yaml.safe_load(read(".github/workflows/checks.yml"))["jobs"]
    matrix = jobs["test"]["strategy"]["matrix"]["include"]
    floor = next(Requirement(text) for text in project()["dependencies"] if text.startswith("tensorflow"))
    assert str(floor.specifier) == ">=" + matrix[-1]["tensorflow"].rsplit(".", 1)[0]
    lowest, above = re.findall(r"3\.(\d+)", project()["requires-python"])
    python = {"debian:12": 11, "debian:13": 13}  # what these releases carry
    assert {python[entry["image"]] for entry in matrix} == {int(lowest), int(above) - 1}
    assert jobs["test"]["steps"][-1]["run"] == "bash .ci/run"


def test_publishing_builds_with_history_and_the_address_of_the_site():
    steps = yaml.safe_load(read(".github/workflows/pages.yml"))["jobs"]["build"]["steps"]
    checkout = next(step for step in steps if step.get("uses", "").startswith("actions/checkout@"))
    assert checkout["with"]["fetch-depth"] == 0
    build = next(step for step in steps if step.get("run") == "make build")
    assert set(build["env"]) == {"RECNOTES_SITE_URL", "RECNOTES_REPOSITORY"}
