"""Makes our admin site the default one, so that `admin.site` everywhere means it."""

from django.contrib.admin.apps import AdminConfig


class ModelwrightAdminConfig(AdminConfig):
    """Stands in INSTALLED_APPS in place of `django.contrib.admin`."""

    default_site = "modelwright.accounts.admin_site.ModelwrightAdminSite"
