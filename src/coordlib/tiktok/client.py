"""The client: every endpoint as a method of one session."""

from __future__ import annotations

from coordlib.tiktok import lists, search
from coordlib.tiktok.session import Session


class TikTokResearch(Session):
    """A client of the TikTok Research API.

    Parameters
    ----------
    credentials
        Client key and secret; see :meth:`from_environment`.
    base_url
        Address of the service, or of a simulator.
    transport
        An httpx transport, for tests and simulations.
    store
        Workspace database for rows, ledger and budget; none keeps them in memory.
    budget
        Requests a day; none counts against the published quota.
    run_id
        Written into the ledger with every attempt.
    clock, sleep
        UTC seconds, and how to wait; replaced where time is simulated.
    min_interval
        Seconds between two requests.
    schedules
        Waits before each further try, per kind of error.
    on_origin
        Called once, before anything is stored, with whether the service says that it is simulated.

    Attributes
    ----------
    simulated
        Whether the service says that it is simulated (none: it has not answered yet).

    Examples
    --------
    >>> import httpx
    >>> from coordlib.tiktok import Credentials
    >>> def service(request):
    ...     if "oauth" in request.url.path:
    ...         return httpx.Response(200, json={"access_token": "clt.x", "expires_in": 7200})
    ...     return httpx.Response(200, json={"data": {"display_name": "Esempio"}, "error": {"code": "ok"}})
    >>> client = TikTokResearch(Credentials("key", "secret"), transport=httpx.MockTransport(service))
    >>> client.user_info("esempio_uno").rows
    ({'display_name': 'Esempio', 'username': 'esempio_uno'},)
    >>> client.close()
    """

    videos = search.collect_videos
    sample_videos = search.sample_videos
    comments = lists.comments
    replies = lists.replies
    user_info = lists.user_info
    users_info = lists.users_info
    followers = lists.followers
    following = lists.following
    liked_videos = lists.liked_videos
    reposted_videos = lists.reposted_videos
    pinned_videos = lists.pinned_videos
    playlist = lists.playlist
    compliance_create = lists.compliance_create
    compliance_status = lists.compliance_status
    compliance_download = lists.compliance_download
