"""DICOM leaves by the Basic Profile: no name, date, place or private group, however deep."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
import pytest
from PIL import Image
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian

from client.cleaning import BurnedInText, PlainFile, UnreadableDicom, clean_file
from client.cleaning.dicom import (
    DUMMIES,
    INFLATED_FREE,
    MIB,
    CleanedDicom,
    basic_profile,
    clean_dicom,
    other_uid,
)
from tests.support.films import MARK, film, written

KEY = bytes(range(32))
SAMPLES = sorted((Path(pydicom.data.__file__).parent / "test_files").rglob("*.dcm"))


def code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def clean(ds: FileDataset, key: bytes = KEY) -> tuple[CleanedDicom, bytes, Dataset]:
    cleaned = clean_dicom(written(ds), uid_key=key)
    data = cleaned.content.read()
    return cleaned, data, pydicom.dcmread(io.BytesIO(data))


def test_no_mark_is_left_anywhere() -> None:
    ds = film()
    nested = Dataset()
    nested.PatientName, nested.StudyDate = MARK, "20261121"
    nested.RequestingPhysician = MARK
    deeper = Dataset()
    deeper.PersonName, deeper.InstitutionName = MARK, MARK
    deeper.private_block(0x0013, "ACME", create=True).add_new(1, "LO", MARK)
    nested.add_new(0x00081115, "SQ", Sequence([deeper]))
    ds.add_new(0x00289145, "SQ", Sequence([nested]))

    cleaned, data, result = clean(ds)

    assert MARK.encode() not in data and b"PHILOMENE" not in data
    assert b"20261121" not in data and b"19480517" not in data
    assert result.PatientIdentityRemoved == "YES"
    assert result.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert not [element for element in result if element.tag.is_private]
    assert result.preamble == b"\0" * 128
    assert "SourceApplicationEntityTitle" not in result.file_meta
    assert cleaned.report.private == 4 and cleaned.report.removed["PatientComments"] == 1
    assert MARK not in " ".join(cleaned.report.lines())
    assert np.array_equal(result.pixel_array, film().pixel_array), "pixels are not touched"


IDENTIFYING: dict[str, object] = {
    "AE": MARK, "AS": "087Y", "CS": MARK, "DA": "20261121", "DS": "7261121", "DT": "20261121081500",
    "FD": 7261121.5, "FL": 7261121.5, "IS": "7261121", "LO": MARK, "LT": MARK, "OB": MARK.encode(),
    "OF": MARK.encode() + b"!", "OW": MARK.encode() + b"!", "PN": MARK, "SH": MARK, "SL": 7261121,
    "SS": 26121, "ST": MARK, "TM": "081500", "UC": MARK, "UI": "1.2.276.0.7261121", "UL": 7261121,
    "UN": MARK.encode() + b"!", "UR": MARK, "US": 26121, "UT": MARK,
}  # fmt: skip
"""A value for each representation that says something of somebody."""
OURS = {0x00100020, 0x00120063, 0x00120064, 0x00280303}
"""What the profile asks us to write: pseudonym, method, method code, time shift."""


def filled(tag: int) -> object:
    """A value that must not survive; for a sequence an item that carries one."""
    representation = dictionary_VR(tag).split(" or ")[0]
    if representation == "SQ":
        item = Dataset()
        item.PatientName = item.InstitutionName = MARK
        item.StudyDate, item.StudyInstanceUID = "20261121", "1.2.276.0.7261121"
        return Sequence([item])
    return IDENTIFYING[representation]


@pytest.mark.parametrize("nested", [False, True], ids=["at the top", "in a sequence"])
@pytest.mark.parametrize("action", ["D", "Z", "X", "U"])
def test_every_row_of_the_table_is_applied(action: str, nested: bool) -> None:
    """Table E.1-1 row by row: replaced, emptied, removed, or another UID; nothing forgotten."""
    tags = [tag for tag, act in basic_profile().items() if act == action and tag not in OURS]
    known = [tag for tag in tags if dictionary_has_tag(tag) and tag > 0x00080005]
    assert len(known) > 0.9 * len(tags)
    ds, place = film(), Dataset()
    if nested:
        ds.ReferencedImageEvidenceSequence = Sequence([place])
    else:
        place = ds
    before = {tag: filled(tag) for tag in known}
    for tag, value in before.items():
        place.add_new(tag, dictionary_VR(tag).split(" or ")[0], value)
    cleaned, _, result = clean(ds)
    if nested:
        result = result.ReferencedImageEvidenceSequence[0]
    wrong = [
        hex(tag)
        for tag in known
        if not applied(action, result[tag].value if tag in result else None, before[tag], tag)
    ]
    assert wrong == []
    assert MARK not in str(result) and "7261121" not in str(result)
    assert cleaned.report.lines()


def applied(action: str, value: object, before: object, tag: int) -> bool:
    """Whether what is left of an attribute is what the action asks for."""
    representation = dictionary_VR(tag).split(" or ")[0]
    if representation == "SQ":
        return not value if action != "U" else MARK not in str(value)
    if action == "X":
        return value is None
    if action == "Z":
        return not value
    if representation == "UI":
        return str(value).startswith("2.25.") and value != before
    # A dummy of the same representation, or nothing where none could be told from a true value.
    return value is None or str(value) == str(DUMMIES[representation])


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (code("T-D1100", "SRT", f"Head of {MARK}"), ("T-D1100", "SRT", "Head")),
        (code("69536005", "SCT", MARK), ("69536005", "SCT", "Head")),
        (code("999999999", "SCT", MARK), ("999999999", "SCT", "REMOVED")),
        (code(MARK, "99LOCAL", MARK), ("REMOVED", "99REMOVED", "REMOVED")),
        (code(f"{MARK} PHIL", "SCT", MARK), ("REMOVED", "SCT", "REMOVED")),
    ],
    ids=["retired scheme", "SNOMED", "code not in PS3.16", "local words", "words as a code"],
)
def test_codes_say_what_their_scheme_says(item: Dataset, expected: tuple[str, str, str]) -> None:
    _, data, result = clean(film(AnatomicRegionSequence=Sequence([item])))
    kept = result.AnatomicRegionSequence[0]
    assert (kept.CodeValue, kept.CodingSchemeDesignator) == expected[:2]
    assert kept.CodeMeaning in (expected[2], "REMOVED")
    assert MARK.encode() not in data


def test_uids_change_together_and_only_with_the_key() -> None:
    first, second = film(), film()
    second.StudyInstanceUID = first.StudyInstanceUID
    reference = Dataset()
    reference.ReferencedSOPClassUID = CTImageStorage
    reference.ReferencedSOPInstanceUID = first.SOPInstanceUID
    second.ReferencedImageSequence = Sequence([reference])

    _, _, one = clean(first)
    _, _, two = clean(second)
    _, _, elsewhere = clean(first, bytes(32))

    assert one.StudyInstanceUID == two.StudyInstanceUID != first.StudyInstanceUID
    assert two.ReferencedImageSequence[0].ReferencedSOPInstanceUID == one.SOPInstanceUID
    assert two.ReferencedImageSequence[0].ReferencedSOPClassUID == CTImageStorage
    assert one.file_meta.MediaStorageSOPInstanceUID == one.SOPInstanceUID
    assert elsewhere.StudyInstanceUID != one.StudyInstanceUID
    assert one.SOPInstanceUID.is_valid and len(one.SOPInstanceUID) <= 64
    assert one.PatientID == two.PatientID != elsewhere.PatientID


def test_unknown_attributes_are_not_trusted() -> None:
    ds = film()
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    ds.add_new(0x00189FF0, "LO", MARK)
    cleaned, data, _ = clean(ds)
    assert MARK.encode() not in data and cleaned.report.unknown == 1


def test_names_and_dates_the_table_does_not_list_go_too() -> None:
    listed = basic_profile()
    unlisted = [
        tag for tag in (0x00741000, 0x00340001, 0x00720104, 0x00221007) if tag not in listed
    ]
    ds = film()
    for tag in unlisted:
        ds.add_new(tag, "DA", "20261121")
    _, data, _ = clean(ds)
    assert b"20261121" not in data


def test_the_preview_applies_the_window() -> None:
    """-160 and 240 HU are the ends of the window 40/400: black and white."""
    cleaned, _, _ = clean(film())
    assert cleaned.preview is not None
    shown = Image.open(cleaned.preview.content).convert("L")
    assert shown.size == (96, 64)
    assert shown.getpixel((10, 30)) < 10 and shown.getpixel((85, 30)) > 245  # type: ignore[operator]


def test_the_preview_of_an_inverted_film() -> None:
    cleaned, _, _ = clean(film(PhotometricInterpretation="MONOCHROME1"))
    assert cleaned.preview is not None
    shown = Image.open(cleaned.preview.content).convert("L")
    assert shown.getpixel((10, 30)) > 245  # type: ignore[operator]


def test_a_film_with_words_in_its_pixels_is_refused() -> None:
    with pytest.raises(BurnedInText):
        clean_dicom(written(film(BurnedInAnnotation="YES")))


def test_a_file_named_dicom_that_is_none() -> None:
    with pytest.raises(UnreadableDicom), clean_file(PlainFile("scan.dcm", data=b"hello")):
        pass


@pytest.mark.parametrize("damage", [140, 300, 700, 5_000])
def test_a_file_cut_short_ends_in_a_refusal_or_clean(damage: int) -> None:
    data = written(film()).getvalue()[:damage]
    try:
        cleaned = clean_dicom(io.BytesIO(data))
    except UnreadableDicom:
        return
    assert MARK.encode() not in cleaned.content.read()


def words_of(ds: Dataset) -> set[str]:
    """Names, dates and identifiers of a data set, however deep, long enough to be searched.

    Without those that also stand where the profile keeps them: a manufacturer's name.
    """
    told: set[str] = set()
    kept: set[str] = set()
    for element in ds.iterall():
        identifying = int(element.tag) in basic_profile() or element.tag.is_private
        if element.VR in ("PN", "LO", "SH", "LT", "ST", "UT", "DA", "AE"):
            values = element.value if isinstance(element.value, list) else [element.value]
            words = {str(value).strip() for value in values if len(str(value).strip()) > 6}
            (told if identifying else kept).update(words)
    return {word for word in told if not any(word in other for other in kept)}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_real_files_lose_what_identifies(path: Path) -> None:
    """Every sample that pydicom carries: MR, CT, US, SR, RT, enhanced, compressed, nested."""
    source = path.read_bytes()
    try:
        cleaned = clean_dicom(io.BytesIO(source), uid_key=KEY, allow_burned_in=True)
    except UnreadableDicom:
        return
    before = words_of(pydicom.dcmread(io.BytesIO(source)))
    result = pydicom.dcmread(io.BytesIO(cleaned.content.read()))
    after = {str(element.value) for element in result.iterall() if element.VR != "SQ"}
    allowed = {"REMOVED", "19000101", "19000101000000"}
    assert not {word for word in before if any(word in kept for kept in after)} - allowed


def deflated(blank: int) -> io.BytesIO:
    """A film whose data set is deflated, and ends in so many bytes of nothing."""
    ds = film()
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    whole = written(ds).getvalue()
    length = pydicom.dcmread(io.BytesIO(whole)).file_meta.FileMetaInformationGroupLength
    begin = 128 + 4 + 12 + length
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = [packer.compress(zlib.decompress(whole[begin:], -zlib.MAX_WBITS))]
    packed.append(packer.compress(bytes.fromhex("fcfffcff4f420000") + blank.to_bytes(4, "little")))
    packed += [packer.compress(bytes(MIB)) for _ in range(blank // MIB)]
    return io.BytesIO(whole[:begin] + b"".join(packed) + packer.flush())


def test_a_deflated_file_is_unpacked_within_bounds() -> None:
    cleaned = clean_dicom(deflated(MIB), uid_key=KEY)
    assert pydicom.dcmread(cleaned.content).PatientIdentityRemoved == "YES"
    bomb = deflated(INFLATED_FREE)
    assert len(bomb.getvalue()) < MIB
    with pytest.raises(UnreadableDicom, match="would unpack to more than 64 MiB"):
        clean_dicom(bomb, uid_key=KEY)


def test_another_uid_is_stable() -> None:
    assert other_uid(KEY, "1.2.3") == other_uid(KEY, "1.2.3") != other_uid(KEY, "1.2.4")
