"""Chores, one session each: `nox -l` lists them, `nox` alone runs the two that prove the project (report, tests)."""

import re
import secrets
from itertools import chain

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["report", "tests"]

QUICK = [
    f"tests/test_{name}.py"
    for name in (
        *("beyond", "calendars", "cli", "clock", "config", "display", "engine", "engine_limits", "facts", "gate"),
        *("gate_cases", "models", "moments", "parametric", "prices", "rows", "sources", "event_ledger", "tables"),
    )
]
EXTRAS = ("parquet", "excel", "garch")
TESTING = ("pytest>", "hypothesis", "jsonschema")

PYPROJECT = nox.project.load_toml("pyproject.toml")


def install(session, *groups):
    """Install the project from this checkout, with some of its dependency groups."""
    wanted = [entry for group in groups for entry in nox.project.dependency_groups(PYPROJECT, group)]
    session.install("-e", ".", *wanted)


@nox.session
def report(session):
    """Run the flagship study offline and write reports/h200-export-decision/report.html."""
    install(session)
    session.run("eventstudy", "run", "events.yaml", "--out", "reports", *session.posargs)


@nox.session
def tests(session):
    """The whole suite, offline; arguments go to pytest (nox -s tests -- -k clock)."""
    install(session, "test")
    session.run("python", "-m", "pytest", "-n", "2", "--dist", "loadfile", *session.posargs)


@nox.session
def search(session):
    """The suite's random searches at random, ten rounds; each prints its seed (nox -s search -- SEED runs it again)."""
    install(session, "test")
    for seed in session.posargs or [str(secrets.randbelow(2**32)) for _ in range(10)]:
        session.log(f"seed {seed}; to run it again: nox -s search -- {seed}")
        options = ("-m", "hypothesis and not slow", "--hypothesis-profile=search", f"--hypothesis-seed={seed}")
        session.run("python", "-m", "pytest", *options)


@nox.session
def proofs(session):
    """Proofs that take minutes: the wheel in an empty environment, every figure in the browser at every width."""
    install(session, "test")
    session.run("python", "-m", "pytest", "-m", "slow", *session.posargs)


@nox.session
def quick(session):
    """The tests that take a minute; arguments go to pytest."""
    install(session, "test")
    session.run("python", "-m", "pytest", *QUICK, *session.posargs)


@nox.session
@nox.parametrize("which", ["lowest", "newest"])
def bounds(session, which):
    """The quick tests with the lowest and with the newest version that each dependency may have."""
    project = PYPROJECT["project"]
    wanted = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"][one] for one in EXTRAS)]
    if which == "lowest":
        wanted = [re.sub(r">=([0-9.]+).*", r"==\1", one) for one in wanted]
    testing = [one for one in nox.project.dependency_groups(PYPROJECT, "test") if one.startswith(TESTING)]
    session.install("--upgrade", *wanted, *testing)
    session.install("--no-deps", "-e", ".")
    session.run("python", "-m", "pytest", *QUICK, *session.posargs)


@nox.session
def lint(session):
    """Style and habits (ruff)."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session):
    """Type checks (mypy, strict)."""
    install(session, "types")
    session.run("mypy")


@nox.session
def imports(session):
    """Import contracts: rooms import downwards, one door to each outside library."""
    install(session, "imports")
    session.run("lint-imports", "--no-cache")


@nox.session
def docs(session):
    """Build the documentation into docs/_build; a warning is an error."""
    session.install("-e", ".[docs]")
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "docs/_build")


@nox.session
def bench(session):
    """Measure start-up and run times and write docs/benchmarks.md."""
    install(session)
    session.run("python", "benchmarks/bench.py", *session.posargs)


@nox.session
def size(session):
    """Simulate size and power of the tests and write docs/size.md (some minutes)."""
    install(session)
    session.run("python", "benchmarks/size.py", *session.posargs)
    session.run("python", "benchmarks/grid.py")


@nox.session
def live(session):
    """Ask each vendor once, print what came and what differs from the recordings, and a text to send back."""
    install(session)
    session.run("python", "benchmarks/live.py", *session.posargs)


@nox.session
def record(session):
    """Download the flagship's prices and every HTTP exchange anew (needs a connected machine)."""
    install(session)
    session.run(
        "eventstudy",
        "record",
        "events.yaml",
        "--refresh",
        "--into",
        "eventstudy/data/recorded",
        "--exchanges",
        "tests/recorded",
        *session.posargs,
    )
