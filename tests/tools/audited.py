"""A practice whose pictures a KV asks for: several people, several days, one wrong name."""

from __future__ import annotations

import io
from pathlib import Path

import pydicom
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEGBaseline8Bit

from gdtbridge.archive import IncomingInstance
from gdtbridge.sample_audit.desk import SampleDesk
from tests.tools.elements import EXPLICIT, element, part10, still
from tests.tools.practice import Practice, Reports

DAY = "20261130"
EMRE = {"PatientID": "4712", "PatientName": "Öztürk^Emre", "PatientBirthDate": "19910703"}


def jpeg(shade: int) -> bytes:
    """Return a small JPEG."""
    file = io.BytesIO()
    Image.new("L", (320, 240), shade).save(file, "JPEG", quality=90)
    return file.getvalue()


class Audited:
    """A practice in which several people were examined on several days."""

    def __init__(self, practice: Practice, folder: Path, project: Path) -> None:
        self.practice = practice
        self.folder = folder
        self.pixels = jpeg(120)
        self._fill(project)

    @property
    def desk(self) -> SampleDesk:
        """The sample audit."""
        return self.practice.core.sample

    def _fill(self, project: Path) -> None:
        practice = self.practice
        for number, person in (("4711", {}), ("4712", EMRE)):
            said = {"PatientID": number, "StudyDate": DAY, "AccessionNumber": "", **person}
            study = {"StudyInstanceUID": f"2.25.9{number}", **said}
            for place in range(2):
                uid = f"2.25.9{number}.{place}"
                practice.send_dataset(
                    still(60 + place, SOPInstanceUID=uid, **study), SOPInstanceUID=uid
                )
        self._send_jpeg(study)
        self._send_clip(study)
        reports = Reports(project, practice, self.folder)
        reports.send("abdomen.dcm", **{**study, "PatientName": EMRE["PatientName"]})
        # another day of the same patient
        practice.send(StudyInstanceUID="2.25.8", **{**EMRE, "StudyDate": "20261001"})
        practice.wait()
        self._send_under_another_name()

    def _send_under_another_name(self) -> None:
        """Send a picture the device had under another name; a person says that it is Emre's."""
        said = {"PatientID": "", "PatientName": "Wagner^Jutta", "PatientBirthDate": "19500101"}
        study = {"StudyInstanceUID": "2.25.70", "StudyDate": DAY, "AccessionNumber": "", **said}
        data = still(99, SOPInstanceUID="2.25.77", **study)
        at = data.index(element(0x0020000D, b"UI", "2.25.70"))
        further = (
            element(0x00101001, b"PN", "Wagner^Geborene"),
            element(0x00110010, b"LO", "ACME"),
            element(0x00111001, b"LO", "Jutta Wagner"),
        )
        data = data[:at] + b"".join(further) + data[at:]
        self.practice.send_dataset(data, SOPInstanceUID="2.25.77")
        self.practice.wait()
        self.practice.core.held.release("2.25.70", "4712", confirmed=True, who="Anna Krüger")
        self.practice.wait()

    def _send_jpeg(self, study: dict[str, str]) -> None:
        """Send a still as a device compresses it."""
        self._send_file(
            study, "2.25.501", "1.2.840.10008.5.1.4.1.1.6.1", [self.pixels], InstanceNumber="3"
        )

    def _send_clip(self, study: dict[str, str]) -> None:
        frames = [jpeg(10 + 40 * number) for number in range(5)]
        self._send_file(
            study, "2.25.502", "1.2.840.10008.5.1.4.1.1.3.1", frames, NumberOfFrames=5, FrameTime=40
        )

    def _send_file(
        self, study: dict[str, str], uid: str, sop_class: str, frames: list[bytes], **more: object
    ) -> None:
        path = self.folder / "file.dcm"
        part10(path, still(1, SOPInstanceUID=uid, SOPClassUID=sop_class, **study), EXPLICIT)
        dataset = pydicom.dcmread(path)
        dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
        dataset.file_meta.MediaStorageSOPClassUID = UID(sop_class)
        dataset.file_meta.MediaStorageSOPInstanceUID = UID(uid)
        dataset.Rows, dataset.Columns = 240, 320
        dataset.InstitutionName = "Praxis Dr. Sommer"
        dataset.ManufacturerModelName = "Sono K3"
        for keyword, value in more.items():
            setattr(dataset, keyword, value)
        dataset.PixelData = encapsulate(frames)
        dataset.save_as(path, enforce_file_format=True)
        syntax = str(JPEGBaseline8Bit)
        one = IncomingInstance(path, sop_class, uid, syntax, self.practice.device, "127.0.0.1")
        self.practice.core.receiving.receive(one)
