"""One page has one address, and two pages never share one: the second mistake would tie strangers."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coordlib.urls import clean_url

#: Each line is one page under several addresses, with the public report that asked for it.
ONE_PAGE = {
    "medialab/ural#118": "https://www.youtube.com/watch?v=aaaaaaaaaaa https://www.youtube.com/watch?v=aaaaaaaaaaa?hl=en&fs=1 "
    "https://youtu.be/aaaaaaaaaaa?si=x https://youtu.be/watch?v=aaaaaaaaaaa https://m.youtube.com/watch?v=aaaaaaaaaaa&t=5 "
    "https://www.youtube-nocookie.com/embed/aaaaaaaaaaa?rel=0 https://www.youtube.com/shorts/aaaaaaaaaaa "
    "http://youtube.com/live/aaaaaaaaaaa?feature=share https://www.youtube.com/v/aaaaaaaaaaa&hl=en https://youtu.be/shorts/aaaaaaaaaaa "
    "https://music.youtube.com/watch?v=aaaaaaaaaaa https://www.youtube.com/attribution_link?u=%2Fwatch%3Fv%3Daaaaaaaaaaa%26feature%3Dshare "
    "https://m.youtube.com/#/watch?v=aaaaaaaaaaa https://youtu.be/aaaaaaaaaaa&feature=share",
    "EFForg/privacybadger#3217": "https://www.youtube.com/playlist?list=PLaaa https://www.youtube.com/embed/videoseries?list=PLaaa "
    "https://www.youtube.com/watch?list=PLaaa",
    "ClearURLs/Rules#53": "https://twitter.com/desk/status/20 https://x.com/desk/status/20 https://x.com/desk/status/20?s=20&t=abc "
    "https://mobile.twitter.com/Desk/status/20 https://x.com/i/web/status/20 https://twitter.com/desk/status/20/photo/1 "
    "https://twitter.com/#!/desk/status/20 https://fxtwitter.com/desk/status/20",
    "ClearURLs/Rules#125": "https://www.tiktok.com/@desk/video/7 https://www.tiktok.com/@desk/video/7?_r=1&_t=8x "
    "https://m.tiktok.com/@desk/video/7?is_from_webapp=1&sender_device=pc https://tiktok.com/@desk/video/7?lang=it",
    "medialab/ural#52": "https://www.facebook.com/permalink.php?story_fbid=5&id=6 https://www.facebook.com/permalink.php?story_fbid=5&amp;id=6 "
    "https://m.facebook.com/story.php?id=6&story_fbid=5&refid=17 https://it-it.facebook.com/permalink.php?story_fbid=5&amp;amp;id=6",
    "medialab/ural#67": "https://www.facebook.com/desk/posts/9 https://m.facebook.com/desk/posts/9?refid=52&__tn__=R "
    "https://web.facebook.com/desk/posts/9?_rdc=1&_rdr https://fb.com/desk/posts/9?__cft__[0]=A&mibextid=b",
    "facebook's videos": "https://www.facebook.com/watch/?v=12 https://fb.com/desk/videos/12/ https://m.facebook.com/desk/videos/vb.1/12 "
    "https://www.facebook.com/video.php?v=12 https://www.facebook.com/reel/12?s=single_unit",
    "facebook's photos": "https://www.facebook.com/photo.php?fbid=12&set=a.1 https://www.facebook.com/photo/?fbid=12 "
    "https://www.facebook.com/desk/photos/a.1/12/?type=3",
    "facebook's groups": "https://www.facebook.com/groups/g/permalink/5/ https://m.facebook.com/groups/g/posts/5 "
    "https://www.facebook.com/groups/g/?multi_permalinks=5&notif_id=1",
    "facebook's posts": "https://www.facebook.com/desk/posts/9 https://www.facebook.com/desk/posts/some-title/9/ "
    "https://www.facebook.com/plugins/post.php?href=https%3A%2F%2Fwww.facebook.com%2Fdesk%2Fposts%2F9&width=500",
    "other shows of X": "https://x.com/desk/status/20 https://nitter.net/desk/status/20#m https://xcancel.com/desk/status/20",
    "vk's posts": "https://vk.com/wall-1_5 https://m.vk.com/wall-1_5 https://vk.ru/wall-1_5 https://vk.com/feed?w=wall-1_5%2Fall",
    "players": "https://vimeo.com/55 https://player.vimeo.com/video/55?h=x",
    "spotify": "https://open.spotify.com/track/aB?si=x https://open.spotify.com/intl-de/track/aB https://open.spotify.com/embed/track/aB",
    "threads": "https://www.threads.net/@a/post/C?xmt=1 https://www.threads.com/@a/post/C?slof=1",
    "a query without its mark": "https://news.example/a https://news.example/a&utm_source=x&utm_medium=y https://news.example/a&fbclid=I3x",
    "medialab/ural#151": "https://news.example/a?id=1 https://news.example/a?id=1&amp;utm_source=x https://news.example/a?id=1&#038;fbclid=x "
    "https://news.example/a?id=1&amp%3Butm_source=x https://news.example/a?FBCLID=x&id=1&gclid=2&igshid=3&mc_cid=4&UTM_Medium=5",
    "ampproject/amp-wp#444": "https://news.example/story https://news.example/story/amp https://news.example/story/amp/ http://news.example/story "
    "https://www.news.example/story?amp https://amp.news.example/story https://news.example/story?amp=1 https://news.example/story.amp "
    "https://m.news.example/story https://mobile.news.example/story/?outputType=amp https://news.example:443/story "
    "https://www.google.com/amp/s/news.example/story https://news-example.cdn.ampproject.org/c/s/news.example/story?usqp=x "
    "https://news-example.cdn.ampproject.org/v/s/news.example/story/amp?amp_js_v=0.1",
    "pages that lead on": "https://news.example/b https://l.threads.com/?u=https%3A%2F%2Fnews.example%2Fb https://l.threads.net/?u=https%3A%2F%2Fnews.example%2Fb&e=A "
    "https://l.facebook.com/l.php?u=https%3A%2F%2Fnews.example%2Fb%3Ffbclid%3D1&h=z https://lm.facebook.com/l.php?u=https://news.example/b "
    "https://l.instagram.com/?u=https%3A%2F%2Fwww.news.example%2Fb&e=A https://www.google.com/url?q=https://news.example/b&sa=D "
    "https://www.google.co.uk/url?sa=t&url=https%3A%2F%2Fnews.example%2Fb https://www.youtube.com/redirect?event=x&q=https%3A%2F%2Fnews.example%2Fb "
    "https://twitter.com/intent/tweet?text=t&url=https%3A%2F%2Fnews.example%2Fb https://t.me/iv?url=https://news.example/b&rhash=1 "
    "https://t.me/share/url?url=https://news.example/b https://go.bsky.app/redirect?u=https%3A%2F%2Fnews.example%2Fb "
    "https://web.archive.org/web/20200101/https://news.example/b https://web.archive.org/web/2020id_/http:/news.example/b "
    "https://archive.ph/20200101/https://news.example/b https://archive.ph/2020.01.01-120000/https://news.example/b "
    "https://web.archive.org/web/20200101000000/news.example/b https://href.li/?https://news.example/b "
    "https://translate.google.com/translate?sl=auto&tl=en&u=https://news.example/b https://away.vk.com/away.php?to=https%3A%2F%2Fnews.example%2Fb https://vk.com/away.php?to=https%3A%2F%2Fnews.example%2Fb "
    "https://l.facebook.com/l.php?u=https%3A%2F%2Fl.instagram.com%2F%3Fu%3Dhttps%253A%252F%252Fnews.example%252Fb",
    "the page a picture was found on": "https://news.example/b "
    "https://www.google.com/imgres?imgurl=https%3A%2F%2Fi.example%2Fa.jpg&imgrefurl=https%3A%2F%2Fnews.example%2Fb&h=1",
    "a video at the front page": "https://www.youtube.com/watch?v=abc123def45 https://youtube.com/?v=abc123def45&feature=x",
    "t.me/s": "https://t.me/desk/5 https://t.me/s/desk/5 https://telegram.me/desk/5?single http://www.t.me/s/desk/5/",
    "instagram's kinds": "https://www.instagram.com/p/AbC-_1/ https://instagram.com/reel/AbC-_1/?igsh=x https://www.instagram.com/desk/p/AbC-_1 "
    "https://www.instagram.com/reels/AbC-_1/?utm_source=ig",
    "wikipedia for phones": "https://en.wikipedia.org/wiki/Tea https://en.m.wikipedia.org/wiki/Tea#History",
    "an anchor leads nowhere else": "https://n.example/a https://n.example/a#top https://n.example/a#:~:text=so%20/and https://n.example/a#xtor=RSS-1/2",
    "who a visitor is says nothing": "https://n.example/a https://user:pw@n.example/a https://n.example/a;jsessionid=0A1 https://n.example./a https://n.example/a?PHPSESSID=1",
    "a spelling says nothing": "https://n.example/%C3%A9?b=1&a=%2f https://N.example/é?a=/&b=1 HTTP://n.example:80/é/?a=/&b=1 https://n.example/%c3%a9?a=%2F&b=1",
    "a name in other letters": "https://münchen.example/a https://xn--mnchen-3ya.example/a https://MÜNCHEN.example/a",
    "a route's own parameters": "https://app.example/#/article/1 https://app.example/?utm_source=x#/article/1/ https://app.example/#/article/1?utm_source=x",
}

#: Each line is as many pages as addresses.
MANY_PAGES = {
    "EFForg/privacybadger#3217": "https://www.youtube.com/embed/videoseries?list=PLaaa https://www.youtube.com/embed/videoseries?list=PLbbb "
    "https://www.youtube.com/embed/live_stream?channel=UCaaa https://www.youtube.com/embed/live_stream?channel=UCbbb "
    "https://www.youtube.com/watch?v=aaaaaaaaaaa https://www.youtube.com/channel/UCaaa https://www.youtube.com/@aaa",
    "nystudio107/craft-youtubeliveembed#43": "https://youtu.be/watch?v=aaaaaaaaaaa https://youtu.be/watch?v=bbbbbbbbbbb https://youtu.be/watch",
    "sindresorhus/normalize-url#23": "https://app.example/#/article/1 https://app.example/#/article/2 https://app.example/#!/article/1 "
    "https://app.example/#!article/3 https://mega.nz/#F!aaa!k https://mega.nz/#F!bbb!k https://app.example/",
    "Norconex/crawler#1061": "https://app.example/a#/x?id=1 https://app.example/a#/x?id=2 https://app.example/a",
    "a reference number": "https://n.example/x?ref=1024 https://n.example/x?ref=1025 https://n.example/x?reference=5 https://n.example/x "
    "https://n.example/x?tid=77 https://n.example/x?ref=AB-12&id=1",
    "names that ural drops": "https://n.example/x?sid=1 https://n.example/x?sid=2 https://n.example/x?m=1 https://n.example/x?m=0 https://n.example/x "
    "https://n.example/x?feature=1 https://n.example/x?s=12 https://n.example/x?s=13 https://n.example/x?at_id=4",
    "files that ural drops": "https://n.example/index.php?id=3 https://n.example/?id=3 https://n.example/x/index https://n.example/x",
    "a parameter that holds a path": "https://n.example/login?next=/a https://n.example/a https://n.example/share?url=https://b.example/ https://b.example/",
    "the percent sign": "https://n.example/?q=c%2B%2B https://n.example/?q=c++ https://n.example/%2541 https://n.example/A https://n.example/a%2Fb https://n.example/a/b",
    "bytes that are not UTF-8": "https://n.example/?q=%E8 https://n.example/?q=%E9 https://n.example/%E8 https://n.example/%E9",
    "hosts that begin alike": "https://m.example/a https://mobile.de/a https://amp.dev/a https://www.gov.uk/a https://foo-m.news.example/a "
    "https://foo-news.example/a https://m.blogspot.com/a https://www2.news.example/a https://news.example/a",
    "things called amp": "https://github.com/desk/amp https://github.com/desk https://n.example/tag/amp https://n.example/tag https://n.example/amp https://n.example "
    "https://n.example/wiki/amp https://n.example/x?amp=200 https://n.example/x",
    "posts of one account": "https://x.com/desk https://x.com/desk/status/20 https://x.com/desk/status/21 https://x.com/i/lists/20 https://t.me/desk https://t.me/desk/5 "
    "https://www.facebook.com/desk/posts/9 https://www.facebook.com/desk/posts/8 https://www.facebook.com/profile.php?id=9 https://www.facebook.com/profile.php?id=8",
    "facebook's numbers": "https://www.facebook.com/permalink.php?story_fbid=5&id=6 https://www.facebook.com/permalink.php?story_fbid=6&id=6 https://www.facebook.com/watch/?v=5 "
    "https://www.facebook.com/photo.php?fbid=5 https://www.facebook.com/groups/5/posts/6 https://www.facebook.com/groups/5",
    "instagram and tiktok": "https://www.instagram.com/p/AbC https://www.instagram.com/p/aBC https://www.instagram.com/reels/audio/12 https://www.instagram.com/reels/audio/13 "
    "https://www.tiktok.com/@a/video/7 https://www.tiktok.com/@a/video/8 https://www.tiktok.com/search?q=tea https://www.tiktok.com/search?q=rain https://vm.tiktok.com/AbC",
    "entities that are names": "https://n.example/?a=1&copy=2 https://n.example/?a=1&reg=2 https://n.example/?a=1&amplitude=2 https://n.example/?a=1",
    "feeds": "https://n.example/?feed_id=1 https://n.example/?feed_id=2",
    "chats behind #": "https://web.telegram.org/k/#@a https://web.telegram.org/k/#@b https://web.telegram.org/a/#-1001",
    "vk's walls": "https://vk.com/wall-1_5 https://vk.com/wall-1_6 https://vk.com/feed?w=wall-2_5 https://vk.com/video?z=video-1_5",
    "a port is a server": "https://n.example:8080/a https://n.example/a",
}


@pytest.mark.parametrize("report", ONE_PAGE)
def test_a_page_has_one_address(report: str) -> None:
    found = {url: clean_url(url) for url in ONE_PAGE[report].split()}
    assert len(set(found.values())) == 1 and None not in found.values(), found


@pytest.mark.parametrize("report", MANY_PAGES)
def test_two_pages_have_two_addresses(report: str) -> None:
    urls = [clean_url(url) for url in MANY_PAGES[report].split()]
    pages = [url for url in urls if url is not None]
    assert len(set(pages)) == len(pages) >= len(urls) - 1, urls


NO_PAGE = (
    "https://x.com https://www.twitter.com/home http://m.facebook.com https://www.tiktok.com/ https://t.me/joinchat "
    "https://www.youtube.com/watch https://wa.me/ https://api.whatsapp.com/send?text=a https://www.instagram.com/accounts/login/?next=/p/x "
    "https://play.google.com/store/apps/details https://a.example/cut%E2%80%A6 https://l.facebook.com/l.php?u=https%3A%2F%2Fa.example%2Fcut..."
)


@pytest.mark.parametrize("url", NO_PAGE.split())
def test_what_is_no_page_has_none(url: str) -> None:
    assert clean_url(url) is None


IDS = st.text("abcXYZ019-_", min_size=11, max_size=11)
NUMBERS = st.integers(1, 10**18).map(str)
FORMS = {
    "youtube": (
        IDS,
        "https://youtu.be/{} https://www.youtube.com/watch?v={} http://m.youtube.com/embed/{}?rel=0 https://www.youtube.com/shorts/{}",
    ),
    "youtube lists": (
        IDS,
        "https://www.youtube.com/playlist?list={} https://www.youtube.com/embed/videoseries?list={}",
    ),
    "x": (
        NUMBERS,
        "https://x.com/a/status/{} https://twitter.com/b/status/{}?s=20&t=x https://mobile.twitter.com/i/web/status/{}/photo/1",
    ),
    "tiktok": (NUMBERS, "https://www.tiktok.com/@a/video/{} https://m.tiktok.com/@a/video/{}?_r=1&_t=x"),
    "facebook": (NUMBERS, "https://www.facebook.com/watch/?v={} https://m.facebook.com/a/videos/{}/?refid=5"),
    "instagram": (IDS, "https://www.instagram.com/p/{}/ https://instagram.com/a/reel/{}?igsh=x"),
    "telegram": (NUMBERS, "https://t.me/a/{} https://telegram.me/s/a/{}?single"),
    "routes": (NUMBERS, "https://a.example/#/p/{} https://a.example/?fbclid=1#/p/{}"),
    "references": (NUMBERS, "https://a.example/p?ref={} http://www.a.example/p/?utm_source=x&ref={}"),
}


@pytest.mark.parametrize("site", FORMS)
def test_the_forms_of_an_id_are_one_and_other_ids_are_others(site: str) -> None:
    ids, forms = FORMS[site]

    @given(ids, ids)
    @settings(max_examples=60, deadline=None)
    def holds(first: str, second: str) -> None:
        pages = [{clean_url(form.format(name)) for form in forms.split()} for name in (first, second)]
        assert all(len(page) == 1 and None not in page for page in pages)
        assert (pages[0] == pages[1]) == (first == second)

    holds()


PIECES = (
    "https://|http://|youtu.be/|www.|m.|amp.|x.com/|facebook.com/|l.php|watch|?v=|?u=|&amp;|#/|#!|/amp|%25|%2F|a|b|1|.|..|/|;|:8080|é|\u202e| |@|[|]|status/20|"
    "web.archive.org/web/1/|google.com/amp/s/|?ref=|next=|news.example"
)


@given(st.lists(st.sampled_from(PIECES.split("|")), max_size=14).map("".join))
@settings(max_examples=600, deadline=None)
@example("a.b./amp/amp/amp/amp/")
@example("m." * 5000 + "news.example")
@example("a\ud800")
def test_a_clean_address_is_clean_and_no_text_breaks_it(text: str) -> None:
    for url in (f"https://{text}", f"https://news.example/{text}"):
        cleaned = clean_url(url)
        assert cleaned is None or (cleaned.startswith("https://") and clean_url(cleaned) == cleaned)


@given(st.permutations(["a=1", "b=2", "utm_source=x", "fbclid=3", "c="]))
def test_the_order_of_parameters_says_nothing(pairs: list[str]) -> None:
    assert clean_url("https://n.example/x?" + "&".join(pairs)) == "https://n.example/x?a=1&b=2&c="
