"""Contract B: `/api/v1/machines/`."""

from typing import ClassVar

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_view
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api import machine_docs as docs
from modelwright.api.base import actor_of
from modelwright.api.dataset_serializers import ForceQuerySerializer
from modelwright.api.machine_filters import MachineFilter
from modelwright.api.machine_serializers import (
    MachineCreateSerializer,
    MachineFieldsSerializer,
    MachineSerializer,
)
from modelwright.api.pagination import Pages
from modelwright.api.performance_base import PerformanceView, machine_of
from modelwright.catalog.machines import machine_change, machine_create
from modelwright.catalog.models import Machine
from modelwright.registry.machine_removal import machine_remove


@extend_schema_view(get=docs.LIST, post=docs.CREATE)
class MachineListView(PerformanceView, generics.ListAPIView[Machine]):
    """All machines, by name; making another one."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "POST": Action.RUNS_TRAIN}
    serializer_class = MachineSerializer
    pagination_class = Pages
    filter_backends = (DjangoFilterBackend,)
    filterset_class = MachineFilter

    def get_queryset(self) -> QuerySet[Machine]:
        """Return them."""
        return Machine.objects.order_by("name")

    def post(self, request: Request) -> Response:
        """Make one."""
        body = MachineCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        machine = machine_create(user=actor_of(request), **body.validated_data)
        return Response(MachineSerializer(machine).data, status=status.HTTP_201_CREATED)


@extend_schema_view(get=docs.DETAIL, patch=docs.CHANGE, delete=docs.DELETE)
class MachineView(PerformanceView):
    """One machine."""

    actions: ClassVar = {
        "GET": Action.RUNS_VIEW,
        "PATCH": Action.RUNS_TRAIN,
        "DELETE": Action.RUNS_TRAIN,
    }

    def get(self, request: Request, machine_id: str) -> Response:
        """Return it."""
        return Response(MachineSerializer(machine_of(machine_id)).data)

    def patch(self, request: Request, machine_id: str) -> Response:
        """Change it."""
        machine = machine_of(machine_id)
        body = MachineFieldsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        machine = machine_change(machine=machine, user=actor_of(request), **body.validated_data)
        return Response(MachineSerializer(machine).data)

    def delete(self, request: Request, machine_id: str) -> Response:
        """Delete it, and with `force` its readings and models."""
        machine = machine_of(machine_id)
        query = ForceQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        machine_remove(machine=machine, user=actor_of(request), force=query.validated_data["force"])
        return Response(status=status.HTTP_204_NO_CONTENT)
