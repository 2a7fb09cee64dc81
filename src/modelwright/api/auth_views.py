"""Getting, exchanging and giving back credentials."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from knox.models import AuthToken
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.access import Open
from modelwright.accounts.jwt import JwtPair, jwt_create, jwt_refresh, jwt_revoke
from modelwright.accounts.models import User
from modelwright.accounts.roles import Action, may, role_of
from modelwright.accounts.services import token_create, token_revoke
from modelwright.accounts.signing_in import credentials_check
from modelwright.api.base import ApiView, actor_of
from modelwright.api.errors import InvalidOperationError
from modelwright.api.throttling import SignInThrottle, WriteThrottle
from modelwright.api.training_docs import UNAUTHENTICATED, problem
from modelwright.api.training_serializers import ClosedSerializer, PlainTextField

TAG = "Accounts"
MAX_TOKEN = 4096
BAD_BODY = OpenApiResponse(
    {
        "anyOf": [
            {
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
            },
            {
                "type": "object",
                "properties": {"detail": {"type": "string"}},
                "required": ["detail"],
            },
        ]
    },
    description="A field is missing or wrong, by name; or the body is no JSON",
    examples=[
        OpenApiExample(
            "A field is missing",
            value={"password": ["This field is required."]},
            response_only=True,
        ),
        OpenApiExample(
            "The body can't be read",
            value={"detail": "The body is not valid JSON: Expecting value: line 1 column 1."},
            response_only=True,
        ),
    ],
)
WRONG = problem("Wrong name or password", "The user name or the password is wrong.")
LOCKED = problem(
    "Too many failed sign-ins; `Retry-After` says when to try again",
    "Too many failed sign-ins: try again in 15 minutes.",
)
SPENT = problem(
    "The refresh token is not valid, or was used",
    "The refresh token is no longer valid: sign in again.",
)


class CredentialsSerializer(ClosedSerializer):
    """A name and a password."""

    username = PlainTextField(max_length=150)
    password = PlainTextField(
        max_length=1024, trim_whitespace=False, style={"input_type": "password"}
    )


class TokenSerializer(serializers.Serializer[Any]):
    """An API token, shown this once."""

    token = serializers.CharField(help_text="For the header `Authorization: Token …`.")


class RefreshSerializer(ClosedSerializer):
    """A refresh token."""

    refresh = PlainTextField(max_length=MAX_TOKEN)


class JwtPairSerializer(serializers.Serializer[JwtPair]):
    """A JWT pair."""

    access = serializers.CharField(help_text="For `Authorization: Bearer …`; 15 minutes.")
    refresh = serializers.CharField(help_text="Good for one exchange within 7 days.")


class MeSerializer(serializers.Serializer[User]):
    """Whoever asks."""

    username = serializers.CharField()
    groups = serializers.ListField(child=serializers.CharField())
    role = serializers.ChoiceField(choices=["none", "viewer", "trainer", "admin"])
    superuser = serializers.BooleanField()
    may = serializers.ListField(child=serializers.CharField(), help_text="What the role allows.")


class SignInView(ApiView):
    """Whoever knows name and password may come in; nothing in the headers counts."""

    authentication_classes = ()
    throttle_classes = (SignInThrottle,)

    def signed_in(self, request: Request) -> User:
        """Return the account that the body's name and password belong to."""
        body = CredentialsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return credentials_check(request=request._request, **body.validated_data)


@extend_schema_view(
    post=extend_schema(
        operation_id="auth_token_create",
        tags=[TAG],
        summary="Get an API token",
        description="It doesn't expire; only its hash is stored, so keep it.",
        auth=[],
        request=CredentialsSerializer,
        responses={200: TokenSerializer, 400: BAD_BODY, 401: WRONG, 429: LOCKED},
        examples=[
            OpenApiExample(
                "Credentials",
                value={"username": "ann", "password": "correct horse battery"},
                request_only=True,
            ),
            OpenApiExample(
                "Token", value={"token": "9f3c…"}, response_only=True, status_codes=["200"]
            ),
        ],
    ),
    delete=extend_schema(
        operation_id="auth_token_revoke",
        tags=[TAG],
        summary="Revoke the API token that this request uses",
        responses={
            204: OpenApiResponse(description="Revoked"),
            400: problem(
                "The request uses no API token",
                "This request was not made with an API token, so there is none to revoke.",
            ),
            401: UNAUTHENTICATED,
        },
    ),
)
class TokenView(SignInView):
    """API tokens."""

    actions: ClassVar = {"POST": Open.PUBLIC, "DELETE": Action.SIGNED_IN}

    def get_authenticators(self) -> Any:
        """Read the header only where it counts."""
        if self.request is not None and self.request.method == "POST":
            return []
        return [kind() for kind in ApiView.authentication_classes]

    def post(self, request: Request) -> Response:
        """Make a token."""
        return Response({"token": token_create(user=self.signed_in(request))})

    def delete(self, request: Request) -> Response:
        """Revoke the token of this request."""
        if not isinstance(request.auth, AuthToken):
            raise InvalidOperationError(
                "This request was not made with an API token, so there is none to revoke."
            )
        token_revoke(token=request.auth)
        return Response(status=204)


@extend_schema_view(
    post=extend_schema(
        operation_id="auth_jwt_create",
        tags=[TAG],
        summary="Get a JWT pair",
        auth=[],
        request=CredentialsSerializer,
        responses={200: JwtPairSerializer, 400: BAD_BODY, 401: WRONG, 429: LOCKED},
        examples=[
            OpenApiExample(
                "Credentials",
                value={"username": "ann", "password": "correct horse battery"},
                request_only=True,
            )
        ],
    )
)
class JwtView(SignInView):
    """JWT pairs."""

    actions: ClassVar = {"POST": Open.PUBLIC}

    def post(self, request: Request) -> Response:
        """Make a pair."""
        return Response(JwtPairSerializer(jwt_create(user=self.signed_in(request))).data)


class RefreshView(ApiView):
    """The refresh token in the body is the credential."""

    actions: ClassVar = {"POST": Open.PUBLIC}
    authentication_classes = ()
    throttle_classes = (SignInThrottle, WriteThrottle)

    def token_of(self, request: Request) -> str:
        """Return the refresh token of the body."""
        body = RefreshSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        token: str = body.validated_data["refresh"]
        return token


@extend_schema_view(
    post=extend_schema(
        operation_id="auth_jwt_refresh",
        tags=[TAG],
        summary="Exchange a refresh token for a new pair",
        description="The old one ends with it.",
        auth=[],
        request=RefreshSerializer,
        responses={200: JwtPairSerializer, 400: BAD_BODY, 401: SPENT, 429: LOCKED},
    )
)
class JwtRefreshView(RefreshView):
    """Exchanging."""

    def post(self, request: Request) -> Response:
        """Exchange."""
        return Response(JwtPairSerializer(jwt_refresh(refresh=self.token_of(request))).data)


@extend_schema_view(
    post=extend_schema(
        operation_id="auth_jwt_logout",
        tags=[TAG],
        summary="Revoke a refresh token",
        description="The access token made with it runs out within 15 minutes.",
        auth=[],
        request=RefreshSerializer,
        responses={
            204: OpenApiResponse(description="Revoked"),
            400: BAD_BODY,
            401: SPENT,
            429: LOCKED,
        },
    )
)
class JwtLogoutView(RefreshView):
    """Revoking."""

    def post(self, request: Request) -> Response:
        """Revoke."""
        jwt_revoke(refresh=self.token_of(request))
        return Response(status=204)


@extend_schema_view(
    get=extend_schema(
        operation_id="auth_me",
        tags=[TAG],
        summary="Who am I, and what may I do",
        responses={200: MeSerializer, 401: UNAUTHENTICATED},
        examples=[
            OpenApiExample(
                "A trainer",
                value={
                    "username": "ann",
                    "groups": ["DRH"],
                    "role": "trainer",
                    "superuser": False,
                    "may": ["signed_in", "runs.view", "runs.train", "runs.cancel"],
                },
                response_only=True,
                status_codes=["200"],
            )
        ],
    )
)
class MeView(ApiView):
    """The account itself."""

    actions: ClassVar = {"GET": Action.SIGNED_IN}

    def get(self, request: Request) -> Response:
        """Return it."""
        user = actor_of(request)
        return Response(
            {
                "username": user.username,
                "groups": sorted(user.group_names),
                "role": role_of(user).name.lower(),
                "superuser": user.is_superuser,
                "may": [str(action) for action in Action if may(user, action)],
            }
        )
