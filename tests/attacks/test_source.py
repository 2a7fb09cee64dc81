"""Classes C and E where they begin: the source starts no shell and opens nothing that is code."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src/modelwright"
# Each of these starts a program of ours, with words of ours.
STARTS_PROGRAMS = {
    "catalog/reading.py",
    "cli/supervisor/parts.py",
    "serving/hosting.py",
}
# Of these the first opens artifacts after their proof; the others write, or name an error.
KNOWS_PICKLES = {"engine/artifacts.py", "engine/warm.py"}
FORBIDDEN_CALLS = {
    "eval", "exec", "compile", "os.system", "os.popen", "pickle.load", "pickle.loads",
    "yaml.load", "marshal.loads", "tempfile.mktemp", "mark_safe",
}  # fmt: skip
OUR_OWN_SHAPES = {("web/templatetags/ui.py", "mark_safe")}


def trees() -> Iterator[tuple[str, ast.AST]]:
    for path in SOURCE.rglob("*.py"):
        yield str(path.relative_to(SOURCE)), ast.parse(path.read_text())


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def test_no_call_opens_code_or_starts_a_shell() -> None:
    guilty = []
    for name, tree in trees():
        for called, call in calls(tree):
            shell = any(word.arg == "shell" for word in call.keywords)
            if shell or (called in FORBIDDEN_CALLS and (name, called) not in OUR_OWN_SHAPES):
                guilty.append(f"{name}:{call.lineno} {called}")
    assert guilty == []


def test_programs_are_started_in_named_places_by_a_list_of_words() -> None:
    found = set()
    for name, tree in trees():
        for called, call in calls(tree):
            if called.startswith("subprocess.") and called.endswith(
                ("run", "Popen", "check_output")
            ):
                found.add(name)
                assert isinstance(call.args[0], ast.List), f"{name}:{call.lineno}"
    assert found == STARTS_PROGRAMS


def test_pickles_are_known_in_named_places() -> None:
    found = set()
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules = {alias.name for alias in node.names}
                modules |= {node.module or ""} if isinstance(node, ast.ImportFrom) else set()
                if modules & {"pickle", "joblib", "cloudpickle", "dill", "marshal", "shelve"}:
                    found.add(name)
    assert found == KNOWS_PICKLES


def test_models_are_opened_in_named_places() -> None:
    """None of them is imported by the web server's rooms: `tests/web/test_weight.py`."""
    found = {
        name for name, tree in trees() for called, _ in calls(tree) if called == "load_artifact"
    }
    assert found == {
        "cli/commands/export.py", "serving/host.py",
        "registry/comparison_work.py", "serving/batch_work.py",  # in the child of a worker
    }  # fmt: skip
