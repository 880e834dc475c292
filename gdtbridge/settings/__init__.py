"""The settings: ``gdtbridge.toml`` and ``GDTBRIDGE_SECTION__KEY`` environment variables.

What must not live here: what is done with a setting.
"""

from gdtbridge.settings.forward import ForwardSettings
from gdtbridge.settings.hosts import reachable
from gdtbridge.settings.in_force import SettingInForce, settings_in_force
from gdtbridge.settings.loading import known_keys, load_settings
from gdtbridge.settings.models import (
    MEGABYTE,
    AccessSettings,
    AttentionSettings,
    CommitmentSettings,
    DicomSettings,
    ExamCodeRule,
    ExamSettings,
    ExchangeSettings,
    GdtSettings,
    HouseWebhookSettings,
    HttpSettings,
    MailSettings,
    OrderCodeRule,
    OrderFileSettings,
    OrderIntakeKeys,
    ProcedureCodeRule,
    RouteCondition,
    Settings,
    StorageSettings,
    TestIds,
    Unknown,
    ViewerSettings,
    WebhookSettings,
    WorklistSettings,
)
from gdtbridge.settings.peers import PeerSettings
from gdtbridge.settings.pickup import PickupSettings

__all__ = [
    "MEGABYTE",
    "AccessSettings",
    "AttentionSettings",
    "CommitmentSettings",
    "DicomSettings",
    "ExamCodeRule",
    "ExamSettings",
    "ExchangeSettings",
    "ForwardSettings",
    "GdtSettings",
    "HouseWebhookSettings",
    "HttpSettings",
    "MailSettings",
    "OrderCodeRule",
    "OrderFileSettings",
    "OrderIntakeKeys",
    "PeerSettings",
    "PickupSettings",
    "ProcedureCodeRule",
    "RouteCondition",
    "SettingInForce",
    "Settings",
    "StorageSettings",
    "TestIds",
    "Unknown",
    "ViewerSettings",
    "WebhookSettings",
    "WorklistSettings",
    "known_keys",
    "load_settings",
    "reachable",
    "settings_in_force",
]
