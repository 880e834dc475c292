"""The settings: ``gdtbridge.toml`` and ``GDTBRIDGE_SECTION__KEY`` environment variables.

What must not live here: what is done with a setting.
"""

from gdtbridge.settings.attention import AttentionSettings, MailSettings
from gdtbridge.settings.dicom import CommitmentSettings, DicomSettings
from gdtbridge.settings.exam import ExamSettings
from gdtbridge.settings.forward import ForwardSettings
from gdtbridge.settings.gdt import (
    ExamCodeRule,
    ExchangeSettings,
    GdtSettings,
    RouteCondition,
    TestIds,
    Unknown,
)
from gdtbridge.settings.hosts import reachable
from gdtbridge.settings.http import AccessSettings, HttpSettings
from gdtbridge.settings.in_force import SettingInForce, settings_in_force
from gdtbridge.settings.loading import known_keys, load_settings
from gdtbridge.settings.models import MEGABYTE, Settings, StorageSettings
from gdtbridge.settings.orders import OrderCodeRule, OrderFileSettings, OrderIntakeKeys
from gdtbridge.settings.page import ViewerSettings
from gdtbridge.settings.peers import PeerSettings
from gdtbridge.settings.pickup import PickupSettings
from gdtbridge.settings.webhooks import HouseWebhookSettings, WebhookSettings
from gdtbridge.settings.worklist import ProcedureCodeRule, WorklistSettings

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
