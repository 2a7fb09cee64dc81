"""Every address of the server. Each view names who may use it (modelwright.accounts.access)."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("modelwright.api.urls")),
    path("", include("modelwright.web.urls")),
]
