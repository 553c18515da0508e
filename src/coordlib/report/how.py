"""How a number came about: one hop from any number on a page to its definition, formula, function and file."""

from __future__ import annotations

from coordlib.report.dictionary import LINK_TABLES, TABLES, Column, Table
from coordlib.report.text import escape, raw_block

#: From a report's page to the folder of the site's own pages.
UP = "../../"
#: Function that makes a table, by the table's name.
_MADE_BY = {
    "accounts": "coordlib.describe.describe_accounts",
    "networks": "coordlib.describe.describe_networks",
    "posts": "coordlib.describe.describe_posts",
    "edges": "coordlib.coordinated_edges",
    "pairs": "coordlib.detect_groups",
    "discovered": "coordlib.edge_significance",
    "leads": "coordlib.describe.account_leads",
    "objects": "coordlib.describe.object_table",
    "hashtags": "coordlib.describe.hashtag_table",
    "summary": "coordlib.describe.day_counts",
    "links": "coordlib.links.get_coord_shares",
    "health": "coordlib.report.health.health_html",
}


def _rows(text: str) -> tuple[Column, ...]:
    """Read ``name | definition | formula`` lines."""
    lines = [[part.strip() for part in line.split("|")] for line in text.strip().splitlines()]
    return tuple(
        Column(name, "number", definition=meaning, formula=formula) for name, meaning, formula in lines
    )


#: What stands on pages and in no file of its own; the names of the summary are the words on its left.
SHOWN: tuple[Table, ...] = (
    Table(
        "summary",
        "one number of the summary, in `run.json` under `counts`",
        _rows("""
            Finding | The sentences at the top: the counts below, put into words. | see the rows below
            Period | First and last time of the posts looked at. | min and max of posted_at
            Posts looked at | Distinct posts of the input, by watched and by other accounts. | distinct content_id
            Pairs | Two posts of the same object by different accounts within the time window; rows of pairs.csv before the threshold. | time between them ≤ time_window
            Edges | Two accounts with pairs; kept where the weight is over the threshold: rows of edges.csv. | weight > quantile(weights, edge_weight), or ≥ min_weight
            Coordinated accounts | Accounts with a kept edge (rows of accounts.csv) and the connected parts they form (rows of networks.csv). | connected components
            Coordinated posts | Distinct posts in pairs behind kept edges: rows of posts.csv. | distinct content_id
            New accounts | Coordinated accounts that were not watched before this day. | accounts.csv where new is true
            Pool | Accounts watched after this day. | pool before + new accounts
            Seen on | Day of the report that this part was taken from. | date in run.json
            Evidence | Pairs of posts behind the edges of this network, and the median of their times apart. | median of time_delta in pairs.csv
            Posts of its accounts | How many of all posts of these accounts are in pairs. | rows of posts.csv / their posts of the day
            Differs from the day's page | Parameters that are not those of the day. | parameters in run.json
            Network line | Accounts, objects and posts in pairs.csv of a network, and the median of the seconds apart. | median of time_delta by network
            Drawing | Accounts and edges drawn, of all in accounts.csv and edges.csv. | largest networks first, then the best connected
        """),
    ),
    Table(
        "figures",
        "one figure",
        _rows("""
            Pool | `coordlib.charts.pool_history`: accounts watched and new ones, day by day. | counts in each day's run.json
            Sizes | `coordlib.charts.network_sizes`: accounts of each network. | n_accounts in networks.csv
            Timeline | `coordlib.charts.post_timeline`: one dot a post. | posted_at in posts.csv
            Hours | `coordlib.charts.hours_of_day`: posts by hour (UTC). | posted_at in posts.csv
            Seconds apart | `coordlib.charts.seconds_apart`: time between the two posts of each pair. | time_delta in pairs.csv
            Weight and objects | `coordlib.charts.weight_against_objects`: edges by weight, those with one object apart. | weight and n_objects in edges.csv
            Sweeps | `coordlib.charts.specification_curve`, `heat_map`, `inclusion`: accounts found at each setting. | points of the sweep's own table
        """),
    ),
    Table(
        "leads",
        "one account, by who posted first in each pair",
        _rows("""
            account_id | The account. |
            n_pairs | Pairs the account is in. | rows of pairs.csv
            n_led | Pairs in which its post is the older one. | pairs with account_id = the account
            lead_share | Share of its pairs that it led. | n_led / n_pairs
            median_lead | Median seconds it was ahead in the pairs it led. | median of time_delta
            n_first | Objects it posted before every other account. | first posted_at of each object
        """),
    ),
    Table(
        "objects",
        "one shared object in pairs.csv",
        _rows("""
            object_id | What was shared. |
            n_accounts | Distinct accounts with a post in a pair about it. | distinct account_id at either end
            n_posts | Distinct posts in pairs about it. | distinct content_id at either end
            n_pairs | Pairs about it. | rows of pairs.csv
            median_delta | Median seconds between the two posts of a pair. | median of time_delta
        """),
    ),
    Table(
        "hashtags",
        "one hashtag of the posts of these accounts",
        _rows("""
            hashtag | The hashtag. |
            n_posts | Distinct posts that have it. | distinct content_id
            n_accounts | Distinct accounts that used it. | distinct account_id
        """),
    ),
    Table(
        "days",
        "one day of the archive, from its `run.json` and `networks.csv`",
        _rows("""
            Days | The first and the last day that has a page, and how many there are. | folders of the site
            Watched accounts | The pool after the newest and after the first day. | pool_size in run.json
            day | The day; the link leads to its newest version. |
            outcome | What kind of day it was. | outcome in run.json
            subject | The labels with most accounts, of all its networks. | label and n_accounts in networks.csv
            n_accounts | Accounts of the day's network. | rows of accounts.csv
            n_networks | Connected parts of it. | rows of networks.csv
            coverage | Whether everything that was planned was asked and answered. | facts in run.json
            n_new_accounts | Accounts that were not watched before. | accounts.csv where new is true
        """),
    ),
    Table(
        "reports",
        "one analysis or replaced version of a report",
        _rows("""
            Date | The day the analysis is about. | date in run.json
            Analysis | The report; its title is made of what was asked. | title in run.json
            Report | The report with the number of the version. | version in run.json
            Found | How many accounts in how many networks. | counts in run.json
            Published | The day this version was made public, and its number. | published_at in run.json
        """),
    ),
    Table(
        "links",
        "one number of a link-sharing analysis",
        _rows("""
            Finding | The sentence at the top: the numbers below, put into words. | see the rows below
            Input | The file that was read; its SHA-256 is in `run.json`. |
            Read as | The format the file was recognised as, with its posts and rows. | rows of the file
            Left out while reading | Rows that could not be read or hold no link, and why. | rows of the file
            Good to know | What the format says about its times and names. |
            Period (UTC) | First and last time of the shares. | min and max of date
            Shares looked at | Shares of URLs that were shared more than once. | rows of shares.csv
            Left out | Shares that cannot be coordinated or have no page, and why. | rows before cleaning − rows of shares.csv
            Time window | Seconds between two shares of one URL, at most; estimated as CooRnet does where none is given. | median time of the quickest URLs to their share
            Coordinated shares | Shares with another account's share of the same URL within the window. | is_coordinated in shares.csv
            URLs shared in a coordinated way | Distinct URLs of coordinated shares. | distinct expanded
            Smallest edge kept | URLs two tied accounts have in common, at least. | quantile(weights, edge_weight), or min_weight
            Accounts in the network | Accounts with a kept edge. | rows of entities.csv
            Components | Connected parts of the network. | distinct component
            Method | How two shares are found to be close: by a sliding window, or by CooRnet's bins. |
        """),
    ),
    Table(
        "health",
        "one number of the collection, in `run.json` under `facts`",
        _rows("""
            part | What was asked for: accounts, captions, windows, requests, posts. |
            subject | What is counted of it. |
            count | How many. | from the ledger of requests and the plan of the day
            of | Of how many. | all of the same part
            share | Their share. | count / of
        """),
    ),
)
#: Name of a table to what is known of its columns; a day's edges go before those of link sharing.
_KNOWN = {
    table.name: {column.name: column for column in table.columns} for table in (*LINK_TABLES, *SHOWN, *TABLES)
}


def anchor(table: str, column: str) -> str:
    """Return the name of a column's or number's place on the data-dictionary page."""
    return f"{table}-{column}".replace(" ", "-").replace("'", "").lower()


def explained(table: str, column: str) -> Column | None:
    """Return what is known about a column or number; None where nothing is."""
    return _KNOWN.get(table, {}).get(column)


def how(table: str, column: str | None = None, up: str = UP, *, told: bool = True) -> str:
    """Return the small link beside a number, or with a table alone to all of it; empty where nothing is known.

    With `told` the definition shows where a mouse rests on it.

    Examples
    --------
    >>> how("edges", "weight")
    '<a class="cl-how" href="../../data-dictionary.html#edges-weight" title="Post pairs of the two accounts." aria-label="How weight is counted">how</a>'
    """
    if column is None:
        place, words, name = f"table-{table}", f"How the {table} are made", table
    elif known := explained(table, column):
        place, words, name = anchor(table, column), known.definition, column.replace("_", " ")
    else:
        return ""
    title = f' title="{escape(words)}"' if told else ""
    return (
        f'<a class="cl-how" href="{escape(up)}data-dictionary.html#{escape(place)}"{title} '
        f'aria-label="How {escape(name)} is counted">how</a>'
    )


def dictionary_page() -> str:
    """Return every table, column and number as Markdown, each with a place of its own to link to."""
    parts = []
    links = [table for table in LINK_TABLES if table.name not in {day.name for day in TABLES}]
    for table in (*TABLES, *SHOWN, *links):
        is_file = table not in SHOWN
        made = _MADE_BY.get(table.name)
        head = f"## {table.name}.csv" if is_file else f"## {table.name.capitalize()}"
        intro = f"A row is {table.row}." + (f" Made by `{made}`." if made else "")
        rows = "".join(
            f'<tr id="{escape(anchor(table.name, column.name))}"><th scope="row"><code>{escape(column.name)}</code></th>'
            f"<td>{_code(column.definition)}</td><td>{escape(column.formula)}</td>"
            f"<td>{escape(column.source)}</td><td>{escape(_kind(column, is_file))}</td></tr>"
            for column in table.columns
        )
        names = ("column" if is_file else "number", "definition", "formula", "source", "type and unit")
        heads = "".join(f'<th scope="col">{name}</th>' for name in names)
        parts += [
            head,
            intro,
            raw_block(
                f'<div class="cl-dictionary" id="table-{escape(table.name)}" role="region" tabindex="0" aria-label="{head[3:]}"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
            ),
        ]
    return "\n\n".join(parts) + "\n"


def _code(text: str) -> str:
    """Escape a definition, with what stands between backticks as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


def _kind(column: Column, is_file: bool) -> str:
    return ", ".join(part for part in (column.type if is_file else "", column.unit) if part)
