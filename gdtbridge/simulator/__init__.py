"""An ultrasound device played against a running bridge, over its DICOM port like any other.

`device` does what a device does, `exam` makes its instances of the samples, `query` asks the
worklist. What stands here must know nothing of the bridge but `dicom.client`.
"""
