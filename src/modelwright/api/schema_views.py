"""`/docs` and `/openapi.json`: open to everybody, since they tell how to get in."""

from functools import lru_cache
from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request

from modelwright.accounts.access import Open
from modelwright.api.health import OpenView
from modelwright.api.permissions import RolePermission


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the description names our API tokens."""

    target_class = "modelwright.api.authentication.TokenAuthentication"
    name = "apiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the OpenAPI words for it."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token` and the key, e.g. `Token 9f3c…`.",
        }


@lru_cache(maxsize=1)
def schema_json() -> bytes:
    """Return the description of the whole API; made once, since it is the same for everybody."""
    generator: Any = SchemaGenerator
    schema = generator().get_schema(request=None, public=True)
    return bytes(OpenApiJsonRenderer().render(schema, renderer_context={}))


class SchemaView(OpenView):
    """The description as OpenAPI 3."""

    @extend_schema(exclude=True)
    def get(self, _request: Request) -> HttpResponse:
        """Return it."""
        return HttpResponse(schema_json(), content_type="application/json")


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI from our own server, its script in a file of its own as the CSP asks."""

    actions: ClassVar = {"GET": Open.PUBLIC}
    authentication_classes = ()
    permission_classes = (RolePermission,)
    throttle_classes = ()
    url_name = "openapi"
