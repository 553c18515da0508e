"""The export formats coordlib knows, most of them by their columns alone.

Column names are those of real files and of the platforms' documentation; a table is recognised by
its columns, never by their order or by the name of the file.
"""

from __future__ import annotations

from coordlib.sources.exports import crowdtangle, prepare
from coordlib.sources.exports.model import Format, ObjectSource

#: Comma-joined lists, also as Python or JSON lists and as hashtags separated by spaces.
ITEMS = r"[,;\s\[\]'\"#|]+"
TAGS = r"\s*[,;|]\s*"
_DEFAULT_EFFECT = frozenset({"0"})


def text(*columns: str) -> ObjectSource:
    return ObjectSource(columns)


def items(*columns: str, separator: str = ITEMS, ignore: frozenset[str] = frozenset()) -> ObjectSource:
    return ObjectSource(columns, separator=separator, ignore=ignore)


def links(*columns: str) -> ObjectSource:
    return ObjectSource(columns, links=True)


_MCL_ENGAGEMENT = {
    "likes": ("statistics.like_count",),
    "comments": ("statistics.comment_count",),
    "shares": ("statistics.share_count",),
    "views": ("statistics.views",),
    "reactions": ("statistics.reaction_count",),
}
TIKTOK_OBJECTS = {
    "text": text("video_description"),
    "voice": text("voice_to_text"),
    "hashtag": items("hashtag_names"),
    "effect": items("effect_ids", ignore=_DEFAULT_EFFECT),
    "music": ObjectSource(("music_id",), ignore=_DEFAULT_EFFECT),
    "link": links("video_description"),
}
TIKTOK_ENGAGEMENT = {
    "likes": ("like_count",),
    "comments": ("comment_count",),
    "shares": ("share_count",),
    "views": ("view_count",),
}

FORMATS: tuple[Format, ...] = (
    Format(
        name="crowdtangle-facebook",
        title="CrowdTangle CSV of Facebook pages or groups",
        needed=(
            ("Page Name", "Group Name"),
            ("Facebook Id",),
            ("Post Created", "Created"),
            ("URL",),
            ("Final Link", "Link"),
        ),
        hints=("Message", "Link Text", "Total Interactions", "Image Text", "Likes at Posting"),
        account=("Facebook Id",),
        account_name=("Page Name", "Group Name"),
        content=("URL",),
        url=("URL",),
        time=("Post Created", "Created"),
        objects={
            "link": text(crowdtangle.LINK),
            "text": text("Message"),
            "image_text": text("Image Text"),
            "link_text": text("Link Text"),
        },
        default_object="link",
        engagement={
            "likes": ("Likes",),
            "comments": ("Comments",),
            "shares": ("Shares",),
            "views": ("Total Views", "Post Views"),
            "reactions": (crowdtangle.REACTIONS,),
            "interactions": ("Total Interactions",),
        },
        prepare=crowdtangle.facebook,
        note="the whole post address is the content id: photo and video addresses do not end in one",
    ),
    Format(
        name="crowdtangle-instagram",
        title="CrowdTangle CSV of Instagram",
        needed=(
            ("Account",),
            ("User Name",),
            ("Post Created", "Created"),
            ("URL",),
            ("Photo", "Description"),
        ),
        hints=("Followers at Posting", "Title", "Image Text", "Sponsor Id", "Total Interactions"),
        absent=("Facebook Id",),
        account=("User Name",),
        account_name=("Account",),
        content=("URL",),
        url=("URL",),
        time=("Post Created", "Created"),
        objects={"text": text("Description"), "link": text("Link"), "image_text": text("Image Text")},
        default_object="text",
        engagement={
            "likes": ("Likes",),
            "comments": ("Comments",),
            "views": ("Views",),
            "interactions": ("Total Interactions",),
        },
    ),
    Format(
        name="crowdtangle-api",
        title="CrowdTangle link shares (API, CooRnet, 'new format' historical CSV)",
        needed=(
            ("account.url", "account.id"),
            ("date",),
            ("expanded", "expandedLinks.expanded", "expandedLinks", "expandedLinks.original", "link"),
        ),
        hints=(
            "platformId",
            "platform",
            "postUrl",
            "statistics.actual.likeCount",
            "account.name",
            "account.handle",
        ),
        account=("account.url", "account.id"),
        account_name=("account.name", "account.handle"),
        content=(crowdtangle.POST,),
        url=("postUrl",),
        time=("date",),
        objects={
            "link": items(crowdtangle.LINK, separator=r"\s+"),
            "text": text("message", "description"),
            "title": text("title"),
        },
        default_object="link",
        engagement={
            "likes": ("statistics.actual.likeCount",),
            "comments": ("statistics.actual.commentCount",),
            "shares": ("statistics.actual.shareCount",),
            "views": ("statistics.actual.viewCount",),
            "reactions": (crowdtangle.REACTIONS,),
        },
        prepare=crowdtangle.api,
    ),
    Format(
        name="mcl-facebook",
        title="Meta Content Library, Facebook",
        needed=(("id",), ("creation_time",), ("post_owner.id",), ("surface.id",)),
        hints=(
            "mcl_url",
            "surface.name",
            "post_owner.name",
            "text",
            "link_attachment.link",
            "statistics.views",
        ),
        account=("post_owner.id", "surface.id"),
        account_name=("post_owner.name", "surface.name"),
        accounts={"owner": ("post_owner.id", "surface.id"), "surface": ("surface.id",)},
        content=("id",),
        time=("creation_time",),
        objects={
            "link": text("link_attachment.link"),
            "text": text("text"),
            "reshare": text("shared_post_id"),
            "text_link": links("text"),
        },
        default_object="link",
        engagement=_MCL_ENGAGEMENT,
        note="views that are blank are unknown, not zero; mcl_url opens only for people with access",
    ),
    Format(
        name="mcl-instagram",
        title="Meta Content Library, Instagram",
        needed=(("id",), ("creation_time",), ("post_owner.id",), ("hashtags", "mcl_url")),
        hints=("mcl_url", "hashtags", "post_owner.name", "post_owner.username", "text", "statistics.views"),
        absent=("surface.id",),
        account=("post_owner.id",),
        account_name=("post_owner.username", "post_owner.name"),
        content=("id",),
        time=("creation_time",),
        objects={"text": text("text"), "hashtag": items("hashtags"), "text_link": links("text")},
        default_object="text",
        engagement=_MCL_ENGAGEMENT,
    ),
    Format(
        name="mediacloud",
        title="Media Cloud story list",
        needed=(("url",), ("title",), ("publish_date",), ("media_name", "media_url", "media_id")),
        hints=("id", "stories_id", "language", "indexed_date", "media_url"),
        account=("media_url", "media_name", "media_id"),
        account_name=("media_name", "media_url"),
        content=(prepare.STORY,),
        url=("url",),
        time=("publish_date",),
        objects={"title": text("title"), "link": text("url")},
        default_object="title",
        prepare=prepare.stories,
        note="an account is a news outlet; the same title in many outlets can be one agency's text",
    ),
    Format(
        name="gdelt",
        title="GDELT article list (DOC API)",
        needed=(("url", "URL"), ("seendate", "Date"), ("title", "Title")),
        hints=("url_mobile", "MobileURL", "socialimage", "domain", "language", "sourcecountry"),
        absent=("media_name", "media_url"),
        account=(prepare.DOMAIN,),
        account_name=(prepare.DOMAIN,),
        content=(prepare.ADDRESS,),
        url=("url", "URL"),
        time=("seendate", "Date"),
        objects={"title": text("title", "Title"), "image": text("socialimage"), "link": text("url", "URL")},
        default_object="title",
        prepare=prepare.articles,
        note="times are when GDELT saw an article, in steps of 15 minutes: use windows of hours",
    ),
    Format(
        name="youtube-data-tools",
        title="YouTube Data Tools, video list",
        needed=(("videoId",), ("channelId",), ("publishedAt", "publishedAtSQL"), ("videoTitle",)),
        hints=("position", "channelTitle", "videoDescription", "tags", "viewCount", "defaultLAudioLanguage"),
        account=("channelId",),
        account_name=("channelTitle",),
        content=("videoId",),
        time=("publishedAt", "publishedAtSQL"),
        objects={
            "title": text("videoTitle"),
            "text": text("videoDescription"),
            "tag": items("tags", separator=TAGS),
            "link": links("videoDescription"),
        },
        default_object="text",
        engagement={"likes": ("likeCount",), "comments": ("commentCount",), "views": ("viewCount",)},
        escape="\\",
    ),
)
