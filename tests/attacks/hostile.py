"""Texts and values that no input should hold, by what they try."""

from typing import Any

PATHS = (
    "../../../../etc/passwd", "..\\..\\..\\etc\\passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%252e%252e%252fetc%252fpasswd", "/etc/passwd", "//etc/passwd", "file:///etc/passwd",
    "http:///#/../../../../etc/passwd", "a/../../b", "artifacts/;/../../../etc/passwd",
    "artifacts/?/../../../etc/passwd", "C:\\Windows\\win.ini", "\\\\host\\share\\x",
    "system/secret.key", "x\x00.csv", "x\x17", "\uff0e\uff0e/\uff0e\uff0e/x", ".", "..", "~/x",
)  # fmt: skip
QUERIES = (
    "' OR 1=1 --", "\"; DROP TABLE model_runs; --", "1) union select password from accounts_user",
    "`x`", "%a%a%a%a%a%", "_" * 50, "\\", "id__gt", "user__password__startswith", "-user__password",
    "'\"()[]{}<>", "(a+)+$", "\x00",
)  # fmt: skip
COMMANDS = (
    "$(touch {canary})", "`touch {canary}`", "; touch {canary}", "| touch {canary}",
    "a\ntouch {canary}", "--help", "-rf", "{{7*7}}${{7*7}}", "%s%n%x",
)  # fmt: skip
NUMBERS = (
    "9" * 400, "9" * 5000, "-9223372036854775809", "9223372036854775808", "1e400", "NaN",
    "-Infinity", "0x10", "\u0661\u0662", "1_000", "-1", "0", "1.5", "-0",
)  # fmt: skip
TEXTS = (
    "", " ", "x" * 100_000, "\u202egnp.exe", "\ufeff", "e\u0301" * 200, "\U0001f525" * 300, "\r\n",
    "<script>alert(1)</script>", "javascript:alert(1)", "0001-01-01", "9999-12-31T23:59:59+14:00",
    "2026-02-30", "24:00",
)  # fmt: skip
ALL: tuple[str, ...] = (*PATHS, *QUERIES, *COMMANDS, *NUMBERS, *TEXTS)
# what JSON can hold beside text
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 2**63, -(2**63) - 1, 10**300, 1e308, -0.0, [], {}, [[]], [None], {"a": {}},
    ["x"] * 10_000, {"$gt": ""}, {"__class__": "x"},
)  # fmt: skip
# places that a client has no business to name; the server computes them
LOCATIONS = (
    "artifact_location", "artifact_path", "source", "model_path", "path", "location", "uri",
    "storage", "loader_module", "sha256", "signature", "id", "owner", "user", "is_superuser",
    "created_at", "status",
)  # fmt: skip
# what would show that a trick worked, or how the server is made
INSIDES = (
    b"root:x:", b"Traceback", b"site-packages", b"SELECT ", b"sqlite3.", b"psycopg",
    b"OperationalError", b"django.db",
)  # fmt: skip
