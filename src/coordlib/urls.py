"""One address for one page: URL cleaning, and the full and parent domain of a URL.

Two accounts that share the same article through addresses that differ in a tracking parameter
shared the same object. Cleaning makes such addresses equal; it must never make two pages equal.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import pandas as pd
from w3lib.url import canonicalize_url

from coordlib.errors import MissingColumnError, ParameterError

if TYPE_CHECKING:
    import tldextract

#: ``None`` is this library's own way; ``"coornet"`` repeats CooRnet 1.7.0, flaws included.
Compat = Literal["coornet"] | None

#: Parameters that say where a visitor came from and nothing about the page (names in lower case).
TRACKING_PARAMETERS = frozenset(
    [
        "_unique_id",
        "cmp",
        "cmpid",
        "dclid",
        "fb_action_ids",
        "fb_action_types",
        "fb_ref",
        "fb_source",
        "fbclid",
        "feed_id",
        "gbraid",
        "gclid",
        "gclsrc",
        "ico",
        "igsh",
        "igshid",
        "mc_cid",
        "mc_eid",
        "mibextid",
        "mkt_tok",
        "mobile",
        "msclkid",
        "ncid",
        "recruiter",
        "ref",
        "ref_src",
        "ref_url",
        "rss",
        "sfnsn",
        "social",
        "soc_src",
        "soc_trk",
        "ttclid",
        "twclid",
        "wbraid",
        "xrs",
        "yclid",
    ]
)
#: Beginnings of names with the same meaning.
TRACKING_PREFIXES = (
    "utm_",
    "hsa_",
    "intcmp",
    "fb_rel",
    "sr_share",
    "__twitter_impression",
    "__cft__",
    "__tn__",
)

#: Pages that hold another address in a parameter: (host pattern, path pattern, names of the parameter).
_WRAPPERS = (
    (re.compile(r"(l|lm)\.(facebook|instagram)\.com$"), re.compile(r"/(l\.php)?$"), ("u",)),
    (re.compile(r"(www|m|web)\.facebook\.com$"), re.compile(r"/login(\.php)?/?$"), ("next",)),
    (re.compile(r"(www|m|web)\.facebook\.com$"), re.compile(r"/sharer(/sharer)?(\.php)?/?$"), ("u",)),
    (re.compile(r"(www\.)?google\.[a-z.]{2,6}$"), re.compile(r"/url$"), ("url", "q")),
)
_ARCHIVE = re.compile(r"^https?://web\.archive\.org/(?:web/)?[^/]*/(https?:/.+)$", re.IGNORECASE)
_YOUTUBE = re.compile(r"(www\.|m\.|music\.)?(youtube\.com|youtube-nocookie\.com)$")
_VIDEO_PATH = re.compile(r"/(?:shorts|embed|live|v)/([\w-]{6,})")

#: Front pages, log-in pages and invitations: millions of posts link there and share nothing by it.
_BARE_HOSTS = re.compile(
    r"(127\.0\.0\.1|localhost|((www|m|web)\.)?(youtube|facebook|twitter|x|instagram|tiktok)\.com|youtu\.be"
    r"|chat\.whatsapp\.com|wa\.me|api\.whatsapp\.com|t\.me|telegram\.me)$"
)
_BARE_PATHS = frozenset(
    ["", "/watch", "/send", "/joinchat", "/accounts/login", "/login", "/login.php", "/home", "/home.php"]
)
#: A value of ``tid`` that is a plain number is a forum's thread, anything else is a campaign.
_THREAD_NUMBER = re.compile(r"\d+$")


def clean_url(url: str) -> str | None:
    """Return the one address that stands for a page, or None where there is no page to share.

    Rules, in order: text before the first ``http`` is dropped; a redirect page (Facebook's and
    Google's link pages, log-in and sharer pages, the web archive) gives way to the address it
    holds; truncated addresses (ending in ``...`` or ``…``), other schemes, and front, log-in and
    invitation pages of platforms give None; YouTube's short, mobile, embedded and Shorts forms
    become ``https://www.youtube.com/watch?v=ID``; tracking parameters go, by their exact name in
    any case (``tid`` only where it is not a plain number); scheme, host, percent-encoding and the
    order of parameters are made canonical by w3lib; fragments go, except ``#!``, and so do a
    trailing slash and the scheme's usual port.

    Examples
    --------
    >>> clean_url("https://News.example/a/?utm_source=x&reference=5&fbclid=y#top")
    'https://news.example/a?reference=5'
    >>> clean_url("https://youtu.be/abc123def45?t=5")
    'https://www.youtube.com/watch?v=abc123def45'
    >>> clean_url("https://www.facebook.com/") is None
    True
    """
    text = url.strip()
    if text.endswith(("...", "…")):
        return None
    start = re.search(r"https?://", text, re.IGNORECASE)
    if start is None:
        return None
    text = text[start.start() :]
    try:
        for _ in range(3):  # a share page may hold a link page that holds the article
            inner = _wrapped(text)
            if inner is None:
                break
            text = inner
        return _settled(text)
    except ValueError:  # not a URL after all: an unclosed bracket, a port that is no number
        return None


def _wrapped(url: str) -> str | None:
    """Return the address a redirect page holds, if it is one."""
    archived = _ARCHIVE.match(url)
    if archived:
        return archived.group(1)
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    for host_pattern, path_pattern, names in _WRAPPERS:
        if host_pattern.match(host) and path_pattern.match(parts.path):
            query = parse_qs(parts.query)
            for name in names:
                for value in query.get(name, []):
                    if value.lower().startswith(("http://", "https://")):
                        return value
    return None


def _settled(url: str) -> str | None:
    """Apply the rules until they change nothing more (resolving ``/./`` can bare another trailing slash)."""
    found = _canonical(url)
    for _ in range(4):
        again = None if found is None else _canonical(found)
        if again == found:
            break
        found = again
    return found


def _canonical(url: str) -> str | None:
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if not host or any(character.isspace() for character in parts.netloc):
        return None
    video = _video(host, parts.path, parts.query)
    if video is not None:
        return f"https://www.youtube.com/watch?v={video}"
    path = parts.path.rstrip("/")
    if _BARE_HOSTS.match(host) and path.lower() in _BARE_PATHS and not _identifies(host, path, parts.query):
        return None
    if host == "play.google.com" and path == "/store/apps/details" and "id=" not in parts.query:
        return None
    if host == "www.google.com" and path == "/url":
        return None
    query = urlencode([pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _tracks(*pair)])
    fragment = parts.fragment if parts.fragment.startswith("!") else ""
    scheme = parts.scheme.lower()
    usual = {"http": ":80", "https": ":443"}.get(scheme, ":")
    cleaned = urlunsplit((scheme, parts.netloc.removesuffix(usual), path, query, fragment))
    return str(canonicalize_url(cleaned, keep_fragments=bool(fragment))).removesuffix("/")


def _video(host: str, path: str, query: str) -> str | None:
    if host == "youtu.be":
        return path.strip("/").split("/")[0] or None
    if _YOUTUBE.match(host):
        if path.rstrip("/") == "/watch":
            return next(iter(parse_qs(query).get("v", [])), None)
        found = _VIDEO_PATH.match(path)
        return found.group(1) if found else None
    return None


def _identifies(host: str, path: str, query: str) -> bool:
    """Whether a bare-looking page has a query that names something (facebook.com/?id=5)."""
    if path.lower() in {"/send", "/accounts/login", "/login", "/login.php"} or "whatsapp" in host:
        return False
    return any(not _tracks(*pair) for pair in parse_qsl(query))


def _tracks(name: str, value: str) -> bool:
    lowered = name.lower()
    if lowered == "tid":
        return _THREAD_NUMBER.match(value) is None
    return lowered in TRACKING_PARAMETERS or lowered.startswith(TRACKING_PREFIXES)


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
        Name of the column of URLs (str; missing values are dropped).
    compat
        ``"coornet"`` applies CooRnet's rules (:func:`clean_url_coornet`), None those of :func:`clean_url`.

    Raises
    ------
    MissingColumnError
        The column is not there.

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

    Sites on a shared host that the public suffix list knows (``one.blogspot.com``) are each a
    parent of their own. Where the list has no rule, its own fallback holds: the last label is the
    suffix. An IP address or a host of one label is its own parent; CooRnet writes ``NA.NA`` for
    every host without a rule, and so does ``compat="coornet"``.

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


#: Where an address in a text ends: space, quotes and brackets of any script, marks no address holds, invisible signs.
_IN_TEXT = re.compile(
    r"https?://[^\s<>\"'`{}|\\^\[\]«»“”„‟‘’‚‹›。，、；：！？（）【】「」『』《》〈〉…\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff"
    r"\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]+",
    re.IGNORECASE,
)
_ORIGIN = re.compile(r"^https?://[^/?#]*", re.IGNORECASE)


def links_in(text: str) -> list[str]:
    """Return the web addresses in a text, each once, in their order.

    An address that the text cuts with an ellipsis is none: it would tie everybody who quotes anything. Brackets that are
    closed inside an address belong to it, marks that end a sentence do not. Scheme and host are lower-cased.

    Examples
    --------
    >>> links_in("«https://n.example/a» (HTTPS://N.example/b_(c)), https://t… see https://n.example/d.")
    ['https://n.example/a', 'https://n.example/b_(c)', 'https://n.example/d']
    """
    text = html.unescape(text)
    found: dict[str, None] = {}
    for match in _IN_TEXT.finditer(text):
        link, after = match[0], text[match.end() : match.end() + 1]
        if after == "…" or link.endswith("..."):
            continue
        link = link.rstrip(".,;:!?*_~&")
        while link.endswith(")") and link.count(")") > link.count("("):
            link = link[:-1].rstrip(".,;:!?*_~&")
        link = _ORIGIN.sub(lambda origin: origin[0].lower(), link)
        if re.match(r"https?://[^/?#]*[^/?#.:@]", link):
            found[link] = None
    return list(found)
