"""The addresses of contract B: machines and their readings."""

from django.urls import path

from modelwright.api.machine_views import MachineListView, MachineView
from modelwright.api.reading_views import DataQualityView, ReadingsView

MACHINE = "api/v1/machines/<str:machine_id>/"

urlpatterns = [
    path("api/v1/machines/", MachineListView.as_view(), name="api-machines"),
    path(MACHINE, MachineView.as_view(), name="api-machine"),
    path(f"{MACHINE}readings/", ReadingsView.as_view(), name="api-machine-readings"),
    path(f"{MACHINE}data-quality/", DataQualityView.as_view(), name="api-machine-data-quality"),
]
