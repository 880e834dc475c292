"""Settings: every key in both places, no typo unnoticed, nothing unsafe by accident."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gdtbridge.errors import SettingsError
from gdtbridge.settings import known_keys, load_settings


def settings_file(folder: Path, text: str) -> Path:
    """Write a settings file."""
    file = folder / "gdtbridge.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_defaults_are_those_of_the_contract(tmp_path: Path) -> None:
    """A practice that sets nothing gets what the documentation says."""
    settings = load_settings(settings_file(tmp_path, ""), {})

    assert (settings.dicom.aet, settings.dicom.host, settings.dicom.port) == (
        "GDTBRIDGE",
        "127.0.0.1",
        11112,
    )
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8080)
    assert (settings.worklist.modality, settings.worklist.station) == ("US", "US01")
    assert (settings.gdt.test_id, settings.gdt.test_description) == ("EXTPACS", "PACS-Datensatz")
    assert (settings.exam.trigger, settings.exam.quiet_seconds) == ("complete", 60)
    assert settings.gdt_out == tmp_path / "var" / "gdt" / "out"
    assert settings.database_url == f"sqlite:///{tmp_path / 'var' / 'gdtbridge.sqlite'}"


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    """``GDTBRIDGE_SECTION__KEY`` wins."""
    file = settings_file(tmp_path, "[dicom]\nport = 104\naet = 'FILE'\n")

    settings = load_settings(file, {"GDTBRIDGE_DICOM__AET": "ENV", "GDTBRIDGE_GDT__IN": "drop"})

    assert (settings.dicom.aet, settings.dicom.port) == ("ENV", 104)
    assert settings.gdt_in == tmp_path / "drop"


WRONG = [
    ("[dicom]\nprot = 1\n", {}, "dicom.prot"),
    ("[dikom]\nport = 1\n", {}, "dikom"),
    ("[dicom]\nport = 'x'\n", {}, "dicom.port"),
    ("[dicom]\nport = 70000\n", {}, "dicom.port"),
    ("[dicom]\naet = 'THIS TITLE IS TOO LONG'\n", {}, "dicom.aet"),
    ("[gdt]\nfile_name = '../{accession}.gdt'\n", {}, "gdt.file_name"),
    ("[gdt]\nfile_name = '{patient}.gdt'\n", {}, "gdt.file_name"),
    ("[gdt]\nfile_name = '{accession.x}.gdt'\n", {}, "gdt.file_name"),
    ("[gdt]\nfile_name = 'A.{number:.2}'\n", {}, "gdt.file_name"),
    (f"[gdt]\nsender = '{'X' * 61}'\n", {}, "gdt.sender"),
    ("[gdt]\nencoding = 'utf-16'\n", {}, "gdt.encoding"),
    ("[exam]\nquiet_seconds = 0\n", {}, "exam.quiet_seconds"),
    ("[webhooks]\ngdt_written = 'file:///etc/passwd'\n", {}, "webhooks.gdt_written"),
    ("base = '/'\n", {}, "base"),
    ("", {"GDTBRIDGE_DICOM__PROT": "1"}, "dicom.prot"),
    ("", {"GDTBRIDGE_DICM__PORT": "1"}, "dicm"),
    ("[http]\nhost = '0.0.0.0'\n", {}, "http.token"),
    ("[http]\ntoken = 'short'\n", {}, "http.token"),
    ("[http]\ntls = 'files'\n", {}, "http.tls_certificate"),
    ("[http]\ntls_certificate = 'x.pem'\n", {}, "http.tls_certificate"),
    ("[http]\ntls_key = 'x.pem'\n", {}, "http.tls_key"),
    (
        "[http]\ntls = 'files'\ntls_certificate = 'x.pem'\npublic_url = 'http://x'\n",
        {},
        "http.public_url",
    ),
    ("[dicom]\nhost = '0.0.0.0'\n", {}, "dicom.allowed_networks"),
    ("[dicom]\nallowed_networks = ['300.1.1.1']\n", {}, "dicom.allowed_networks"),
    ("[dicom]\ntls_port = 2762\n", {}, "dicom.tls_certificate"),
    ("[dicom]\ntls_only = true\n", {}, "dicom.tls_only"),
    ("[dicom]\ntls_client_ca = 'ca.pem'\n", {}, "dicom.tls_client_ca"),
    ("[dicom]\ntls_key = 'key.pem'\n", {}, "dicom.tls_key"),
    ("[dicom]\nport = 2762\ntls_port = 2762\ntls_certificate = 'x.pem'\n", {}, "dicom.port"),
    ("[[peer]]\naet = 'A'\nhost = 'h'\ntls_ca = 'ca.pem'\n", {}, "set tls = true"),
    (
        "[[peer]]\naet = 'A'\nhost = 'h'\ntls = true\ntls_verify = false\ntls_ca = 'c.pem'\n",
        {},
        "tls_verify",
    ),
    ("[[device]]\naet = 'A'\ntls = true\ntls_key = 'k.pem'\n", {}, "tls_certificate"),
    ("[dicom", {}, "gdtbridge.toml"),
    ("[exam]\nquiet_seconds = inf\n", {}, "exam.quiet_seconds"),
    ("[exam]\npatient_id_pattern = '([0-9]+)*'\n", {}, "exam.patient_id_pattern"),
    ("[exam]\npatient_id_pattern = '['\n", {}, "exam.patient_id_pattern"),
    ("[orders]\nformer_number_field = '3000'\n", {}, "orders.former_number_field"),
    ("[orders]\nformer_number_field = '399'\n", {}, "orders.former_number_field"),
    ("[orders]\nformer_number_field = '39a9'\n", {}, "orders.former_number_field"),
    ("[exam]\nunknown_number = 'ask'\n", {}, "exam.unknown_number"),
    ("[exam]\nwithout_number = 'send'\n", {}, "exam.without_number"),
    ("[exam]\ndate_remark_days = -1\n", {}, "exam.date_remark_days"),
    ("[exam]\ndate_hold_days = 1.5\n", {}, "exam.date_hold_days"),
    ("[gdt]\nout = ''\n", {}, "gdt.out"),
    ("[worklist]\ncharset = 'ISO_IR 100'\n", {}, "worklist.charset"),
    ("[[device]]\ncharset = 'ascii'\n", {}, "set aet, or an IP address"),
    ("[[device]]\nhost = 'sono.example'\n", {}, "set aet, or an IP address"),
    ("[[device]]\naet = 'A'\nprofile = 'no-such'\n", {}, "no known profile"),
    ("[[device]]\naet = 'A'\nquirks = 'x'\n", {}, "jpeg-colours"),
    ("[worklist]\ndevices = 'x'\n", {}, "device"),
    ("[[webhook]]\nname = 'haus'\nevents = ['attention']\n", {}, r"webhook \(haus\)\.url"),
    ("[[device]]\naet = 'A'\ncharset = 'ascii'\n" * 2, {}, "more than one table"),
    ("[[pickup]]\naet = 'A'\n", {}, r"pickup\.0\.folder"),
    ("[[pickup]]\nfolder = 'a'\nafter = 'burn'\n", {}, r"pickup\.0\.after"),
    ("[[pickup]]\nfolder = 'a'\n[[pickup]]\nfolder = 'a/b'\n", {}, r"pickup \(2\).folder"),
    ("[[pickup]]\nfolder = 'var/archive/x'\n", {}, r"pickup \(1\).folder"),
    ("[[pickup]]\nfolder = '.'\n", {}, r"pickup \(1\).folder"),
    ("", {"GDTBRIDGE_GDT__IN": ""}, "gdt.in"),
    ("", {"GDTBRIDGE_STORAGE__ROOT": ""}, "storage.root"),
    ("", {"GDTBRIDGE_DICOM_PORT": "104"}, "two underscores"),
    ("", {"GDTBRIDGE_TOKEN": "x"}, r"GDTBRIDGE_TOKEN: .* GDTBRIDGE_SECTION__KEY"),
    ("", {"GDTBRIDGE_": "x"}, "GDTBRIDGE_: "),
    ("", {"GDTBRIDGE_PEER": "PACS"}, "GDTBRIDGE_PEER: .* not valid JSON"),
    ("", {"GDTBRIDGE_PEER": '[{"aet": "PACS"}]'}, r"peer\.0\.host"),
    ("", {"GDTBRIDGE_PEER": "5"}, "peer"),
    ("", {"GDTBRIDGE_PEER__AET": "PACS"}, "GDTBRIDGE_PEER in JSON"),
    ("", {"GDTBRIDGE_DIALECTS__MINE": "gdt21"}, "GDTBRIDGE_DIALECTS in JSON"),
    ("", {"GDTBRIDGE_BASE__X": "/"}, "base"),
]


@pytest.mark.parametrize(("text", "environ", "named"), WRONG)
def test_what_is_wrong_is_named(
    tmp_path: Path, text: str, environ: dict[str, str], named: str
) -> None:
    """The start stops with a sentence that names the key."""
    with pytest.raises(SettingsError, match=named):
        load_settings(settings_file(tmp_path, text), environ)


def test_tables_come_from_the_environment_as_json(tmp_path: Path) -> None:
    """What a file says in tables of the top level can be said without one, and goes before it."""
    file = settings_file(tmp_path, "[[peer]]\naet = 'OLD'\nhost = 'old'\n")
    settings = load_settings(
        file,
        {
            "GDTBRIDGE_PEER": '[{"aet": "PACS", "host": "pacs"}]',
            "GDTBRIDGE_DEVICE": '[{"aet": "SONO1", "charset": "ascii"}]',
            "GDTBRIDGE_DIALECTS": '{"mine": {"base": "gdt21"}}',
            "GDTBRIDGE_GDT__DIALECT": "mine",
        },
    )

    assert [(one.aet, one.host) for one in settings.peer] == [("PACS", "pacs")]
    assert [one.aet for one in settings.device] == ["SONO1"]
    assert settings.gdt.dialect == "mine"


def test_a_variable_named_for_a_secret_is_no_setting(tmp_path: Path) -> None:
    """The place of a secret may be named like ours; any other such name is refused."""
    webhook = "[[webhook]]\nname = 'haus'\nevents = ['attention']\nurl = 'http://haus.example/'\n"
    file = settings_file(tmp_path, f"{webhook}token = {{ env = 'GDTBRIDGE_HAUS' }}\n")
    secret = {"GDTBRIDGE_HAUS": "s3cret"}

    assert load_settings(file, secret).webhook[0].name == "haus"
    with pytest.raises(SettingsError, match="GDTBRIDGE_HAUS") as refused:
        load_settings(settings_file(tmp_path, ""), secret)
    assert "s3cret" not in str(refused.value)


def test_a_typo_gets_a_suggestion(tmp_path: Path) -> None:
    """The nearest key is offered."""
    with pytest.raises(SettingsError, match=r"Did you mean dicom\.port"):
        load_settings(settings_file(tmp_path, "[dicom]\nprot = 1\n"), {})


def test_a_safe_combination_may_listen_everywhere(tmp_path: Path) -> None:
    """With a token and networks the service may leave this machine."""
    text = """
        [http]
        host = "0.0.0.0"
        token = "0123456789abcdef"
        [dicom]
        host = "::"
        allowed_networks = ["192.168.1.0/24", "10.0.0.7"]
        """
    settings = load_settings(settings_file(tmp_path, text), {})

    assert settings.dicom.allowed_networks == ("192.168.1.0/24", "10.0.0.7/32")
    assert "0123456789abcdef" not in repr(settings)


@pytest.mark.parametrize(
    ("host", "only", "plain"),
    [
        ("0.0.0.0", "false", "0.0.0.0"),
        ("0.0.0.0", "true", "127.0.0.1"),
        ("192.168.1.10", "true", "127.0.0.1"),
        ("::", "true", "::1"),
        ("127.0.0.1", "true", "127.0.0.1"),
    ],
)
def test_only_encrypted_from_outside(tmp_path: Path, host: str, only: str, plain: str) -> None:
    """Where TLS is a must, the unencrypted port is this machine's alone."""
    text = f"""
        [dicom]
        host = "{host}"
        allowed_networks = ["192.168.1.0/24"]
        tls_port = 2762
        tls_certificate = "own.pem"
        tls_only = {only}
        """
    settings = load_settings(settings_file(tmp_path, text), {})

    assert settings.dicom.plain_host == plain


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A named settings file must exist."""
    with pytest.raises(SettingsError, match=r"missing\.toml"):
        load_settings(tmp_path / "missing.toml", {})


def test_every_setting_is_documented(project: Path) -> None:
    """The table of settings has every key once, with its default where that is fixed."""
    text = (project / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `([a-z]+\.[a-z_]+)` \| ([^|]*) \|", text, re.MULTILINE))
    defaults = known_keys()

    assert list(told) == list(defaults)
    for key, default in defaults.items():
        if isinstance(default, str | int | Path) and default != "":
            assert told[key].strip("`") in {str(default), str(default).lower()}, key


def test_the_birth_date_of_the_chart_for_messages_is_a_date(tmp_path: Path) -> None:
    """As TOML writes dates, and as text in the environment; nothing else is taken."""
    file = settings_file(tmp_path, "[attention]\ngdt_birth_date = 1900-01-31\n")
    assert str(load_settings(file, {}).attention.gdt_birth_date) == "1900-01-31"
    key = "GDTBRIDGE_ATTENTION__GDT_BIRTH_DATE"
    assert str(load_settings(file, {key: "1901-02-28"}).attention.gdt_birth_date) == "1901-02-28"
    with pytest.raises(SettingsError, match=r"attention\.gdt_birth_date"):
        load_settings(file, {key: "31.02.1900"})


OLD_TABLES = [
    ("[[worklist.devices]]\naet = 'OLD'\ncharset = 'ascii'\n", {}),
    ("", {"GDTBRIDGE_WORKLIST__DEVICES": '[{"aet": "OLD", "charset": "ascii"}]'}),
]


@pytest.mark.parametrize(("text", "environ"), OLD_TABLES)
def test_the_old_tables_of_devices_still_say_what_they_said(
    tmp_path: Path, text: str, environ: dict[str, str]
) -> None:
    """A file with `[[worklist.devices]]` starts, beside `[[device]]`."""
    new = "\n[[device]]\naet = 'NEW'\nhost = '192.168.1.20'\nport = 4104\n"
    new_one, old_one = load_settings(settings_file(tmp_path, text + new), environ).device
    assert (new_one.aet, new_one.host, new_one.port) == ("NEW", "192.168.1.20", 4104)
    assert (old_one.aet, old_one.charset) == ("OLD", "ascii")
