"""Radiographs of nobody: small DICOM files that carry a name wherever one could hide."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

MARK = "CHAPPAZ"
"""What must not leave the machine that cleans."""


def _uid(of: str) -> str:
    """The same at every run: digits drawn by chance could hold a date that is searched for."""
    return generate_uid(entropy_srcs=["a film of nobody", of])


def film(**changes: Any) -> FileDataset:
    """A CT slice with MARK wherever a name could hide."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = _uid("instance")
    meta.SourceApplicationEntityTitle = MARK
    preamble = (MARK * 20).encode()[:128]
    ds = FileDataset("film.dcm", {}, file_meta=meta, preamble=preamble)
    ds.SOPClassUID = CTImageStorage
    ds.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID, ds.SeriesInstanceUID = _uid("study"), _uid("series")
    ds.PatientName, ds.PatientID = f"{MARK}^PHILOMENE", f"{MARK}-1"
    ds.PatientBirthDate, ds.PatientSex = "19480517", "F"
    ds.StudyDate = ds.ContentDate = "20261121"
    ds.InstitutionName = ds.StudyDescription = ds.PatientComments = MARK
    ds.OperatorsName = ds.ReferringPhysicianName = f"{MARK}^DR"
    ds.Modality = "CT"
    ds.Rows, ds.Columns, ds.SamplesPerPixel = 64, 96, 1
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.RescaleSlope, ds.RescaleIntercept = 1, -1024
    ds.WindowCenter, ds.WindowWidth = 40, 400
    values = np.full((64, 96), 1024 - 160, np.uint16)
    values[:, 48:] = 1024 + 240
    ds.PixelData = values.tobytes()
    ds.private_block(0x0011, "ACME", create=True).add_new(1, "LO", MARK)
    ds.add_new(0x50001001, "LO", MARK)
    ds.add_new(0x60004000, "LT", MARK)
    for name, value in changes.items():
        setattr(ds, name, value)
    return ds


def written(ds: FileDataset) -> io.BytesIO:
    """The file as it lies on a disk."""
    target = io.BytesIO()
    ds.save_as(target, enforce_file_format=True)
    target.seek(0)
    return target
