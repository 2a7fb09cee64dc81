"""Signing in over REST: API tokens, JWTs, the lock after too many failures, who one is."""

import datetime as dt
from typing import Any

import pytest
from knox.models import AuthToken
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from modelwright.accounts.models import AuditEntry, User
from modelwright.accounts.services import user_create, user_set_password
from modelwright.core.clock import now
from tests.api.conftest import MakeRun
from tests.people import browser, person, rest

TOKEN = "/api/auth/token/"
JWT = "/api/auth/jwt/"
ME = "/api/auth/me/"
PASSWORD = "correct horse battery"

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return user_create(username="ann", groups=["DRH"], password=PASSWORD).user


def client(**credentials: str) -> APIClient:
    made = APIClient(raise_request_exception=False)
    made.credentials(**credentials)
    return made


def post(url: str, **body: Any) -> Any:
    return client().post(url, body)


def bearer(token: str) -> APIClient:
    return client(HTTP_AUTHORIZATION=f"Bearer {token}")


# --- API tokens --------------------------------------------------------------------------------


def test_name_and_password_give_a_token_that_works(ann: User) -> None:
    answer = post(TOKEN, username="ann", password=PASSWORD)
    assert answer.status_code == 200
    token = answer.json()["token"]
    me = client(HTTP_AUTHORIZATION=f"Token {token}").get(ME).json()
    assert me == {
        "username": "ann", "groups": ["DRH"], "role": "trainer", "superuser": False,
        "may": [
            "signed_in", "runs.view", "runs.train", "runs.cancel", "models.predict",
            "models.promote", "notify.own", "schedules.change",
        ],
    }  # fmt: skip


def test_only_a_hash_of_the_token_is_stored(ann: User) -> None:
    token = post(TOKEN, username="ann", password=PASSWORD).json()["token"]
    stored = AuthToken.objects.get()
    assert token not in (stored.digest, stored.token_key)
    assert len(stored.token_key) < len(token) / 2
    assert token not in str(list(AuditEntry.objects.values()))
    assert AuditEntry.objects.filter(verb="token.created", actor_name="ann").count() == 1


def test_a_token_is_revoked_by_the_request_that_carries_it(ann: User) -> None:
    one, two = (post(TOKEN, username="ann", password=PASSWORD).json()["token"] for _ in range(2))
    with_one = client(HTTP_AUTHORIZATION=f"Token {one}")
    assert with_one.delete(TOKEN).status_code == 204
    assert with_one.get(ME).status_code == 401
    assert client(HTTP_AUTHORIZATION=f"Token {two}").get(ME).status_code == 200
    assert AuditEntry.objects.filter(verb="token.revoked", actor_name="ann").exists()


def test_there_is_no_token_to_revoke_in_a_session(ann: User) -> None:
    made = APIClient()
    made.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    assert made.delete(TOKEN).status_code == 400


@pytest.mark.parametrize("password", ["wrong", "", PASSWORD + " ", PASSWORD.upper()])
def test_a_wrong_password_is_401_or_400(password: str, ann: User) -> None:
    answer = post(TOKEN, username="ann", password=password)
    assert answer.status_code == (401 if password else 400)
    assert "token" not in answer.json()
    if password:
        assert answer["WWW-Authenticate"] == "Token"


def test_nobody_learns_which_names_exist(ann: User) -> None:
    known = post(TOKEN, username="ann", password="wrong")
    unknown = post(TOKEN, username="bob", password="wrong")
    assert known.json() == unknown.json()
    assert known.status_code == unknown.status_code == 401


def test_a_closed_account_gets_nothing(ann: User) -> None:
    token = post(TOKEN, username="ann", password=PASSWORD).json()["token"]
    pair = post(JWT, username="ann", password=PASSWORD).json()
    User.objects.update(is_active=False)
    assert post(TOKEN, username="ann", password=PASSWORD).status_code == 401
    assert client(HTTP_AUTHORIZATION=f"Token {token}").get(ME).status_code == 401
    assert bearer(pair["access"]).get(ME).status_code == 401
    assert post(f"{JWT}refresh/", refresh=pair["refresh"]).status_code == 401


def test_a_token_that_has_run_out_is_refused(ann: User) -> None:
    token = post(TOKEN, username="ann", password=PASSWORD).json()["token"]
    AuthToken.objects.update(expiry=now() - dt.timedelta(seconds=1))
    assert client(HTTP_AUTHORIZATION=f"Token {token}").get(ME).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "Token", "Token ", "Token x", "Token a b", "token " + "f" * 64, "Token " + "f" * 100_000,
        "Token \xff\xfe", "Token ü", "Bearer", "Bearer x", "Bearer a.b.c", "Bearer a b",
        "Bearer \xff", "Bearer eyJhbGciOiJub25lIn0.e30.", "Basic YW5uOng=", "Basic", "", "x",
        "Token' OR 1=1 --", "Bearer " + "A" * 100_000,
    ],
)  # fmt: skip
def test_no_header_is_taken_for_credentials(header: str) -> None:
    answer = client(HTTP_AUTHORIZATION=header).get(ME)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Token")
    assert "detail" in answer.json()


def test_a_broken_header_does_not_keep_one_from_signing_in(ann: User) -> None:
    answer = client(HTTP_AUTHORIZATION="Token x").post(
        TOKEN, {"username": "ann", "password": PASSWORD}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {}, {"username": "ann"}, {"password": "x"}, {"username": None, "password": "x"},
        {"username": ["ann"], "password": "x"}, {"username": 1, "password": 2},
        {"username": "ann", "password": "x" * 2000}, {"username": "a" * 200, "password": "x"},
        {"username": "ann", "password": "x", "is_superuser": True}, [], "ann", None,
    ],
)  # fmt: skip
@pytest.mark.parametrize("url", [TOKEN, JWT])
def test_a_body_that_is_no_credentials_is_400(url: str, body: Any) -> None:
    assert client().post(url, body).status_code == 400


# --- the lock and the throttle -----------------------------------------------------------------


@pytest.mark.parametrize("url", [TOKEN, JWT])
def test_too_many_failures_lock_the_name_from_that_address(
    url: str, ann: User, settings: Any
) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    codes = [post(url, username="ann", password="wrong").status_code for _ in range(4)]
    assert codes == [401, 401, 429, 429]
    locked = post(url, username="ann", password=PASSWORD)
    assert locked.status_code == 429
    assert locked.json()["code"] == "locked_out"
    assert int(locked["Retry-After"]) > 0
    assert not AuthToken.objects.exists()
    elsewhere = client(REMOTE_ADDR="10.0.0.9").post(url, {"username": "ann", "password": PASSWORD})
    assert elsewhere.status_code == 200


def test_the_lock_is_recorded_once_however_many_try(ann: User, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    for _ in range(8):
        post(TOKEN, username="ann", password="wrong")
    entries = AuditEntry.objects.filter(verb="session.failed", object_label="ann")
    assert [entry.after["locked"] for entry in entries.order_by("id")] == [False, False, True]


def test_a_success_forgets_the_failures(ann: User, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    for _ in range(3):
        for password in ("wrong", "wrong", PASSWORD):
            code = post(TOKEN, username="ann", password=password).status_code
        assert code == 200


def test_a_false_forwarding_header_does_not_escape_the_lock(ann: User, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    codes = [
        client(HTTP_X_FORWARDED_FOR=f"10.0.0.{n}")
        .post(TOKEN, {"username": "ann", "password": "wrong"})
        .status_code
        for n in range(4)
    ]
    assert codes[-1] == 429


def test_an_address_that_tries_many_names_is_slowed_down(settings: Any) -> None:
    settings.RATES = {**settings.RATES, "sign_in": "5/minute"}
    codes = [post(TOKEN, username=f"u{n}", password="wrong").status_code for n in range(7)]
    assert codes == [401] * 5 + [429] * 2


def test_writes_are_counted_per_user_and_reads_are_not(settings: Any, make_run: MakeRun) -> None:
    settings.RATES = {**settings.RATES, "write": "3/minute"}
    url = f"/api/training/runs/{make_run().number}/"
    trainer, admin = rest("trainer"), rest("admin")
    codes = [trainer.patch(url, {"notes": str(n)}).status_code for n in range(4)]
    assert codes == [200, 200, 200, 429]
    slowed = trainer.patch(url, {"notes": "x"})
    assert int(slowed["Retry-After"]) > 0
    assert "detail" in slowed.json()
    assert trainer.get(url).status_code == 200
    assert admin.patch(url, {"notes": "y"}).status_code == 200
    forged = trainer.patch(url, {"notes": "z"}, headers={"X-Forwarded-For": "1.2.3.4"})
    assert forged.status_code == 429


# --- JWT ---------------------------------------------------------------------------------------


def test_a_jwt_pair_opens_the_api(ann: User) -> None:
    pair = post(JWT, username="ann", password=PASSWORD).json()
    assert set(pair) == {"access", "refresh"}
    assert bearer(pair["access"]).get(ME).json()["username"] == "ann"


def test_a_refresh_token_is_good_for_one_exchange(ann: User) -> None:
    pair = post(JWT, username="ann", password=PASSWORD).json()
    fresh = post(f"{JWT}refresh/", refresh=pair["refresh"])
    assert fresh.status_code == 200
    assert bearer(fresh.json()["access"]).get(ME).status_code == 200
    again = post(f"{JWT}refresh/", refresh=pair["refresh"])
    assert (again.status_code, again.json()["code"]) == (401, "token_not_valid")
    assert post(f"{JWT}refresh/", refresh=fresh.json()["refresh"]).status_code == 200


def test_a_revoked_refresh_token_is_over(ann: User) -> None:
    pair = post(JWT, username="ann", password=PASSWORD).json()
    assert post(f"{JWT}logout/", refresh=pair["refresh"]).status_code == 204
    assert post(f"{JWT}refresh/", refresh=pair["refresh"]).status_code == 401
    assert post(f"{JWT}logout/", refresh=pair["refresh"]).status_code == 401
    assert AuditEntry.objects.filter(verb="token.revoked", actor_name="ann").exists()


def test_a_new_password_ends_all_jwts(ann: User) -> None:
    pair = post(JWT, username="ann", password=PASSWORD).json()
    user_set_password(user=ann, password="another long password")
    assert bearer(pair["access"]).get(ME).status_code == 401
    assert post(f"{JWT}refresh/", refresh=pair["refresh"]).status_code == 401


def test_no_refresh_token_lies_in_the_database(ann: User) -> None:
    pair = post(JWT, username="ann", password=PASSWORD).json()
    fresh = post(f"{JWT}refresh/", refresh=pair["refresh"]).json()
    stored = str(list(OutstandingToken.objects.values()))
    assert pair["refresh"] not in stored
    assert fresh["refresh"] not in stored


def test_a_jwt_of_a_deleted_user_is_401(ann: User) -> None:
    pair = post(JWT, username="ann", password=PASSWORD).json()
    User.objects.filter(pk=ann.pk).delete()
    assert bearer(pair["access"]).get(ME).status_code == 401
    assert post(f"{JWT}refresh/", refresh=pair["refresh"]).status_code == 401


def test_an_access_token_is_no_refresh_token_nor_the_other_way(ann: User) -> None:
    pair = post(JWT, username="ann", password=PASSWORD).json()
    assert post(f"{JWT}refresh/", refresh=pair["access"]).status_code == 401
    assert bearer(pair["refresh"]).get(ME).status_code == 401


def test_an_expired_or_forged_jwt_is_401(ann: User) -> None:
    expired: Any = AccessToken.for_user(ann)
    expired.set_exp(lifetime=-dt.timedelta(seconds=1))
    assert bearer(str(expired)).get(ME).status_code == 401
    old: Any = RefreshToken.for_user(ann)
    old.set_exp(lifetime=-dt.timedelta(seconds=1))
    assert post(f"{JWT}refresh/", refresh=str(old)).status_code == 401
    head, body, signature = str(AccessToken.for_user(ann)).split(".")
    assert bearer(f"{head}.{body}.{signature[::-1]}").get(ME).status_code == 401


@pytest.mark.parametrize("refresh", ["x", "a.b.c", "\u0000", "x" * 5000, 5, None, ["x"]])
def test_what_is_no_refresh_token_is_refused(refresh: Any) -> None:
    for url in (f"{JWT}refresh/", f"{JWT}logout/"):
        assert post(url, refresh=refresh).status_code in (400, 401)


# --- session -----------------------------------------------------------------------------------


def test_a_session_reads_and_needs_the_csrf_token_to_write(make_run: MakeRun) -> None:
    made = browser("trainer")
    url = f"/api/training/runs/{make_run().number}/"
    assert made.get(url).status_code == 200
    refused = made.patch(url, {"notes": "x"})
    assert (refused.status_code, "CSRF" in refused.json()["detail"]) == (403, True)
    made.get("/login")
    made.get("/ui/account")
    token = made.cookies["csrftoken"].value
    assert made.patch(url, {"notes": "x"}, headers={"X-CSRFToken": token}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.com"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Content-Type": "text/plain"},
    ],
)
def test_a_page_of_another_site_cannot_write_in_a_session(
    headers: dict[str, str], make_run: MakeRun
) -> None:
    run = make_run(notes="old")
    made = browser("trainer")
    made.get("/ui/account")
    answer = made.generic(
        "PATCH",
        f"/api/training/runs/{run.number}/",
        b'{"notes": "evil"}',
        **{"content_type": headers.pop("Content-Type", "application/json"), "headers": headers},
    )
    assert answer.status_code == 403
    run.refresh_from_db()
    assert run.notes == "old"


def test_me_tells_what_each_role_may() -> None:
    for name, role in (("stranger", "none"), ("viewer", "viewer"), ("admin", "admin")):
        assert rest(name).get(ME).json()["role"] == role
    User.objects.filter(pk=person("stranger").pk).update(is_superuser=True)
    assert rest("stranger").get(ME).json()["role"] == "admin"
