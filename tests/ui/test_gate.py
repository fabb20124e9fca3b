"""Access to the page's server: requests that a browser, another site or another program could send."""

from urllib.parse import urlsplit

import pytest

from shoal.environment import Environment
from tests.ui.visitor import Visitor, visited


def test_address_of_the_terminal_becomes_a_cookie_that_scripts_and_other_sites_do_not_get(
    environment: Environment,
) -> None:
    with visited(lambda: environment) as visitor:
        address = urlsplit(visitor.addresses.get())
        answer = visitor.get(f"/?{address.query}")
        assert (answer.status, answer.headers["location"]) == (303, "/")
        assert answer.headers["set-cookie"].endswith("; HttpOnly; Path=/; SameSite=strict")


def test_address_works_once_and_the_next_one_is_another(environment: Environment) -> None:
    with visited(lambda: environment) as visitor:
        first = urlsplit(visitor.addresses.get())
        assert visitor.get(f"/?{first.query}").status == 303
        assert visitor.get(f"/?{first.query}").status == 403
        second = urlsplit(visitor.addresses.get())
        assert visitor.get(f"/?{second.query}").status == 303


def test_address_with_a_token_leads_to_this_server_only(environment: Environment) -> None:
    with visited(lambda: environment) as visitor:
        address = urlsplit(visitor.addresses.get())
        answer = visitor.get(f"//example.com/?{address.query}")
        assert answer.headers["location"] == "/example.com/"


@pytest.mark.parametrize("path", ["/", "/events?page=/", "/static/app.js", "/?token=guessed"])
def test_nothing_is_shown_without_the_cookie(visitor: Visitor, path: str) -> None:
    stranger = Visitor(addresses=visitor.addresses, port=visitor.port)
    answer = stranger.get(path)
    assert answer.status == 403
    assert "shoal ui" in answer.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", "localhost"])
def test_forged_host_is_refused_even_with_the_cookie(visitor: Visitor, host: str) -> None:
    assert visitor.get("/", Host=host.format(port=visitor.port)).status == 403


def test_both_names_of_this_machine_are_accepted(visitor: Visitor) -> None:
    assert visitor.get("/", Host=f"localhost:{visitor.port}").status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", ""])
def test_foreign_origin_is_refused_even_with_the_cookie(visitor: Visitor, origin: str) -> None:
    assert visitor.get("/events?page=/", Origin=origin).status == 403
    assert visitor.post("/actions/jobs/none/cancel", Origin=origin).status == 403


def test_answers_allow_no_other_origin_and_no_script_in_the_page(visitor: Visitor) -> None:
    answer = visitor.get("/")
    assert "access-control-allow-origin" not in answer.headers
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "style=" not in answer.text
    assert visitor.cookie.partition("=")[2] not in answer.text


def test_refusals_carry_the_same_policy(visitor: Visitor) -> None:
    assert "'none'" in visitor.get("/", Host="evil.example").headers["content-security-policy"]


def test_unknown_page_has_no_events(visitor: Visitor) -> None:
    assert visitor.get("/events?page=/nothing/here").status == 404
