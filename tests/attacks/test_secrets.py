"""Secrets planted everywhere are in no answer, log line, trace, metric or row afterwards."""

import base64
import http.server
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.stack import CLI, PASSWORD, Stack, clean_environment, eventually, prepared_home

pytestmark = [pytest.mark.slow]

CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


def secret(name: str) -> str:
    """Return a secret that no coding of addresses changes, and that can be found again."""
    return f"Pl4nted{name}Zq8x"


KEY, METRICS, MAIL, OTHER_PASSWORD = map(secret, ("Key", "Metrics", "Mail", "Password"))
WEBHOOK, QUERY, APPRISE = map(secret, ("Webhook", "Query", "Apprise"))
BAD_TOKEN, BAD_JWT, COOKIE, FIELD = map(secret, ("Token", "Jwt", "Cookie", "Field"))


class Listener(http.server.BaseHTTPRequestHandler):
    """Takes traces, and refuses webhooks with what they brought."""

    got: list[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        taken = self.path.startswith("/v1/traces")
        if taken:
            self.got.append(body)
        self.send_response(200 if taken else 500)
        self.end_headers()
        self.wfile.write(b"" if taken else f"No: {self.path}".encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def traces() -> Iterator[tuple[str, list[bytes]]]:
    """Listen for traces and webhooks; return the address and what came."""
    got: list[bytes] = []
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Own", (Listener,), {"got": got})
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    server.server_close()


class Doors:
    """A server with secrets in its settings, and everything that it ever answered."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.answers: list[str] = []
        self.handed_out: list[str] = []  # secrets that the server made, each told once

    def ask(self, method: str, path: str, *, kept: bool = True, **more: Any) -> requests.Response:
        """Send a request; keep the answer unless it is the one that hands a secret out."""
        answer = self.stack.request(method, path, **more)
        if kept:
            self.answers.append(f"{answer.headers}\n{answer.text}")
        return answer

    def json(self, path: str, body: Any, **more: Any) -> Any:
        return self.ask("POST", path, json=body, **more)


@pytest.fixture(scope="module")
def doors(traces: tuple[str, list[bytes]]) -> Iterator[Doors]:
    address, _ = traces
    env = {
        "MODELWRIGHT_SECRET_KEY": f"{KEY}{'x' * 40}",
        "MODELWRIGHT_METRICS_TOKEN": METRICS,
        "MODELWRIGHT_EMAIL_URL": f"smtp://mailer:{MAIL}@127.0.0.1:9",
        "MODELWRIGHT_NOTIFY_NETWORKS": "127.0.0.0/8",
        "MODELWRIGHT_LOG_LEVEL": "DEBUG",
        "MODELWRIGHT_LOG_REQUESTS": "true",
        "MODELWRIGHT_LOG_FORMAT": "json",
        "OTEL_EXPORTER_OTLP_ENDPOINT": address,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    with Stack(env=env) as stack:
        found = Doors(stack)
        signing_in(found)
        credentials_in_wrong_places(found)
        channels(found, address)
        pages(found)
        looking_round(found)
        yield found


def signing_in(doors: Doors) -> None:
    """Sign in rightly and wrongly, by both doors; change a password."""
    doors.stack.user("ann", "trainer")
    for path in ("/api/auth/token/", "/api/auth/jwt/"):
        doors.json(path, {"username": "ann", "password": OTHER_PASSWORD})
        doors.json(path, {"username": "ann", "password": [OTHER_PASSWORD]})
        doors.json(path, {"username": "ann", "password": PASSWORD, "pasword": OTHER_PASSWORD})
        doors.ask("POST", path, data=f'{{"password": "{OTHER_PASSWORD}"')
        doors.ask("POST", f"{path}?password={OTHER_PASSWORD}")
        made = doors.json(path, {"username": "ann", "password": PASSWORD}, kept=False)
        assert made.status_code == 200, made.text
        doors.handed_out += made.json().values()
    refresh = doors.handed_out[-1]
    again = doors.json("/api/auth/jwt/refresh/", {"refresh": refresh}, kept=False)
    doors.handed_out += again.json().values()
    doors.json("/api/auth/jwt/refresh/", {"refresh": refresh})  # spent
    doors.json("/api/auth/jwt/logout/", {"refresh": again.json()["refresh"]})
    doors.json("/api/auth/jwt/logout/", {"refresh": BAD_JWT})


def credentials_in_wrong_places(doors: Doors) -> None:
    """Tokens that are none, and good ones in queries, cookies and fields."""
    good = doors.handed_out[0]
    for header in (f"Token {BAD_TOKEN}", f"Bearer {BAD_JWT}", f"Basic {BAD_TOKEN}", BAD_TOKEN):
        doors.ask("GET", "/api/training/runs/", headers={"Authorization": header})
        doors.ask("GET", "/metrics", headers={"Authorization": header})
    doors.ask("GET", f"/api/training/runs/?token={good}&status={QUERY}")
    doors.ask("GET", f"/ui/runs?access_token={good}", kept=False)  # sent back whence it came
    doors.ask("GET", f"/nothing/?key={QUERY}")
    doors.ask("GET", "/ui/runs", headers={"Cookie": f"sessionid={COOKIE}; csrftoken={COOKIE}"})
    doors.ask("POST", "/login", data={"username": "ann", "password": OTHER_PASSWORD})
    for path in ("/api/v1/experiments/", "/api/training/train/", "/api/v1/tuning/tune/"):
        doors.json(path, {"api_key": FIELD, "name": [FIELD]}, token=good)
    doors.ask(
        "POST",
        "/api/training/train/",
        token=good,
        json={"dataset_path": "artifacts/datasets/none.csv"},
        headers={"X-Api-Key": FIELD, "Referer": f"http://127.0.0.1/?key={QUERY}"},
    )


def channels(doors: Doors, address: str) -> None:
    """Channels whose addresses are secrets, none of which can be reached."""
    admin = doors.stack.token("admin")
    doors.handed_out.append(admin)
    wanted = (
        ("webhook", f"{address}/services/{WEBHOOK}?key={WEBHOOK}"),
        ("webhook", f"http://127.0.0.1:9/services/{WEBHOOK}?key={WEBHOOK}"),
        ("webhook", f"https://{WEBHOOK.lower()}.invalid/{WEBHOOK}"),
        ("apprise", f"json://ann:{APPRISE}@127.0.0.1:9/{APPRISE}"),
        ("apprise", f"slack://T1JJ3T3L2/A1BRTD4JD/{APPRISE}9012345678/#{APPRISE}"),
        ("email", "ann@example.org"),
        ("apprise", f"nonsense://{APPRISE}"),
        ("webhook", f"https://ann:{WEBHOOK}@example.org/"),
        ("webhook", f"ftp://example.org/{WEBHOOK}"),
    )
    made = 0
    for number, (kind, target) in enumerate(wanted):
        body = {"name": f"c{number}", "kind": kind, "target": target}
        answer = doors.json("/api/v1/notifications/channels/", body, token=admin, kept=False)
        if answer.status_code != 201:
            doors.answers.append(answer.text)
            continue
        made += 1
        told = answer.json()
        doors.handed_out += [value for name, value in told.items() if name == "secret" and value]
        url = f"/api/v1/notifications/channels/{told['id']}/"
        doors.ask("GET", url, token=admin)
        doors.ask("POST", f"{url}try/", token=admin)
        doors.ask("PATCH", url, token=admin, json={"target": f"nonsense://{APPRISE}"})
    assert made >= 5


def pages(doors: Doors) -> None:
    """The same by the pages of a browser."""
    session = requests.Session()

    def send(path: str, **fields: str) -> str:
        form = session.get(doors.stack.url + path, timeout=20).text
        found = CSRF.search(form)
        fields["csrfmiddlewaretoken"] = found[1] if found else ""
        answer = session.post(doors.stack.url + path, data=fields, timeout=20)
        doors.answers.append(answer.text)
        return answer.text

    send("/login", username="ann", password=OTHER_PASSWORD)
    send("/login", username="ann", password=PASSWORD)
    send(
        "/ui/account/password", old_password=OTHER_PASSWORD, new_password1=FIELD, new_password2="x"
    )
    send("/ui/account/password", old_password=PASSWORD, new_password1="x", new_password2=FIELD)
    send("/ui/account/notifications", name="p", kind="webhook", target=f"ftp://x/{WEBHOOK}")
    doors.answers.pop()  # a form shows again what its user has just typed
    doors.handed_out.append(str(session.cookies.get("sessionid")))


def looking_round(doors: Doors) -> None:
    """All that tells about the server, once everything has happened."""
    admin = doors.stack.token("admin")
    for path in (
        "/api/v1/notifications/channels/",
        "/api/v1/notifications/deliveries/",
        "/api/v1/events/",
        "/readyz",
        "/api/auth/me/",
        "/api/v1/scheduler/status/",
    ):
        doors.ask("GET", path, token=admin)
    told = doors.ask("GET", "/metrics", headers={"Authorization": f"Bearer {METRICS}"})
    assert told.status_code == 200
    session = requests.Session()
    page = session.get(f"{doors.stack.url}/login", timeout=20).text
    token = CSRF.search(page)
    fields = {"username": "admin", "password": PASSWORD}
    fields["csrfmiddlewaretoken"] = token[1] if token else ""
    session.post(f"{doors.stack.url}/login", data=fields, timeout=20)
    for path in ("/ui/audit", "/ui/operations", "/ui/account", "/ui/account/notifications"):
        doors.answers.append(session.get(doors.stack.url + path, timeout=20).text)
    doors.handed_out.append(str(session.cookies.get("sessionid")))
    for command in (("doctor",), ("doctor", "--json"), ("runs",)):
        done = doors.stack.cli(*command, check=False)
        doors.answers.append(done.stdout + done.stderr)


PLANTED = (KEY, METRICS, MAIL, OTHER_PASSWORD, PASSWORD, WEBHOOK, QUERY, APPRISE, BAD_TOKEN,
           BAD_JWT, COOKIE, FIELD)  # fmt: skip


def told(text: str, secrets: list[str]) -> list[str]:
    """Return the secrets that a text tells, in plain or as Base64, with what stands around them."""
    found = []
    for each in secrets:
        for spelled in (each, base64.b64encode(each.encode()).decode().rstrip("=")):
            if (at := text.find(spelled)) >= 0:
                found.append(f"{each}: …{text[max(0, at - 150) : at + 80]!r}")
    return found


def test_no_answer_tells_a_secret(doors: Doors) -> None:
    wrong = [line for text in doors.answers for line in told(text, [*PLANTED, *doors.handed_out])]
    assert not wrong, "\n".join(wrong)


def test_no_log_line_tells_a_secret(doors: Doors) -> None:
    text = doors.stack.logged()
    assert '"path": "/api/auth/token/"' in text, "requests are logged"
    wrong = told(text, [*PLANTED, *doors.handed_out])
    assert not wrong, "\n".join(wrong)


def test_no_row_tells_a_secret(doors: Doors) -> None:
    listed = (
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        if "MODELWRIGHT_DATABASE_URL" in doors.stack.env
        else "SELECT name FROM sqlite_master WHERE type = 'table'"
    )
    tables = [name for (name,) in doors.stack.rows(listed)]
    assert "audit_log" in tables or len(tables) > 40
    handed_out = [each for each in doors.handed_out if len(each) > 40]  # a session's key is its row
    wrong = []
    for table in tables:
        rows = "\n".join(map(str, doors.stack.rows(f'SELECT * FROM "{table}"')))
        wrong += [f"{table}: {line}" for line in told(rows, [*PLANTED, *handed_out])]
    assert not wrong, "\n".join(wrong)


def test_no_trace_tells_a_secret(doors: Doors, traces: tuple[str, list[bytes]]) -> None:
    _, got = traces
    eventually(lambda: got, what="traces arrive")
    text = b"\n".join(got).decode("latin-1")
    assert "api/auth/token" in text
    assert not told(text, [*PLANTED, *doors.handed_out])


# --- what a start that fails says ----------------------------------------------------------------

OTHERS = secret("Url")
URLS = [
    {"MODELWRIGHT_DATABASE_URL": f"postgres://ann:{OTHERS}@127.0.0.1:1/none"},
    {"MODELWRIGHT_DATABASE_URL": f"postgres://ann:{OTHERS}@127.0.0.1:port/none"},
    {"MODELWRIGHT_DATABASE_URL": f"nonsense://ann:{OTHERS}@127.0.0.1/none"},
    {"MODELWRIGHT_BROKER_URL": f"redis://:{OTHERS}@127.0.0.1:1/0"},
    {"MODELWRIGHT_BROKER_URL": f"amqp://ann:{OTHERS}@127.0.0.1:1//"},
    {"MODELWRIGHT_BROKER_URL": f"redis://:{OTHERS}@127.0.0.1:port/0"},
    {"MODELWRIGHT_BROKER_URL": f"nonsense://ann:{OTHERS}@127.0.0.1/0"},
    {"MODELWRIGHT_STORAGE_URL": f"s3:{OTHERS}"},
    {"MODELWRIGHT_STORAGE_URL": f"s3://bucket?access_key={OTHERS}"},
    {
        "MODELWRIGHT_STORAGE_URL": "s3://bucket?endpoint=http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": OTHERS,
        "AWS_SECRET_ACCESS_KEY": OTHERS,
    },
    {"MODELWRIGHT_EMAIL_URL": f"nonsense://ann:{OTHERS}@127.0.0.1"},
    {"MODELWRIGHT_EMAIL_URL": f"smtp://ann:{OTHERS}@127.0.0.1:port"},
]
WAITS = re.compile("Cannot connect|could not be written")
STARTS = [("doctor", env) for env in URLS] + [("worker", URLS[n]) for n in (0, 3, 4, 6)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared_home(tmp_path_factory.mktemp("secrets") / "home")


@pytest.mark.parametrize(("command", "env"), STARTS)
def test_a_start_that_fails_does_not_say_where_it_wanted_to_go(
    command: str, env: dict[str, str], home: Path
) -> None:
    written = home.parent / "said"
    with written.open("wb") as file:
        process = subprocess.Popen(
            [*CLI, command],
            env={**clean_environment(home, env), "MODELWRIGHT_LOG_LEVEL": "DEBUG"},
            cwd=home.parent,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        try:
            eventually(  # a worker waits for its broker, and for its database
                lambda: process.poll() is not None or WAITS.search(written.read_text()),
                seconds=60,
                what="it ends, or says why it does not",
            )
        finally:
            process.terminate()
            process.wait(timeout=30)
    said = written.read_text()
    assert said.strip()
    assert not told(said, [OTHERS])


def test_a_database_to_move_to_that_is_away_is_not_told(home: Path) -> None:
    done = subprocess.run(
        [*CLI, "migrate-to", f"postgres://ann:{OTHERS}@127.0.0.1:1/none"],
        env=clean_environment(home),
        cwd=home.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert not told(done.stdout + done.stderr, [OTHERS])
