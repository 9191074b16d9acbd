"""Real letters over HTTP, through Apprise, to a server of one's own; texts that obey nobody."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from migrator.adapters.notify.apprise_post import ApprisePost
from migrator.adapters.notify.templates import Texts
from migrator.domain.errors import UsageError
from migrator.domain.notices import Audience, Notice
from migrator.ports.post import Letter, Undelivered
from tests.builders import NOW

FACTS = {"user": "1/ann", "why": "s3:GetObject", "at": NOW.isoformat(), "wave": "one"}


def notice(template="put-back", **facts):
    return Notice("k", template, Audience.CHANNEL, "", "migrator", {**FACTS, **facts})


@pytest.fixture
def server():
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(500 if "broken" in self.path else 200)
            self.end_headers()

        def log_message(self, *_):
            pass

    http = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=http.serve_forever, daemon=True).start()
    http.got = got
    yield http
    http.shutdown()
    http.server_close()


def letter(post, channel, to=""):
    title, body = post.write(notice())
    return Letter("k", channel, to, "put-back", title, body, "migrator", NOW)


def test_a_letter_arrives(server):
    post = ApprisePost([f"json://127.0.0.1:{server.server_port}/ops"])
    post.deliver(letter(post, post.channels[0].name))
    ((path, said),) = server.got
    assert path == "/ops"
    assert said["title"] == "1/ann was put back"
    assert "s3:GetObject" in said["message"]


def test_a_person_has_a_place_in_the_url(server):
    post = ApprisePost([f"json://127.0.0.1:{server.server_port}/to/{{email}}"])
    assert [channel.audience for channel in post.channels] == [Audience.PERSON]
    post.deliver(letter(post, post.channels[0].name, "ann+x@acme.example?to=eve"))
    assert "eve" not in server.got[0][0].partition("?")[2]


@pytest.mark.parametrize("url", ["json://127.0.0.1:{port}/broken", "json://127.0.0.1:1/", "nonsense://x"])
def test_a_channel_that_fails_says_so_without_its_secret(server, url):
    post = ApprisePost([url.format(port=server.server_port) + "?+token=hunter2"])
    with pytest.raises(Undelivered) as told:
        post.deliver(letter(post, post.channels[0].name))
    assert "hunter2" not in str(told.value)
    assert "hunter2" not in post.channels[0].name


def test_a_channel_that_left_the_configuration_is_named():
    post = ApprisePost([])
    with pytest.raises(Undelivered, match="no longer in the configuration"):
        post.deliver(letter(post, "json-123456"))


EVERY = {
    "sign-in": {"account_id": "1", "permission_set": "dev"},
    "before-quarantine": {"on": NOW.isoformat(), "days_left": 3, "permission_set": None},
    "before-deactivate": {"on": None, "days_left": None},
    "before-delete": {"on": NOW.isoformat(), "days_left": 1},
    "upcoming": {
        "users": ["1/ann", "1/bob"],
        "move": "delete",
        "days_left": 1,
        "on": NOW.isoformat(),
        "held_by": ["x"],
    },
    "put-back": {},
    "put-back-failed": {},
    "suspicious": {"call": "iam:ListUsers", "agent": "curl", "address": "198.51.100.9"},
    "gap": {"scream": 3, "call": "s3:GetObject", "agent": "Boto3", "address": "203.0.113.7"},
    "approval": {"users": ["1/ann"], "stage": "cut"},
    "wave-done": {},
    "worker-failed": {},
    "test": {"to": "x"},
}


@pytest.mark.parametrize("template", EVERY)
def test_every_text_has_a_title_and_a_body(template):
    title, body = Texts().write(notice(template, **EVERY[template]))
    assert title
    assert "\n" not in title
    assert body


def test_names_that_strangers_chose_obey_nothing():
    title, body = Texts().write(notice(user="<!channel>\x1b[31m{{ 7*7 }}\nX"))
    assert "<" not in title + body
    assert "\x1b" not in title + body
    assert "49" not in title
    assert title.endswith("was put back")


def test_a_team_lays_its_own_text_beside_ours(tmp_path):
    (tmp_path / "put-back.txt").write_text("Back: {{ user }}\nmind the gap")
    texts = Texts(str(tmp_path))
    assert texts.write(notice()) == ("Back: 1/ann", "mind the gap")
    assert texts.write(notice("wave-done"))[0] == "Wave one is done"


@pytest.mark.parametrize(
    "broken", ["{{ nothing_of_the_kind }}", "{% if %}", "{{ user.__class__.__mro__ }}", "{{ 1/0 }}", "{{ user + 1 }}"]
)
def test_a_broken_or_wicked_text_is_replaced_by_ours_and_named(tmp_path, broken):
    (tmp_path / "put-back.txt").write_text(broken)
    title, body = Texts(str(tmp_path)).write(notice())
    assert title == "1/ann was put back"
    assert "template put-back.txt is broken" in body


def test_a_folder_that_is_not_there_is_an_error():
    with pytest.raises(UsageError, match="no folder /nowhere"):
        Texts("/nowhere")
