"""Exporting a version as one signed file, and importing one."""

from typing import ClassVar

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api.base import actor_of
from modelwright.api.performance_base import PerformanceView
from modelwright.api.registry_serializers import VersionDetailSerializer
from modelwright.api.registry_views import REST, SUBJECT, TAG, VERSION
from modelwright.api.training_docs import COMMON, problem
from modelwright.api.training_serializers import ClosedSerializer, PlainTextField
from modelwright.catalog.access import Level
from modelwright.catalog.machines import machine_get
from modelwright.core.streaming import streamed
from modelwright.registry.keys import bundle_signer
from modelwright.registry.models import Subject
from modelwright.registry.selectors import subject_for, version_named
from modelwright.registry.transfer import version_export, version_import


class ImportSerializer(ClosedSerializer):
    """A file, and whose version it is to be."""

    file = serializers.FileField()
    subject = PlainTextField(
        required=False,
        allow_blank=True,
        help_text="Slug or id of the model; default: the one it was of, or a new one.",
    )
    machine_id = serializers.UUIDField(
        required=False, help_text="Of a machine's model: whose it is to be here."
    )


class ImportedSerializer(VersionDetailSerializer):
    """What was imported."""

    subject = serializers.SerializerMethodField(help_text="Slug of its model.")

    def get_subject(self, version: object) -> str:
        """Return it."""
        return Subject.objects.get(key=getattr(version, "subject", "")).slug


class SignerSerializer(serializers.Serializer[object]):
    """Who signs here."""

    signer = serializers.CharField(
        help_text="Public key, for MODELWRIGHT_TRUSTED_SIGNERS of other servers."
    )


@extend_schema_view(
    get=extend_schema(
        operation_id="subjects_version_export",
        tags=[TAG],
        summary="A version as one signed file, for another server to import",
        parameters=[SUBJECT, VERSION],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            409: problem("Its file isn't the one that was recorded", "It can't be used."),
            **REST,
        },
    )
)
class VersionExportView(PerformanceView):
    """Exporting."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, subject: str, version: str) -> HttpResponseBase:
        """Send it."""
        found = version_named(subject_for(request.user, subject), version)
        name, bundle = version_export(found)
        return streamed(request._request, bundle.pieces(), name=name, size=bundle.size_bytes)


@extend_schema_view(
    post=extend_schema(
        operation_id="versions_import",
        tags=[TAG],
        summary="Import an exported version; the same one twice is there once",
        request={"multipart/form-data": ImportSerializer},
        responses={
            201: ImportedSerializer,
            200: ImportedSerializer,
            409: problem("The same training has made another model here", "Nothing is changed."),
            **REST,
        },
    )
)
class VersionImportView(PerformanceView):
    """Importing."""

    actions: ClassVar = {"POST": Action.MODELS_PROMOTE}
    parser_classes = (MultiPartParser,)

    def post(self, request: Request) -> Response:
        """Check and take it."""
        body = ImportSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        name, machine_id = asked.get("subject"), asked.get("machine_id")
        done = version_import(
            source=asked["file"].file,
            user=actor_of(request),
            subject=subject_for(request.user, name, Level.EDITOR) if name else None,
            machine=machine_get(machine_id) if machine_id else None,
        )
        shown = ImportedSerializer(done.version).data
        return Response(shown, status=201 if done.is_new else 200)


@extend_schema_view(
    get=extend_schema(
        operation_id="versions_signer",
        tags=[TAG],
        summary="The key that versions are signed with here",
        responses={200: SignerSerializer, **COMMON},
    )
)
class SignerView(PerformanceView):
    """The server's public key."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, _request: Request) -> Response:
        """Return it."""
        return Response({"signer": bundle_signer()})
