"""The settings: ``gdtbridge.toml`` and ``GDTBRIDGE_SECTION__KEY`` environment variables.

What must not live here: what is done with a setting.
"""

from gdtbridge.settings.hosts import is_loopback, reachable
from gdtbridge.settings.loading import FILE_NAME, PREFIX, known_keys, load_settings
from gdtbridge.settings.models import (
    CatalogueRowSettings,
    CatalogueSettings,
    DicomSettings,
    ExamSettings,
    ExchangeSettings,
    GdtSettings,
    HttpSettings,
    OrderCodeRule,
    OrderFileSettings,
    RouteCondition,
    RouteSettings,
    Settings,
    SettingsSection,
    StorageSettings,
    TestIds,
    Unknown,
    ViewerSettings,
    WebhookSettings,
    WorklistSettings,
)

__all__ = [
    "FILE_NAME",
    "PREFIX",
    "CatalogueRowSettings",
    "CatalogueSettings",
    "DicomSettings",
    "ExamSettings",
    "ExchangeSettings",
    "GdtSettings",
    "HttpSettings",
    "OrderCodeRule",
    "OrderFileSettings",
    "RouteCondition",
    "RouteSettings",
    "Settings",
    "SettingsSection",
    "StorageSettings",
    "TestIds",
    "Unknown",
    "ViewerSettings",
    "WebhookSettings",
    "WorklistSettings",
    "is_loopback",
    "known_keys",
    "load_settings",
    "reachable",
]
