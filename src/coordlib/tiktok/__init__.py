"""A client of the TikTok Research API that wastes no request and loses no row.

The daily quota (1,000 requests) is the scarcest thing a project has, so everything here serves it: queries
are checked before they are sent, each kind of error is answered in its own way, every page is stored with
its ledger row in one transaction, and the planner spends requests where they bring most.

One request at a time
---------------------
::

    from coordlib.tiktok import TikTokResearch, Query, any_of

    query = Query(and_=[any_of("hashtag_name", ["elezioni"]), any_of("region_code", ["IT", "FR"])])
    with TikTokResearch.from_environment(store=store) as client:
        found = client.videos(query, "20261101", "20261107")
        found.rows, found.complete, found.reason      # what came, whether it is all, and why not
        client.comments("7571234567890123456")        # every method answers with an Outcome
        client.user_info("esempio_uno")

Methods: ``videos`` ``comments`` ``replies`` ``user_info`` ``followers`` ``following`` ``liked_videos``
``reposted_videos`` ``pinned_videos`` ``playlist`` ``compliance_create`` ``compliance_status``
``compliance_download``. A refused account is part of the answer, not an exception. What raises:
:class:`~coordlib.errors.QueryError` (before anything is sent), :class:`~coordlib.errors.CredentialsError`
(fatal). Paging methods and the collector report a spent quota as ``outcome.reason == "quota"``.

A monitoring day
----------------
::

    from coordlib.tiktok import Collector, plan_accounts, plan_captions
    from coordlib.store import coverage

    settings = CollectionParameters()                       # coordlib.parameters
    collector = Collector(client)
    collector.carry_over(run_id)                            # what earlier runs left behind
    accounts = collector.run(run_id, "accounts", lambda: plan_accounts(
        coverage.account_histories(store, usernames, day), day, client.budget.remaining(), settings))
    captions = collector.run(run_id, "captions", lambda: plan_captions(
        coverage.caption_histories(store, usernames, day), day, client.budget.remaining(), settings))

The plan of a phase is made once and kept with the run; a killed run that is started again with the same
``run_id`` goes on where it stopped. ``plan.describe()`` is the text of ``--dry-run``; ``plan.carried_over``
says what did not fit. Health of a run: :func:`coordlib.store.ledger.summary`,
:func:`coordlib.store.windows.select`.

The duty to refresh: :func:`coordlib.tiktok.compliance.refresh`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
