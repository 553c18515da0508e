"""One address for one page: URL cleaning, links in texts, and the full and parent domain of a URL.

Cleaning makes equal what differs in a tracking parameter, never two pages: that would tie strangers (docs/urls.md).
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import SplitResult, parse_qs, unquote, unquote_plus, urlsplit, urlunsplit

import pandas as pd
from w3lib.url import canonicalize_url

from coordlib.errors import MissingColumnError, ParameterError
from coordlib.yaml_files import read_yaml

if TYPE_CHECKING:
    import tldextract

#: ``None`` is this library's own way; ``"coornet"`` repeats CooRnet 1.7.0, flaws included.
Compat = Literal["coornet"] | None

_RULES = read_yaml(Path(__file__).with_name("url_rules.yml"), text=True)
_TRACKING = frozenset(_RULES["tracking"].split())
_PREFIXES = tuple(_RULES["tracking_prefixes"].split())
_UNSURE = frozenset(_RULES["unsure"].split())
_OF_SITE = {site: frozenset(names.split()) for site, names in _RULES["tracking_of_site"].items()}
_VIEWS = {name: frozenset(["", *values.split()]) for name, values in _RULES["views"].items()}
_VIEW_HOSTS = frozenset(_RULES["view_hosts"].split())
_VIEW_HOST_OF_SITE = re.compile(
    "|".join(rf"^(?:{words})\.(?={re.escape(site)}$)" for site, words in _RULES["view_hosts_of_site"].items())
)
_WITH_WWW = frozenset(_RULES["with_www"].split())
_FRONT_SITES, _FRONT_PATHS, _ALWAYS_FRONT = (
    frozenset(_RULES["front_pages"][name].split()) for name in ("sites", "paths", "always")
)
_LINK_PAGES = [(re.compile(place, re.I), names.split()) for place, names in _RULES["link_pages"].items()]
_LINK_PATHS = re.compile("(?:" + "|".join(_RULES["link_paths"]) + ")(?P<page>.+)", re.I)
_FORMS = [
    (re.compile(f"{form['matches']}(?:/|$)", re.I), form.get("parameters", "").split(), form["page"])
    for form in _RULES["forms"]
]
#: Wikis have the m of the view for phones in the middle: en.m.wikipedia.org.
_WIKI = re.compile(r"(?<=[a-z])\.m(?=\.(?:mediawiki|wiki[a-z]+|wiktionary)\.org$)")

#: What stands for ``&`` where an address was copied out of a page's source, once or several times over.
_AMPERSAND = re.compile(r"&(?:(?:amp(?:;|%3b))+|#0*38;|#x0*26;)", re.IGNORECASE)
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_CUT = re.compile(r"(?:\.\.\.|…|%e2%80%a6)/?$", re.IGNORECASE)
_SESSION = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)
_TAIL = re.compile(r"&(?:utm_\w+|fbclid|gclid)=[^/]*$", re.IGNORECASE)  # put behind as if there were a query
#: A page for phones beside the page; below a shelf or in a code host ``amp`` is the name of something.
_AMP_PATH = re.compile(r"(?<=[^/])(?:/amp)+$|\.amp(?=(?:\.html)?$)")
_SHELF = re.compile(_RULES["amp_is_a_name"])


def clean_url(url: str) -> str | None:
    """Return the one address that stands for a page, or None where there is no page to share.

    Text before the first ``http`` is dropped and ``&amp;`` read as ``&``. A page that only leads on (link, log-in and
    sharer pages, AMP caches, web archives) gives way to the address it holds. Truncated addresses, other schemes, and front,
    log-in and invitation pages of platforms give None. ``http`` and ``https``, ``www.``, ``m.``, ``mobile.`` and ``amp.``,
    two names of one site and the forms of one post or video are one. Tracking parameters go, by their exact name in any case;
    names that elsewhere mean a page (``ref``, ``tid``) stay where their value holds a digit. Percent-encoding and the order of
    parameters are made canonical by w3lib. A fragment that leads to a page (``#/…``, ``#!…``) stays, any other goes.
    Every rule with its reason: ``docs/urls.md``.

    Examples
    --------
    >>> clean_url("http://www.News.example/a/?utm_source=x&reference=5&amp;fbclid=y#top")
    'https://news.example/a?reference=5'
    >>> clean_url("https://youtu.be/abc123def45?t=5"), clean_url("https://www.facebook.com/")
    ('https://www.youtube.com/watch?v=abc123def45', None)
    """
    start = _SCHEME.search(url)
    text = _AMPERSAND.sub("&", url[start.start() :].strip()) if start else None
    try:
        for _ in range(12):  # a share page may hold a link page that holds the article
            after = None if text is None else _simpler(text)
            if after == text:
                return text
            text = after
    except ValueError:  # not a URL after all: an unclosed bracket, a port that is no number
        pass
    return None


def _simpler(url: str) -> str | None:
    """Apply every rule once; :func:`clean_url` repeats it until nothing changes."""
    parts = urlsplit(url)
    if len(parts.netloc) > 300:  # no name of a host is longer than 253
        return None
    site = _site(parts.hostname or "")
    if not site or any(character.isspace() for character in parts.netloc) or _CUT.search(url):
        return None
    if (held := _held(site, parts, url)) is not None:
        return held
    path = _TAIL.sub("", _SESSION.sub("", parts.path)).rstrip("/")
    if not _SHELF.search(f"{site}{path}"):
        path = _AMP_PATH.sub("", path).rstrip("/")
    if site == "t.me":  # the same post seen without the app
        path = re.sub(r"^/s(?=/)", "", path)
    if (form := _form(f"{site}{path}", parts.query)) is not None:
        return form
    query, route = _query(site, parts.query), _route(site, parts.fragment)
    if _is_bare(site, path.lower(), query or route):
        return None
    host = f"www.{site}" if site in _WITH_WWW else site
    host = f"[{host}]" if ":" in host else host
    host += f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    cleaned = urlunsplit(("https", host, path, query, route))
    return str(canonicalize_url(cleaned, keep_fragments=True)).removesuffix("/")


@lru_cache(maxsize=200_000)
def _site(host: str) -> str:
    """Return the name of a site without the beginnings that say how it is looked at (``www.``, ``m.``)."""
    host = _WIKI.sub("", host.lower().strip("."))
    first, _, rest = host.partition(".")
    if first in _VIEW_HOSTS and "." in rest and _suffixes()(rest).domain:  # not for mobile.de, www.gov.uk
        return _site(rest)
    shorter = _VIEW_HOST_OF_SITE.sub("", host)
    return _site(shorter) if shorter != host else _RULES["sites"].get(host, host)


def _held(site: str, parts: SplitResult, url: str) -> str | None:
    """Return the address that a page which only leads on holds, if it is one."""
    found = _LINK_PATHS.match(f"{site}{url[url.index(parts.netloc) + len(parts.netloc) :]}")
    if found:
        return re.sub(r"^(?:https?:/+)?", "https://", found["page"], count=1, flags=re.IGNORECASE)
    for pattern, names in _LINK_PAGES:
        if pattern.fullmatch(f"{site}{parts.path.rstrip('/')}"):
            query = parse_qs(parts.query)
            for value in (value for name in names for value in query.get(name, [])):
                if _SCHEME.match(value):
                    return value
                if site == "youtube.com" and value.startswith("/"):
                    return f"https://{site}{value}"
    if site in {"x.com", "youtube.com"} and parts.path in {"", "/"} and re.match(r"!?/.", parts.fragment):
        return f"https://{site}/{parts.fragment.lstrip('!/')}"  # addresses of 2011, which their sites still understand
    return None


def _form(place: str, query: str) -> str | None:
    """Return the address that stands for a post or video in one of its forms."""
    for pattern, names, address in _FORMS:
        if found := pattern.match(place):
            values = parse_qs(query) if names else {}
            fields = {name: re.match(r"[\w-]*", values.get(name, [""])[0]) for name in names}
            known = found.groupdict() | {name: value[0] for name, value in fields.items() if value}
            if all(known.values()):
                return f"https://{address.format(**known)}"
    return None


def _query(site: str, query: str) -> str:
    """Return the part of a query that says which page it is, as it was written."""
    pairs = [pair for pair in query.split("&") if pair]
    names = [unquote_plus(pair.partition("=")[0]).lower() for pair in pairs]
    tracked = _OF_SITE.get(site, frozenset()) | ({"feed_id"} if "_unique_id" in names else set())
    return "&".join(
        pair
        for pair, name in zip(pairs, names, strict=True)
        if name not in tracked and not _tracks(name, pair.partition("=")[2])
    )


def _tracks(name: str, value: str) -> bool:
    if name in _UNSURE:
        return not any(character.isdigit() for character in value)
    if name in _VIEWS:
        return value.lower() in _VIEWS[name]
    return name in _TRACKING or name.startswith(_PREFIXES)


def _route(site: str, fragment: str) -> str:
    """Return the part of a fragment that leads to a page of its own; a place on a page is none."""
    path, _, query = fragment.partition("?")
    leads = ("/" in path or "!" in path or site == "web.telegram.org") and path.strip("/!")
    if not leads or path.startswith(":~:") or _tracks(path.partition("=")[0].lower(), ""):
        return ""
    kept = _query(site, query)
    return f"{path.rstrip('/')}?{kept}" if kept else path.rstrip("/")


def _is_bare(site: str, path: str, identified: str) -> bool:
    """Whether a page is a platform's front page, log-in or invitation, and names nothing (facebook.com/?id=5 does)."""
    if site in _FRONT_SITES and (path or "/") in _FRONT_PATHS:
        return not identified or path in _ALWAYS_FRONT or "whatsapp" in site
    if site == "play.google.com" and path == "/store/apps/details":
        return "id=" not in identified
    return site == "google.com" and path == "/url"


# --- CooRnet's own rules -----------------------------------------------------------------------

_COORNET_TAILS = re.compile(
    r"\?utm_.*|feed_id.*|&_unique_id.*|\?#.*|\?ref.*|\?fbclid.*|\?rss.*|\?ico.*|\?recruiter.*|\?sr_share_.*"
    r"|\?fb_rel.*|\?social.*|\?intcmp_.*|\?xrs.*|\?CMP.*|\?tid.*|\?ncid.*|&utm_.*|\?rbs&utm_hp_ref.*|/#\..*"
    r"|\?mobile.*|&fbclid.*|\)|/\Z",
    re.DOTALL,
)
_COORNET_BARE = re.compile(
    r"http://127.0.0.1|https://www.youtube.com/watch\Z|https://www.youtube.com/\Z|http://www.youtube.com/\Z"
    r"|https://youtu.be\Z|https://m.youtube.com\Z|https://m.facebook.com/story|https://m.facebook.com/\Z"
    r"|https://www.facebook.com/\Z|https://chat.whatsapp.com\Z|http://chat.whatsapp.com\Z|http://wa.me\Z"
    r"|https://wa.me\Z|https://api.whatsapp.com/send\Z|https://api.whatsapp.com/\Z"
    r"|https://play.google.com/store/apps/details\Z|https://www.twitter.com/\Z|https://www.twitter.com\Z"
    r"|https://instagram.com/accounts/login|https://www.instagram.com/accounts/login|https://t.me/joinchat\Z"
)
_COORNET_WATCH = re.compile(r"^(.*youtube\.com/watch\?).*(v=[^&]*).*")


def clean_url_coornet(url: str) -> str | None:
    """Return the address CooRnet 1.7.0's ``clean_urls`` makes of a URL, or None where it drops the row.

    Kept as measured: ``?ref…`` also removes ``?reference=…``, every closing bracket goes, names
    are compared with their case, everything before the *last* ``http`` goes, and the result is
    percent-decoded.

    Examples
    --------
    >>> clean_url_coornet("https://a.example/x?reference=5")
    'https://a.example/x'
    """
    if url.endswith("...") or "/url?sa=t&source=web" in url:
        return None
    for _ in range(3):
        url = _COORNET_TAILS.sub("", url)
    url = re.sub(r".*(http)", r"\1", url, flags=re.DOTALL)
    url = url.removesuffix("/").removesuffix("&")
    if _COORNET_BARE.match(url):
        return None
    url = re.sub(r"https://www.facebook.com/login/?next=", "", url, count=1)
    url = unquote(url)
    if "http://" not in url and "https://" not in url:
        return None
    url = re.sub(r"m.youtube.com", "www.youtube.com", url, count=1)
    url = re.sub(r"youtu.be/", "www.youtube.com/watch?v=", url, count=1)
    return _COORNET_WATCH.sub(r"\1\2", url, count=1)


def clean_urls(table: pd.DataFrame, column: str = "expanded", *, compat: Compat = None) -> pd.DataFrame:
    """Return the table with clean addresses, without the rows that link to no page.

    Parameters
    ----------
    table
        Any table; rows keep their order and their index.
    column
        Name of the column of URLs (str; missing values are dropped); MissingColumnError where it is not there.
    compat
        ``"coornet"`` applies CooRnet's rules (:func:`clean_url_coornet`), None those of :func:`clean_url`.

    Examples
    --------
    >>> posts = pd.DataFrame({"expanded": ["https://a.example/x?fbclid=1", "https://t.me/joinchat"]})
    >>> clean_urls(posts)["expanded"].tolist()
    ['https://a.example/x']
    """
    if column not in table.columns:
        raise MissingColumnError.from_names([column], table.columns, "URLs to clean")
    cleaner = clean_url_coornet if check_compat(compat) else clean_url
    known = {url: cleaner(url) for url in table[column].dropna().unique() if isinstance(url, str)}
    cleaned = table[column].map(known)
    return table.assign(**{column: cleaned})[cleaned.notna()]


def check_compat(compat: str | None) -> bool:
    """Return whether CooRnet's own way is asked for; refuse any other name."""
    if compat not in (None, "coornet"):
        raise ParameterError(
            f"compat = {compat!r}: use None (this library's way) or 'coornet' (the original's)"
        )
    return compat == "coornet"


# --- domains -----------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _suffixes() -> tldextract.TLDExtract:
    """Return the public suffix list bundled with tldextract: no network, no cache on disk."""
    import tldextract  # brings an HTTP library along, which only domains need and which is never used here

    return tldextract.TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)


def full_domain(url: str) -> str:
    """Return the host of a URL in lower case, without port (``video.news.example``); empty if there is none.

    Examples
    --------
    >>> full_domain("https://Video.News.example:8080/a?b=c")
    'video.news.example'
    """
    rest = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://", "", url.strip())
    host = re.split(r"[/?#]", rest, maxsplit=1)[0].rsplit("@", 1)[-1]
    return re.sub(r":\d*$", "", host).lower()


@lru_cache(maxsize=200_000)
def parent_domain(domain: str, *, compat: Compat = None) -> str:
    """Return the registrable domain of a host (``news.co.uk`` for ``www.news.co.uk``).

    Sites on a shared host that the public suffix list knows (``one.blogspot.com``) are each a parent of their own. Where the
    list has no rule, the last label is the suffix. An IP address or a host of one label is its own parent; CooRnet writes
    ``NA.NA`` for every host without a rule, and so does ``compat="coornet"``.

    Examples
    --------
    >>> parent_domain("www.news.co.uk"), parent_domain("www.news.example"), parent_domain("10.0.0.1")
    ('news.co.uk', 'news.example', '10.0.0.1')
    """
    parts = _suffixes()(domain)
    if parts.domain and parts.suffix:
        return f"{parts.domain}.{parts.suffix}"
    if compat == "coornet":
        return "NA.NA"
    if parts.ipv4 or parts.ipv6 or parts.suffix:
        return domain
    return ".".join(domain.split(".")[-2:])


# --- links in texts ----------------------------------------------------------------------------

#: A beginning of an address glued to another is the next address; after ``/``, ``=`` and the like it is a part of it.
_IN_TEXT = re.compile(
    r"(?i)https?://(?!https?:)(?:(?!(?<![/=?&:])https?://)(?:[^\s<>\"'`{}|\\^\[\]]|(?<=\w)'(?=\w)|\[\w*\](?=[\[=])))+"
)
_ORIGIN = re.compile(r"^https?://[^/?#]*", re.IGNORECASE)
_ENTITY = re.compile(r"&#?\w+;")
#: Kinds of characters that end an address where they are not ASCII: brackets, quotes, marks, signs, the invisible.
_ENDS = frozenset(["Pi", "Pf", "Ps", "Pe", "Po", "So", "Sm", "Sk", "Cf", "Cc", "Co", "Cs", "Zs", "Zl", "Zp"])
_WITHIN = frozenset("·・")  # stand inside words, and so inside addresses
_CLOSING = ".,;:!?*_~&·・–—"
_HOST = re.compile(r"https?://(?:[^/?#@]*@)?[^/?#@]+\.(?:[^\W\d_]{2,}|xn--[\w-]+|\d+)(?::\d+)?(?=[/?#]|$)")
#: Short links of the platform that cuts its texts have ten letters; fewer are what the cut left.
_SHORT_CUT = re.compile(r"https?://t\.co(?:/\w{0,6})?$")


def links_in(text: str) -> list[str]:
    """Return the web addresses in a text, each once, in their order.

    An address begins with ``http://`` or ``https://``. One that the text cuts with an ellipsis, or whose host is cut, is none:
    it would tie everybody who quotes anything. Brackets closed inside an address belong to it, as in ``x[]=1``, and so does an
    apostrophe between letters; marks that end a sentence in any script, quotes and emoji do not. Scheme and host are lower-cased.

    Examples
    --------
    >>> links_in("«https://n.example/a» (HTTPS://N.example/b_(c)), https://t… see https://n.example/d。")
    ['https://n.example/a', 'https://n.example/b_(c)', 'https://n.example/d']
    """
    if "&" in text:  # "&copy=2", without a semicolon, is no entity
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    found: dict[str, None] = {}
    for match in _IN_TEXT.finditer(text):
        link = _up_to_a_mark(match[0])
        after = text[match.start() + len(link) : match.start() + len(link) + 1]
        if after in {"…", "⋯", "‥"} or link.endswith("..."):
            continue
        link = link.rstrip(_CLOSING)
        while link.endswith(")") and link.count(")") > link.count("("):
            link = link[:-1].rstrip(_CLOSING)
        link = _ORIGIN.sub(lambda origin: origin[0].lower(), link)
        if _HOST.match(link) and not _SHORT_CUT.match(link):
            found[link] = None
    return list(found)


def _up_to_a_mark(link: str) -> str:
    if link.isascii():
        return link
    for place in (place for place, mark in enumerate(link) if mark > "\x7f" and mark not in _WITHIN):
        ends = link[place] in "\ufe0f\u20e3" or unicodedata.category(link[place]) in _ENDS
        if ends and not re.match(r"\w’\w", link[place - 1 : place + 2]):
            return link[:place]
    return link
