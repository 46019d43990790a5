"""Files follow the circle of their case: in with whoever comes, out with whoever is taken off."""

from __future__ import annotations

from tests.factories.circles import WideCircle
from tests.support.tus import VERSION, SealedBlob, create, opened, patch, store, tus


def test_whoever_is_brought_in_fetches_and_sends_files(wide_circle: WideCircle) -> None:
    circle, case = wide_circle, wide_circle.travelling()
    theirs = SealedBlob(1000)
    store(circle.favre, case, theirs)
    assert circle.vidal.get(f"/attachments/{theirs.id}").status_code == 404
    case.let_in(circle.favre, "doctor", circle.vidal)
    assert circle.vidal.get(f"/attachments/{theirs.id}").data == theirs.raw
    own = SealedBlob(2000)
    store(circle.vidal, case, own)
    assert circle.blanc.get(f"/attachments/{own.id}").data == own.raw


def test_an_upload_ends_when_its_sender_is_taken_off(wide_circle: WideCircle) -> None:
    circle, case = wide_circle, wide_circle.travelling()
    case.let_in(circle.favre, "named_expert", circle.vidal)
    blob = SealedBlob(2000)
    location = opened(circle.vidal, case, blob)
    case.rotate(circle.favre, case.circle(), purpose="take_off", target=circle.vidal)
    assert patch(circle.vidal, location, 0, blob.raw[:1000]).status_code == 404
    assert tus(circle.vidal, "HEAD", location, **VERSION).status_code == 404
    assert create(circle.vidal, case, SealedBlob(2000)).status_code == 404


def test_files_of_before_stay_readable_after_a_new_key(wide_circle: WideCircle) -> None:
    """Their keys are in messages of the old generation, which the new key leads back to."""
    circle, case = wide_circle, wide_circle.travelling()
    blob = SealedBlob(1000)
    store(circle.favre, case, blob)
    circle.remove(circle.pool, [circle.blanc])
    assert case.rotate(circle.favre, case.circle()).status_code == 200
    assert circle.blanc.get(f"/attachments/{blob.id}").data == blob.raw
    assert circle.roche.get(f"/attachments/{blob.id}").status_code == 404
