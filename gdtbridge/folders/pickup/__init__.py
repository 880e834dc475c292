"""DICOM files that devices leave in a folder because they cannot send them.

A file is judged by what it holds, taken as a received object is, and only then put away. What an
object means is not decided here, nor what a device may be told.
"""

from gdtbridge.folders.pickup.watch import PickupWatch

__all__ = ["PickupWatch"]
