"""One case from the sealed question to the acknowledged opinion, over HTTP."""

from __future__ import annotations

from protocol.encoding import unb64
from tests.factories.care import CareCircle


def test_a_case_goes_from_question_to_closure(care_circle: CareCircle) -> None:
    favre, blanc = care_circle.favre, care_circle.blanc
    case = care_circle.open_case("urgent")

    inbox = blanc.get("/cases", box="unclaimed").json
    assert [row["id"] for row in inbox["items"]] == [case.id]
    assert inbox["counts"] == {"unclaimed": 1, "mine": 0, "waiting": 0, "done": 0}
    row = inbox["items"][0]
    assert row["urgency"] == "urgent" and row["steps"] == ["claim", "refuse"]
    assert care_circle.case_key(blanc, care_circle.pool, row) == case.key

    claimed = case.step(blanc, "claim")
    assert claimed.status_code == 200, claimed.text
    assert claimed.json["case"]["expert"] == {"id": blanc.id, "name": "Hugo Blanc"}

    assert case.post(blanc, "Depuis quand ?").status_code == 201
    assert case.step(blanc, "request_information").json["sequence"] == 2
    assert favre.get("/cases", box="waiting").json["counts"]["waiting"] == 1
    assert case.step(favre, "answer_information").json["state"] == "answered"
    assert case.step(blanc, "give_opinion").json["state"] == "opinion_given"
    assert case.step(favre, "acknowledge").json["state"] == "acknowledged"
    assert case.step(favre, "close").json["state"] == "closed"

    thread = favre.get(f"/cases/{case.id}/messages").json["items"]
    assert [message["sequence"] for message in thread] == [1, 2, 3, 4]
    assert case.text_of(thread[0]) == "Depuis quand ?"
    assert [message["kind"] for message in thread] == [
        "text",
        "information_request",
        "information_answer",
        "opinion",
    ]
    trace = favre.get(f"/cases/{case.id}/trace").json["items"]
    actions = [row["action"] for row in reversed(trace)]
    for expected in (
        "case:open",
        "case:claim",
        "message:post",
        "case:request_information",
        "case:answer_information",
        "case:give_opinion",
        "case:acknowledge",
        "case:close",
        "message:read",
    ):
        assert expected in actions, expected
    assert favre.get("/cases", box="done").json["counts"] == {
        "unclaimed": 0,
        "mine": 0,
        "waiting": 0,
        "done": 1,
    }


def test_the_server_holds_no_word_of_it(care_circle: CareCircle) -> None:
    case = care_circle.open_case()
    case.post(care_circle.favre, "Mélanome suspect de Madame Chappaz")
    answer = care_circle.blanc.get(f"/cases/{case.id}")
    thread = care_circle.blanc.get(f"/cases/{case.id}/messages")
    for word in ("Mélanome", "Chappaz", "pigmentée"):
        assert word not in answer.text + thread.text
    assert b"pigment" not in unb64(answer.json["header"]["sealed"])
