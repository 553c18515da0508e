"""A report: the tables of a network, what they mean in words, how it is drawn, and the files that hold it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd

from coordlib.describe.accounts import account_pages
from coordlib.describe.labels import subjects
from coordlib.describe.networks import evidence_totals
from coordlib.describe.posts import plain_posts, sample_pairs
from coordlib.errors import InputError, ParameterError
from coordlib.parameters import EvidenceRule
from coordlib.places import Workspace
from coordlib.report.dictionary import how
from coordlib.report.display import Html, stack
from coordlib.report.evidence import EvidenceView, class_table, evidence_record
from coordlib.report.first_screen import day_banner, summary_facts
from coordlib.report.health import health_html
from coordlib.report.network_view import NetworkView
from coordlib.report.package import SavedReport, write_report
from coordlib.report.post_set import METHOD, PostSet
from coordlib.report.record import RunRecord
from coordlib.report.tables import LAYOUTS, Table, facts, report_table
from coordlib.report.words import object_word

#: The tables of a report, each a file of its own.
TABLES = ("accounts", "networks", "posts", "edges", "pairs", "discovered", "discovered_pairs")


@dataclass(frozen=True, repr=False)
class Report:
    """What a detection found, as tables; at the end of a cell it shows its headline and its numbers.

    Attributes
    ----------
    accounts, networks, posts, pairs, edges, discovered, discovered_pairs
        The tables of :mod:`coordlib.report.dictionary`: one row per account, network, coordinated post, pair of
        posts behind an edge, edge over the threshold, pair of accounts that share more than their activity explains, pair
        of posts behind one of those that is no edge.
    graph
        The network.
    run
        The record of the run, as ``run.json`` holds it.
    significance
        The test of every two accounts that met, if there was one.
    """

    source: PostSet
    graph: nx.Graph[str]
    accounts: pd.DataFrame
    networks: pd.DataFrame
    posts: pd.DataFrame
    pairs: pd.DataFrame
    edges: pd.DataFrame
    discovered: pd.DataFrame
    discovered_pairs: pd.DataFrame
    run: RunRecord
    significance: pd.DataFrame | None = None

    @property
    def word(self) -> str:
        """What one shared object is called."""
        return object_word(self.run.parameters.get("object_id", "text"), self.source.platform)

    @property
    def headline(self) -> Html:
        """What kind of day it was, in words."""
        return Html(day_banner(self.run), day_banner(self.run, how("summary", "Finding")))

    @property
    def summary(self) -> Html:
        """The numbers, each with its unit and denominator."""
        return facts(summary_facts(self.run), "How it was counted", "summary")

    @property
    def classes(self) -> Html:
        """What the classes of evidence on this page say, each in a sentence."""
        return class_table(self.run, self.edges, self.discovered)

    @property
    def coverage(self) -> Html:
        """How complete the collection is."""
        return Html(health_html({**self.source.facts, **dict(self.run.counts)}))

    def view(self, nodes_shown: int = 1000) -> NetworkView:
        """Return the network, drawn."""
        return NetworkView(
            self.graph,
            accounts=self.accounts,
            networks=self.networks,
            nodes_shown=nodes_shown,
            simulated=self.source.simulated,
        )

    def evidence(self) -> EvidenceView:
        """Return the pairs of posts of ``pairs.csv``, network by network, then those of ``discovered_pairs.csv``."""
        return self._evidence

    @cached_property
    def _evidence(self) -> EvidenceView:  # a notebook shows it and saves it
        known, outside = self.source.posts, sample_pairs(self.discovered_pairs)
        said = known[known["content_id"].isin({*outside["content_id"], *outside["content_id_y"]})]
        pages = pd.DataFrame({"account_id": self._pages.keys(), "url": self._pages.values()})
        tables = (pages, pd.concat([self.posts, said]), sample_pairs(self.pairs), self.edges)
        return EvidenceView(
            *tables,
            outside=outside,
            discovered=self.discovered,
            word=self.word,
            time_window=self.run.parameters.get("time_window"),
            of_pairs=len(self.pairs),
        )

    @cached_property
    def _pages(self) -> dict[str, str]:
        """Addresses of the accounts on the page, of those in no network as their posts have them."""
        ends = self.discovered_pairs[["account_id", "account_id_y"]].to_numpy().ravel()
        names = pd.Series(pd.unique(ends), dtype="str")
        posts = plain_posts(self.source.posts[self.source.posts["account_id"].isin(names)])
        names, pages = pd.concat([names, self.accounts["account_id"]]), account_pages(names, posts)
        known = zip(names, pd.concat([pages, self.accounts["url"]]), strict=True)
        return {str(name): str(page) for name, page in known if not pd.isna(page)}

    def table(self, name: str, rows_shown: int = 200) -> Table:
        """Return a table of :data:`TABLES` as the page shows it."""
        frame = getattr(self, name)
        if name == "accounts" and self.source.kind == "table":  # nobody watches accounts of a file
            frame = frame.drop(columns="new")
        return self.show(name, frame, rows_shown, csv=f"{name}.csv")

    def show(self, name: str, frame: pd.DataFrame, rows_shown: int = 200, csv: str | None = None) -> Table:
        """Return any table in the layout of a name of :data:`coordlib.report.tables.LAYOUTS`."""
        if name not in LAYOUTS:
            raise InputError(f"{name}: there is no such table; choose {', '.join(LAYOUTS)}")
        return report_table(name, frame, max_rows=rows_shown, csv=csv, word=self.word, pages=self._pages)

    @property
    def history(self) -> pd.DataFrame:
        """One row per day up to this one: ``date``, ``outcome``, ``pool_size``, ``n_new_accounts``, …"""
        today = {"date": self.run.date, "outcome": self.run.outcome, **dict(self.run.counts)}
        names = ["date", "outcome", "pool_size", "n_new_accounts", "n_accounts", "n_networks"]
        rows = pd.DataFrame([today])[names]
        return pd.concat([self.source.history, rows], ignore_index=True) if len(self.source.history) else rows

    @property
    def posts_of_accounts(self) -> pd.DataFrame:
        """Everything the network's accounts posted among these posts, coordinated or not."""
        known = self.source.posts
        return known[known["account_id"].isin(self.accounts["account_id"])].reset_index(drop=True)

    def only(self, network: int | None = None, account: str | None = None) -> Report:
        """Return the report of one network, by its number on this report's page or by one of its accounts.

        Raises
        ------
        ParameterError
            There is no such network or account; or a number is given where the method differs from the day's own,
            whose page the number is of.
        """
        n_networks = len(self.networks)
        if account is not None:
            numbers = self.accounts.loc[self.accounts["account_id"] == account, "network"]
            if numbers.empty:
                raise ParameterError(f"account = '{account}': is in none of the {n_networks:,} networks here")
            network = int(numbers.iloc[0])
        elif differing := self._differing_words():
            raise ParameterError(
                f"network = {network}: is a number of the day's own page, and here {differing} differs; choose the network "
                "by one of its accounts (account = ...)"
            )
        elif network not in set(self.networks["network"]):
            raise ParameterError(
                f"network = {network}: this day has {n_networks:,} networks, numbered from 1"
            )
        whole = {name: getattr(self, name) for name in TABLES}
        tables = {n: t[t["network"] == network].reset_index(drop=True) for n, t in whole.items()}
        members = sorted(tables["accounts"]["account_id"])
        part = replace(self, graph=nx.Graph(self.graph.subgraph(members)), **tables)
        if self.significance is not None:
            ends = self.significance[["account_id", "account_id_y"]].isin(members)
            part = replace(part, significance=self.significance[ends.all(axis=1)])
        return replace(part, run=self._run_of(part, network, account))

    def _run_of(self, part: Report, network: int | None, account: str | None) -> RunRecord:
        """The record of one network of this report."""
        which, words = f"network-{network}", f"Network {network} of {self.run.date}"
        if account is not None:
            which, words = f"network-of-{account}", f"The network of {account} on {self.run.date}"
        about = {"Seen on": self.run.date}
        if differing := self._differing_words():
            about["Differs from the day's page"] = differing
        n_posts, n_pairs, apart = len(part.posts), len(part.pairs), part.pairs["time_delta"].median()
        about["Evidence"] = f"{n_pairs:,} pairs of posts, half of them within {apart:g} seconds"
        about["Posts of its accounts"] = f"{n_posts:,} of {len(part.posts_of_accounts):,} are in these pairs"
        counts = {
            "n_accounts": len(part.accounts),
            "n_networks": 1,
            "n_edges": part.graph.number_of_edges(),
            "n_edges_one_object": int((part.edges["n_objects"] == 1).sum()),
            "n_objects": int(part.posts["object_id"].nunique()),
            "n_coordinated_posts": n_posts,
            **evidence_totals(part.significance),
        }
        parameters, tested = self.run.parameters, part.significance
        alone = evidence_record(tested, None, part.pairs, part.graph, parameters, self.word, {})
        days_own = {"evidence", "whole", "random_networks", "other_settings", "truth"}
        said = {
            "subjects": subjects(part.networks),
            "name": f"{self.run.name}-{which}",
            "kind": "component",
            "title": words,
            "counts": self.run.counts.as_json() | counts,
            "facts": {**self.run.facts, "about": about},
            "new_accounts": [],
        }
        tests = {"evidence": alone["evidence"]} if "evidence" in alone else {}
        return RunRecord(**{**self.run.model_dump(exclude_unset=True, exclude=days_own), **tests, **said})

    def differing(self) -> dict[str, Any]:
        """Return the parameters of the method that differ from the usual ones of these posts."""
        given, usual = self.run.parameters, self.source.parameters
        return {
            name: str(EvidenceRule(**value)) if name == "evidence" else value
            for name, value in given.items()
            if name in usual and name in (*METHOD, "min_posts", "regions") and usual[name] != value
        }

    def _differing_words(self) -> str:
        return ", ".join(f"{name} = {value}" for name, value in sorted(self.differing().items()))

    @property
    def files(self) -> dict[str, pd.DataFrame]:
        """The tables as they are written; the addresses of the posts of a pair of ``pairs.csv`` stand in ``posts.csv``."""
        pairs = sample_pairs(self.pairs).drop(columns=["url", "url_y"], errors="ignore")
        outside = sample_pairs(self.discovered_pairs)
        tables = {name: getattr(self, name) for name in TABLES}
        return tables | {"pairs": pairs, "discovered_pairs": outside}

    def save(self, output_dir: Path | str | None = None, nodes_shown: int = 1000) -> SavedReport:
        """Write every file of the report: tables, network, drawing, run record, README, data package.

        Parameters
        ----------
        output_dir
            The folder (none: among the drafts of the workspace, named by the parameters that differ from the
            usual ones). It appears whole or not at all.
        nodes_shown
            Accounts the drawing shows, at most.
        """
        kind, name = "days" if self.run.kind == "day" else "analyses", self.run.name
        draft = Workspace(self.source.workspace).draft_folder(kind, name, self.differing())
        shown = self.view(nodes_shown), self.evidence()
        return write_report(output_dir or draft, self.files, self.graph, self.run, *shown)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return stack(self.headline, self.summary)._repr_mimebundle_()

    def __repr__(self) -> str:
        return repr(stack(self.headline, self.summary))
