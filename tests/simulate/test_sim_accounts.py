"""Sections 6 and 7 of the specification: accounts and batch compliance."""

from __future__ import annotations

PROFILE = "display_name,bio_description,avatar_url,is_verified,follower_count,following_count,likes_count,video_count,bio_url"


def message(answer) -> str:
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "invalid_params"
    return str(answer.json()["error"]["message"])


def test_a_profile_is_the_data_itself_and_does_not_echo_the_name(sim):
    data = sim.post("user/info", {"username": sim.open_account()}, PROFILE).json()["data"]
    assert "username" not in data
    assert data["video_count"] > 0
    assert isinstance(data["is_verified"], bool)


def test_unknown_user_fields_are_refused(sim):
    assert "secUid" in message(sim.post("user/info", {"username": sim.open_account()}, "display_name,secUid"))


def test_an_unknown_account_cannot_be_found(sim):
    text = message(sim.post("user/info", {"username": "sim_nobody_at_all"}, "display_name"))
    assert text.endswith("is invalid: cannot find the user")


def test_a_private_account_is_refused_for_itself_only(sim):
    accounts = sim.world.accounts
    private = accounts.loc[accounts["private"], "account_id"].iloc[0]
    text = message(sim.post("user/info", {"username": private}, "display_name")).lower()
    assert any(part in text for part in ("cannot return", "is private", "cannot be returned"))
    names = [private, sim.open_account()]
    assert {v["username"] for v in sim.data(("username", "IN", names))["videos"]} == {names[1]}


def test_all_three_refusals_of_a_user_can_be_met(sim):
    sim.faults({"name": "user_refused"})
    texts = {
        message(sim.post("user/info", {"username": n}, "bio_url")).lower()
        for n in sim.world.accounts["account_id"][:9]
    }
    for part in ("cannot return this user's information", "is private", "information cannot be returned"):
        assert any(part in text for text in texts)


def create(sim, ids, category="video"):
    headers = {"Authorization": f"Bearer {sim.token}"}
    files = {"file_data": ("ids.txt", "\n".join(map(str, ids)))}
    path = "/v2/research/validation_task/create/"
    return sim.http.post(path, files=files, data={"category": category}, headers=headers)


def test_compliance_returns_the_ids_that_are_still_valid(sim):
    videos = sim.world.videos
    ids = videos["video_id"].tolist()[:400]
    created = create(sim, [*ids, 12345]).json()
    task = {"task_id": created["data"]["task_id"]}
    assert created["error"]["http_status_code"] == 200
    assert created["error"]["message"] == "ok."
    assert task["task_id"] > 2**63
    status = [sim.post("validation_task_status/get", task).json()["data"]["task_status"] for _ in range(2)]
    assert status == ["Processing", "Completed"]
    answer = sim.post("validation_task/download", task)
    valid = {int(line) for line in answer.text.split()}
    assert answer.headers["content-type"].startswith("text/plain")
    assert valid < set(ids)
    assert valid.isdisjoint(videos.loc[videos["gone"], "video_id"])
    assert len(valid) > 300


def test_a_compliance_file_has_at_most_ten_thousand_ids(sim):
    assert create(sim, range(1, 10_001)).status_code == 200
    message(create(sim, range(1, 10_002)))
    message(create(sim, ["abc"]))
    message(create(sim, [1], category="user"))


def test_an_unfinished_or_unknown_task_cannot_be_downloaded(sim):
    task = create(sim, [1]).json()["data"]
    message(sim.post("validation_task/download", task))
    message(sim.post("validation_task_status/get", {"task_id": 1}))


def test_a_list_that_is_not_simulated_is_not_found(sim):
    for endpoint in ("video/comment/list", "user/followers", "user/liked_videos", "playlist/info"):
        assert sim.post(endpoint, {"username": sim.open_account()}).status_code == 404
