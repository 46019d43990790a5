"""DICOM headers by the Basic Application Level Confidentiality Profile (PS3.15 Annex E).

The facts of Table E.1-1 lie in ``ps315.json``; this file applies them in one walk, nested sequences
included, and closes what a table cannot: private groups, curves and overlays, unknown attributes,
names and dates in attributes the table does not list, the file meta information, the preamble, and
free words in the CodeMeaning of sequences that are kept.

UIDs become others by a keyed hash: the same key keeps the instances of a series together, and
without the key nobody links them to the originals (E.3.9 is thereby not claimed).
"""

from __future__ import annotations

import hmac
import json
import re
import tempfile
import zlib
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from os import SEEK_END
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal

import pydicom
from pydicom import config
from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import (
    _read_command_set_elements,
    _read_file_meta_info,
    read_preamble,
)
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import DeflatedExplicitVRLittleEndian

from client.cleaning.dicom_preview import preview_of
from client.cleaning.pictures import Picture
from client.cleaning.refusals import BurnedInText, CleaningRefused, UnreadableDicom
from client.crypto.random import random_key

Action = Literal["D", "Z", "X", "U"]

config.settings.reading_validation_mode = config.IGNORE
"""Odd values are read and cleaned like others; warnings would repeat them into somebody's log."""

MIB = 1024 * 1024
INFLATED_FREE = 64 * MIB
"""So much a deflated data set may hold whatever its file's length; beyond it, INFLATED_TIMES that
length, and never more than INFLATED_MOST."""
INFLATED_TIMES = 200
INFLATED_MOST = 1024 * MIB

METHOD = "Cordee, PS3.15 Annex E Basic Profile"
STANDARD_UIDS = "1.2.840.10008."
"""Root of what the standard itself names (SOP classes, transfer syntaxes): no secret."""

DUMMIES: dict[str, Any] = {
    "AE": "REMOVED",
    "AS": "000Y",
    "CS": "REMOVED",
    "DA": "19000101",
    "DS": "0",
    "DT": "19000101000000",
    "IS": "0",
    "LO": "REMOVED",
    "LT": "REMOVED",
    "PN": "REMOVED",
    "SH": "REMOVED",
    "ST": "REMOVED",
    "TM": "000000",
    "UC": "REMOVED",
    "UR": "https://removed.invalid",
    "UT": "REMOVED",
}
UNLISTED = frozenset({"PN", "DA", "DT", "TM", "UN"})
"""Representations that go even from attributes the table does not list: names, times, unknown."""

CODE_VALUES = (0x00080100, 0x00080119, 0x00080120)
CODING_SCHEME, CODE_MEANING = 0x00080102, 0x00080104
PUBLIC_SCHEMES = frozenset(
    (
        *("C4", "DCM", "DCMUID", "FMA", "I10", "I10P", "ICD10", "ICD10CM", "ICD10PCS", "ICDO3"),
        *("IETF4646", "ISO3166_1", "ISO639_1", "LN", "LOINC", "MA", "NCIt", "NDC", "RADELEMENT"),
        *("RADLEX", "RXNORM", "SCT", "SNM3", "SNOMEDCT", "SRT", "UCUM", "UMLS", "UNS"),
    )
)
"""Coding schemes published for everyone (PS3.16 section 8); others may hold local words."""
PLAIN_CODE = re.compile(r"[A-Za-z0-9.\-/{}\[\]%*^'_()]{1,32}")


@dataclass
class Report:
    """What was taken out, by attribute keyword. Never holds a value."""

    removed: Counter[str] = field(default_factory=Counter)
    emptied: Counter[str] = field(default_factory=Counter)
    replaced: Counter[str] = field(default_factory=Counter)
    private: int = 0
    unknown: int = 0
    notes: list[str] = field(default_factory=list)

    def lines(self) -> tuple[str, ...]:
        """For the person, in short."""
        told = [
            f"{counter.total()} attributes {verb}"
            for counter, verb in (
                (self.removed, "removed"),
                (self.emptied, "emptied"),
                (self.replaced, "replaced"),
            )
            if counter
        ]
        if self.private:
            told.append(f"{self.private} private attributes removed")
        if self.unknown:
            told.append(f"{self.unknown} unknown attributes removed")
        return (*told, *self.notes)


@dataclass(frozen=True)
class CleanedDicom:
    content: IO[bytes] = field(repr=False)
    size: int
    dimensions: tuple[int, int] | None
    preview: Picture | None
    report: Report


def clean_dicom(
    source: BinaryIO, *, uid_key: bytes | None = None, allow_burned_in: bool = False
) -> CleanedDicom:
    """A cleaned copy of a DICOM file, its preview, and what went.

    ``uid_key`` is a secret of 32 bytes, fresh when not given. Raises ``UnreadableDicom``, and
    ``BurnedInText`` when the data set says that its pixels carry identifying text: the profile
    cleans headers only.
    """
    try:
        _bound_inflation(source)
        dataset = pydicom.dcmread(source)
        if str(dataset.get("BurnedInAnnotation", "")).upper() == "YES" and not allow_burned_in:
            raise BurnedInText("the image itself shows identifying text (Burned In Annotation)")
        report = Report()
        deidentify(dataset, uid_key or random_key(), report)
        preview, note = preview_of(dataset)
        if note:
            report.notes.append(note)
        target = tempfile.SpooledTemporaryFile(max_size=16 * 1024 * 1024)  # noqa: SIM115
        dataset.save_as(target, enforce_file_format=True)
    except CleaningRefused:
        raise
    except Exception as error:
        # pydicom raises whatever a hostile value provokes: AttributeError, struct.error, …
        raise UnreadableDicom(f"the DICOM file cannot be read ({type(error).__name__})") from error
    size = target.tell()
    target.seek(0)
    dimensions = _dimensions(dataset)
    return CleanedDicom(target, size, dimensions, preview, report)


def _bound_inflation(source: BinaryIO) -> None:
    """Raise ``UnreadableDicom`` for a deflated data set that would fill the memory, since pydicom
    inflates all of it at once. Comes to its beginning by pydicom's own steps."""
    start = source.tell()
    read_preamble(source, force=False)
    meta = _read_file_meta_info(source)
    _read_command_set_elements(source)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        begin = source.tell()
        length = source.seek(0, SEEK_END) - begin
        source.seek(begin)
        most = min(max(INFLATED_FREE, INFLATED_TIMES * length), INFLATED_MOST)
        if _inflates_beyond(source, most):
            raise UnreadableDicom(
                f"the DICOM file would unpack to more than {most // MIB} MiB, "
                "far more than a file of its length holds"
            )
    source.seek(start)


def _inflates_beyond(source: BinaryIO, most: int) -> bool:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    found = 0
    while not inflater.eof and (piece := source.read(64 * 1024)):
        while piece and not inflater.eof:
            found += len(inflater.decompress(piece, MIB))
            if found > most:
                return True
            piece = inflater.unconsumed_tail
    return False


def deidentify(dataset: Dataset, key: bytes, report: Report) -> None:
    """Apply the profile to a data set in place, and say so in it (PS3.15 E.1.1)."""
    patient = str(dataset.get("PatientID", ""))
    _Walk(key, report).clean(dataset)
    dataset.PatientID = pseudonym(key, patient)
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = METHOD
    code = Dataset()
    code.CodeValue = "113100"
    code.CodingSchemeDesignator = "DCM"
    code.CodeMeaning = "Basic Application Confidentiality Profile"
    dataset.DeidentificationMethodCodeSequence = DicomSequence([code])
    dataset.LongitudinalTemporalInformationModified = "REMOVED"
    _fresh_file_meta(dataset)


def pseudonym(key: bytes, patient: str) -> str:
    """A stable short name for a patient under this key."""
    return hmac.new(key, b"patient " + patient.encode(), sha256).hexdigest()[:12].upper()


def other_uid(key: bytes, uid: str) -> str:
    """Another UID for this one, always the same under this key (PS3.5 B.2: 2.25 and 128 bits)."""
    digest = hmac.new(key, b"uid " + uid.encode(), sha256).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


@lru_cache(maxsize=1)
def basic_profile() -> dict[int, Action]:
    """Tag → action of Table E.1-1."""
    facts = json.loads((Path(__file__).parent / "ps315.json").read_text())
    return {int(tag, 16): action for action, tags in facts["tags"].items() for tag in tags}


class _Walk:
    """One pass over a data set and everything nested in it."""

    def __init__(self, key: bytes, report: Report) -> None:
        self.key = key
        self.report = report
        self.table = basic_profile()

    def clean(self, dataset: Dataset) -> None:
        for tag in list(dataset.keys()):
            number = int(tag)
            if _is_private(number):
                self.report.private += 1
                del dataset[tag]
                continue
            element = dataset[tag]
            action = "X" if _is_curve_or_overlay_text(number) else self.table.get(number)
            if element.VR == "SQ":
                self._sequence(dataset, element, action)
            else:
                self._element(dataset, element, action)
        if CODE_MEANING in dataset:
            self._plain_code(dataset)

    def _sequence(self, dataset: Dataset, element: DataElement, action: Action | None) -> None:
        """Identifying sequences go whole or empty; the others are cleaned item by item."""
        number = int(element.tag)
        if action in ("X", "D") or (action is None and not _is_known(number)):
            self._remove(dataset, element)
        elif action == "Z":
            element.value = DicomSequence([])
            self.report.emptied[_keyword(number)] += 1
        else:
            for item in element.value or ():
                self.clean(item)

    def _element(self, dataset: Dataset, element: DataElement, action: Action | None) -> None:
        number = int(element.tag)
        if action is None:
            self._unlisted(dataset, element)
        elif action == "U" or (action == "D" and element.VR == "UI"):
            self._other_uids(element)
        elif action == "Z":
            element.value = None
            self.report.emptied[_keyword(number)] += 1
        elif action == "D" and element.VR in DUMMIES:
            element.value = DUMMIES[element.VR]
            self.report.replaced[_keyword(number)] += 1
        else:
            self._remove(dataset, element)

    def _unlisted(self, dataset: Dataset, element: DataElement) -> None:
        number = int(element.tag)
        if not _is_known(number):
            self.report.unknown += 1
            del dataset[element.tag]
        elif element.VR in UNLISTED:
            self._remove(dataset, element)
        elif element.VR == "UI":
            self._other_uids(element)

    def _other_uids(self, element: DataElement) -> None:
        values = element.value
        if not values:
            return
        several = isinstance(values, MultiValue | list | tuple)
        changed = [self._other_uid(str(value)) for value in (values if several else [values])]
        element.value = changed if several else changed[0]
        self.report.replaced[_keyword(int(element.tag))] += 1

    def _other_uid(self, uid: str) -> str:
        return uid if uid.startswith(STANDARD_UIDS) else other_uid(self.key, uid)

    def _plain_code(self, item: Dataset) -> None:
        """Let a code say what its published scheme says, and nothing somebody typed.

        The table leaves codes alone, yet CodeMeaning is free text and local codes may be words.
        """
        scheme = str(item[CODING_SCHEME].value) if CODING_SCHEME in item else ""
        public = scheme in PUBLIC_SCHEMES
        value = ""
        for tag in CODE_VALUES:
            if tag in item:
                value = str(item[tag].value)
                if not public or not PLAIN_CODE.fullmatch(value):
                    item[tag].value = "REMOVED"
        if CODING_SCHEME in item and not public:
            item[CODING_SCHEME].value = "99REMOVED"
        item[CODE_MEANING].value = _published_meaning(scheme, value) or "REMOVED"
        self.report.replaced["CodeMeaning"] += 1

    def _remove(self, dataset: Dataset, element: DataElement) -> None:
        self.report.removed[_keyword(int(element.tag))] += 1
        del dataset[element.tag]


def _published_meaning(scheme: str, code: str) -> str | None:
    """The meaning PS3.16 gives a code, from the tables pydicom carries."""
    return _meanings().get((scheme, code))


@lru_cache(maxsize=1)
def _meanings() -> dict[tuple[str, str], str]:
    from pydicom.sr._concepts_dict import concepts  # large; only when a code is met

    meanings: dict[tuple[str, str], str] = {}
    tables: Any = concepts
    for scheme, keywords in tables.items():
        for codes in keywords.values():
            for code, (meaning, context_groups) in codes.items():
                if context_groups:  # as PS3.16 words it, before the scheme's own long form
                    meanings[scheme, code] = meaning
                else:
                    meanings.setdefault((scheme, code), meaning)
    return meanings


def _fresh_file_meta(dataset: Dataset) -> None:
    """A new preamble and file meta: the old ones name stations, and can hold anything."""
    syntax = dataset.file_meta.TransferSyntaxUID
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta = meta
    dataset.preamble = b"\0" * 128


def _is_private(tag: int) -> bool:
    return bool((tag >> 16) & 1)


def _is_curve_or_overlay_text(tag: int) -> bool:
    """Rows (50xx,xxxx), (60xx,3000) and (60xx,4000) of the table; overlays go whole."""
    group = tag >> 16
    return 0x5000 <= group <= 0x50FF or 0x6000 <= group <= 0x60FF


def _is_known(tag: int) -> bool:
    """Whether the standard's dictionary has it; group lengths (gggg,0000) are rewritten anyway."""
    if tag & 0xFFFF == 0:
        return False
    if dictionary_has_tag(tag):
        return True
    try:
        dictionary_VR(tag)
    except KeyError:
        return False
    return True


def _keyword(tag: int) -> str:
    return keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _dimensions(dataset: Dataset) -> tuple[int, int] | None:
    if "Rows" in dataset and "Columns" in dataset:
        return int(dataset.Columns), int(dataset.Rows)
    return None
