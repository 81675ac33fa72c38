"""Links out of lists: only plain http(s) links to public hosts are ever followed."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemotion.sources.links import local_address, refused

PUBLIC = [
    "https://www.youtube.com/watch?v=--Y9imYnfBw",
    "http://example.org/a%20b.mp4?x=$(id);y='1'",
    "https://8.8.8.8:8443/video.mp4",
    "https://[2606:4700::1111]/v",
    "https://[::ffff:8.8.8.8]/v",
    "https://example.org./v",
]
LOCAL = [
    "http://127.0.0.1/v",
    "http://127.1/v",
    "http://2130706433/v",
    "http://0x7f000001/v",
    "http://0177.0.0.1/v",
    "http://0/v",
    "http://169.254.0.0/latest/meta-data",
    "http://10.0.0.8/v",
    "http://192.168.1.1:8080/v",
    "http://100.64.0.1/v",
    "http://[::1]/v",
    "http://[::ffff:127.0.0.1]/v",
    "http://[fe80::1%25eth0]/v",
    "http://[64:ff9b::7f00:1]/v",
    "http://[2002:7f00:1::]/v",
    "http://localhost/v",
    "http://LOCALHOST./v",
    "http://a.localhost/v",
    "http://printer/v",
    "http://metadata.google.internal/v",
]
NEVER = [
    "",
    "video.mp4",
    "-o",
    "file:///etc/passwd",
    "ftp://example.org/v",
    "ytsearch:cats",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://",
    "http:///v",
    "http://example.org:99999/v",
    "http://example.org:0/v",
    "http://[::1",
    "http://me:secret@example.org/v",
    "http://example.org\\@127.0.0.1/v",
    "http://example.org/a b",
    "http://example.org/\n--exec",
    "http://example.org/\0",
    "http://①②⑦.0.0.1/v",
    "http://-o.example/v",
    "http://..example/v",
    "http://example.org/v#__youtubedl_smuggle=%7B%7D",
    "http://example.org/" + "a" * 3000,
    "http://example.org/\udc80",
]


@pytest.mark.parametrize("url", PUBLIC)
def test_a_public_link_is_followed(url: str) -> None:
    assert refused(url, allow_local=False) is None


@pytest.mark.parametrize("url", LOCAL)
def test_a_link_into_the_own_network_is_followed_only_where_that_is_allowed(url: str) -> None:
    assert "own network" in (refused(url, allow_local=False) or "")
    assert refused(url, allow_local=True) is None


@pytest.mark.parametrize("url", NEVER)
@pytest.mark.parametrize("allow_local", [True, False])
def test_what_is_no_plain_web_link_is_never_followed(url: str, allow_local: bool) -> None:
    assert refused(url, allow_local)


@given(st.text(), st.booleans())
def test_any_text_gets_an_answer_and_only_web_links_pass(text: str, allow_local: bool) -> None:
    assert refused(text, allow_local) or text.lower().startswith(("http://", "https://"))


@given(st.one_of(st.ip_addresses(v=4), st.integers(2**24, 2**32 - 1).map(ipaddress.IPv4Address)))
def test_every_spelling_of_an_address_gets_the_same_answer(ip: ipaddress.IPv4Address) -> None:
    a, b, c, d = ip.packed
    spellings = (str(ip), str(int(ip)), hex(int(ip)), f"{a}.{int(ip) & 0xFFFFFF}", f"0x{a:x}.{b}.0{c:o}.{d}")
    answers = {bool(refused(f"http://{host}/v", allow_local=False)) for host in (*spellings, f"[::ffff:{ip}]")}
    assert answers == {local_address(str(ip))}
