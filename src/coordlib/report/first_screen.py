"""What a page says first: what kind of day it was, what was found and on what it rests, and the counts in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from coordlib.detect.threshold import tie_words
from coordlib.report.health import Health, verdict_of
from coordlib.report.notebook_steps import kept_words
from coordlib.report.record import Evidence, RunRecord
from coordlib.report.words import clean_text, escape, plural, same_words
from coordlib.significance import SIGNIFICANT
from coordlib.significance.classes import class_words
from coordlib.times import utc_text

_PLATFORMS = {"tiktok": "TikTok", "bluesky": "Bluesky", "twitter": "X", "youtube": "YouTube", "simulated": ""}
#: Kind of banner, head and body of a day that is told by its outcome alone.
_OUTCOMES = {
    "network": ("found", "A network was found.", "This record does not hold its numbers."),
    "tied": (
        "warn",
        "The threshold keeps no edge.",
        "{tie}. There were {n.n_pairs:,} pairs of posts with the same {word} within the time window, so this is a limit of the threshold and not a day without coordination.",
    ),
    "no-coordination": (
        "quiet",
        "No coordination found.",
        "Among {n.n_posts:,} posts, {met} {full}",
    ),
    "nothing-to-compare": (
        "warn",
        "Nothing to compare.",
        "None of the {posts} has any {word}. That nothing was found does not mean that nothing happened.",
    ),
    "too-little-data": (
        "warn",
        "Too little data to tell.",
        "Only {posts} were collected, too few for the method. That nothing was found does not mean that nothing happened.",
    ),
    "no-input": (
        "warn",
        "Nothing was collected.",
        "There are no posts for {date}, so nothing could be analysed. This is a gap in the data, not a quiet day.",
    ),
    "failed": (
        "failed",
        "This report could not be made.",
        "The day's data is kept, and the report will appear here once the run is repeated. No conclusion can be drawn from this page.",
    ),
}


def simulated_banner() -> str:
    """Return the banner of a page made from a simulated world."""
    return (
        '<div class="cl-banner cl-simulated" role="note"><strong>Simulated data.</strong> '
        "No account, post or network on this page is real.</div>"
    )


def banner(
    kind: str, lines: Sequence[str], run: RunRecord, more: Sequence[str] = (), explained: str = ""
) -> str:
    """Return a banner of a kind the style sheet knows, below that of simulated data where a run is one; `more` opens.

    `explained` is the link to how it was counted; it follows the first line.
    """
    sample = simulated_banner() if run.simulated else ""
    rest = "".join(f"<p>{escape(line)}</p>" for line in lines[1:] if line)
    rest = rest.replace("<p>Weak:", "<p><strong>Weak:</strong>")
    if more:
        said = "".join(f"<p>{escape(line)}</p>" for line in more)
        rest += f"<details><summary>How it was tested</summary>{said}</details>"
    return f'{sample}<div class="cl-banner cl-{kind}" role="note"><p><strong>{escape(lines[0])}</strong>{explained}</p>{rest}</div>'


def day_banner(run: RunRecord, explained: str = "") -> str:
    """Return, in words, what kind of day it was, and what that does and does not mean; `explained` as in :func:`banner`."""
    lines = first_lines(run)
    kind = "found" if not run.evidence or set(SIGNIFICANT) & set(run.evidence.classes) else "quiet"
    if run.outcome != "network" or not lines:
        kind, *said = _Finding(run).outcome()
        lines = [*said, *lines]
    return banner(kind, lines, run, more_lines(run), explained)


def first_lines(run: RunRecord) -> list[str]:
    """Return the finding of a report in sentences: what is significant, what the threshold keeps and on what it rests, the coverage."""
    found = _Finding(run)
    # What is significant, what that means and what is undecided.
    first, *meaning = found.evidence.words.splitlines() or [""]
    lines = [first, found.same(), *meaning, *kept_words(run)]
    if run.outcome == "network" and run.counts.n_accounts:
        rest = found.subjects(), found.rests_on(), found.kept(), found.settings()
        lines += [found.network(), found.where(), *rest]
    else:
        lines.append(found.where())
    return [line for line in [*lines, found.coverage(), found.new()] if line]


def more_lines(run: RunRecord) -> list[str]:
    """Return what the network as a whole is held against, and what of it is true where that is known."""
    return [line for line in (run.whole, _Finding(run).truth()) if line]


class _Finding:
    """The numbers of a record; each method is a sentence made of them, empty where there is nothing to say."""

    def __init__(self, run: RunRecord) -> None:
        self.run, self.word, self.counts, self.facts = run, run.object, run.counts, run.facts
        self.parameters, self.evidence = run.parameters, run.evidence or Evidence()
        self.rule = (self.parameters.get("evidence") or {}).get("classes")
        self.component = run.kind == "component"
        #: What the notebook itself made of the edges that the rule keeps.
        self.own = run.kept.get("network")
        self.window = "?" if run.window is None else run.window
        ends = [self.facts.get(name) for name in ("period_start", "period_end")]
        self.period = [] if None in ends else [int(str(end)) for end in ends]

    def outcome(self) -> tuple[str, str, str]:
        """Kind of banner, head and body by the outcome of the day."""
        outcome, n = self.run.outcome, self.counts
        if outcome == "no-coordination" and 0 < n.n_posts <= n.n_without_object:
            outcome = "nothing-to-compare"
        kind, head, body = _OUTCOMES.get(outcome, _OUTCOMES["failed"])
        if {"beyond the crowd", "closed circle"} & set(self.evidence.classes):
            head = head.replace("No coordination found.", "No edge is kept.")
        met = f"no two accounts posted the same {self.word} within the time window."
        if n.n_pairs:
            met = f"{n.n_pairs:,} pairs of posts fell within the time window, and no two accounts had more of them than the threshold."
        tie, posts = "", plural(n.n_posts, "post")
        if outcome == "tied":
            edges = n.n_edges_top if n.n_edges_all is None else n.n_edges_all
            quantile = float(self.parameters.get("edge_weight") or 0.9)
            tie = _capital(tie_words(n.top_weight, n.n_edges_top, edges, quantile))
        full = "The day was analysed in full: this is a result, not a gap."
        if self.gaps():
            full = "What was collected was analysed in full, but the collection has gaps."
        body = body.format(n=n, full=full, posts=posts, met=met, tie=tie, word=self.word, date=self.run.date)
        return kind, head, body

    def same(self) -> str:
        """What counts as the same where that is not plain, and how many posts take part where most do not."""
        words = same_words(self.parameters.get("object_id"), self.run.platform)
        lacking, of = self.counts.n_without_object, self.counts.n_posts
        if lacking >= of:
            return words
        few = f"Only {of - lacking:,} of {plural(of, 'post')} take part: the others have no {self.word}."
        return f"{words} {few}".strip() if 2 * lacking > of else words

    def kind(self) -> str:
        """Where the significant pairs are, by the names of their classes."""
        classes = self.evidence.classes
        one = classes.get("closed circle", {}).get("networks") == 1
        circle = "in the closed circle" if one else "in closed circles"
        return " or ".join(name.replace("closed circle", circle) for name in SIGNIFICANT if name in classes)

    def where(self) -> str:
        """In which of the networks below the significant pairs are, and how many of them."""
        classes = self.evidence.classes
        of = sum(classes.get(name, {}).get("edges", 0) for name in SIGNIFICANT)
        if not of or self.component:
            return ""
        numbers, table = self.evidence.networks, "in the table “Pairs that stand out”"
        pairs = plural(of, "pair")
        if not numbers:
            none = f"None of the {pairs} {self.kind()} is" if of > 1 else f"The pair {self.kind()} is not"
            return f"{none} heavy enough for a network; look {table}, and under Evidence for the posts."
        if len(numbers) > 8:
            networks = f"{len(numbers):,} networks"
        else:
            networks = f"network{'' if len(numbers) == 1 else 's'} {', '.join(numbers)}"
        drawn = sum(numbers.values())
        if of == 1:
            return f"The pair {self.kind()} is in {networks}."
        if drawn == of:
            return f"All {pairs} {self.kind()} are in {networks}."
        rest = f"the other {of - drawn:,} are" if of - drawn > 1 else "the other one is"
        return f"Of the {pairs} {self.kind()}, {drawn:,} {'is' if drawn == 1 else 'are'} in {networks}; {rest} {table}, their posts under Evidence."

    def network(self) -> str:
        """How many accounts of how many posted the same, when and where."""
        n_all, n_objects = self.counts.n_post_accounts, self.counts.n_objects
        accounts = f"{self.counts.n_accounts:,}{f' of {n_all:,}' if n_all else ''} accounts"
        platform = self.run.platform or ""
        place = f" ({where})" if (where := _PLATFORMS.get(platform, platform)) else ""
        objects = f": {plural(n_objects, self.word)}" if n_objects or self.component else ""
        if not self.component:
            pairs = "pairs that met most often"
            if self.own:
                pairs = "pairs the notebook chose"
            elif self.rule:
                pairs = f"pairs of the classes kept ({', '.join(self.rule)})"
            networks = plural(self.counts.n_networks, "network")
            return f"The {pairs} join {accounts} into {networks}{self.days()}{place}{objects}."
        return f"{accounts} posted the same {self.word}s together within {self.window} seconds{self.days()}{place}{objects}."

    def days(self) -> str:
        """The days looked at, as short as they can be told."""
        if not self.period:
            return ""
        first, last = (dt.datetime.fromtimestamp(end, dt.UTC) for end in self.period)
        until = f"{last.day} {last:%b %Y}"
        if first.date() == last.date():
            return f", {until}"
        if first.year != last.year:
            return f", {first.day} {first:%b} {first.year}–{until}"
        return f", {first.day}{'' if first.month == last.month else f' {first:%b}'}–{until}"

    def subjects(self, shown: int = 3) -> str:
        """What the largest networks are about, as far as their labels say."""
        sizes = [(clean_text(label).split(" · "), size) for label, size in self.run.subjects]
        if not sizes:
            return ""
        if self.component:
            return f"Words that set it apart: {' · '.join(sizes[0][0][:5])}."
        named = [f"{' · '.join(words[:3])} ({plural(size, 'account')})" for words, size in sizes[:shown]]
        more = f"; and {len(sizes) - shown:,} more" if len(sizes) > shown else ""
        return f"Words of the largest networks: {'; '.join(named)}{more}."

    def rests_on(self) -> str:
        """Whether the edges rest on one object or on several."""
        n_edges, single = self.counts.n_edges, self.counts.n_edges_one_object
        network = "the network" if self.component else "networks"
        pairs = f"pairs in {network}" if n_edges > 1 else "pair in a network"
        if single == n_edges:
            each = f"each of the {n_edges:,} {pairs} rests" if n_edges > 1 else f"the one {pairs} rests"
            text = f"{each} on a single {self.word}."
        elif single:
            rest = "rests" if single == 1 else "rest"
            text = f"{single:,} of {n_edges:,} {pairs} {rest} on a single {self.word}."
        else:
            text = f"each of the {n_edges:,} {pairs} rests on several {self.word}s."
        return f"Weak: {text}" if n_edges and single >= 0.9 * n_edges else _capital(text)

    def kept(self) -> str:
        """Of which classes the kept edges are, of how many, and what the rule would keep without a minimum participation."""
        classes = class_words(self.evidence.kept, self.word)
        if not classes:
            return ""
        kept, before = self.counts.n_edges, self.counts.n_edges_all or 0
        if self.component:
            return f"{_capital(classes)}."
        of = f"{kept:,} of {plural(before, 'pair')}"
        if self.rule or self.own:
            return f"{of} {'is' if kept == 1 else 'are'} kept: {classes}."
        everybody, pairs, also = self.evidence.kept_of_all, self.evidence.pairs, ""
        least = self.parameters.get("min_participation") if not self.run.kept else None
        if everybody is not None and least and (everybody, pairs) != (kept, before):
            also = f" ({everybody:,} of {pairs:,} with accounts of fewer than {least} posts)"
        return f"The weight keeps {of}{also}: {classes}."

    def settings(self) -> str:
        """What other windows and thresholds would have found."""
        found, accounts = self.run.other_settings, self.counts.n_accounts
        if not found or self.rule:
            return ""
        tied, of, steady = found.tied, found.settings, self.evidence.significant_accounts
        least = "" if found.least == found.most else f"{found.least:,} to "
        span = f"{least}{plural(found.most, 'account')} in networks instead of {accounts:,}"
        if not least and found.most == accounts:
            span = f"{plural(found.most, 'account')} in networks too"
        text = (
            f"Other settings: {span if tied < of else 'all tie'}, with windows from {found.narrowest:,} to "
            f"{self.parameters.get('time_window', 0):,} seconds and thresholds from the median to the top twentieth."
        )
        if tied:
            text += (
                f" At {tied:,} of {of:,} the heaviest edges have one weight and the threshold keeps none; that is a tie, "
                "not a weak finding."
            )
        if steady:
            text += f" The {plural(steady, 'account')} {self.kind()} do not depend on the threshold."
        return text

    def health(self) -> Health | None:
        """How the posts were collected, where that is known."""
        known = self.facts.get("health") or (self.facts if self.facts.get("source") else None)
        return Health.model_validate(known) if known else None

    def gaps(self) -> bool:
        """Whether posts are known to be lacking."""
        health = self.health()
        return bool(health and verdict_of(health)[1] in ("gaps", "stopped"))

    def coverage(self) -> str:
        """How much of what was planned was asked."""
        health = self.health()
        if health is None:
            return ""
        if health.source == "archive":
            errors = plural(health.n_errors, "error") if health.n_errors else "no error"
            return f"Coverage: as the archive has it; its log names {errors}."
        accounts, captions, parts = health.accounts, health.captions, []
        if accounts.asked is not None and accounts.active:
            parts.append(f"{accounts.asked:,} of {plural(accounts.active, 'watched account')} asked")
        if captions.searched is not None and captions.found:
            parts.append(f"{captions.searched:,} of {plural(captions.found, 'caption')} searched")
        return f"Coverage: {', '.join(parts)}. {verdict_of(health)[0]}" if parts else ""

    def new(self) -> str:
        """How many accounts of a day's network were not watched before."""
        new = self.counts.n_new_accounts
        if new is None or self.run.kind != "day" or self.run.outcome != "network":
            return ""
        if (out := self.counts.n_not_watched) is not None:
            return self.not_watched(out)
        if new == 0:
            return "All accounts in networks were watched before."
        of = plural(self.counts.n_accounts, "account")
        return f"{new:,} of {of} in networks {'was' if new == 1 else 'were'} not watched before."

    @staticmethod
    def not_watched(number: int) -> str:
        """How many accounts the report did not add to the pool."""
        if number == 0:
            return "All of these accounts were watched after this day."
        were = "was" if number == 1 else "were"
        return f"{number:,} of these accounts {were} not watched after this day: this report did not add to the pool."

    def truth(self) -> str:
        """On a simulated day: how many pairs join two accounts that were planted together."""
        truth, kinds = self.run.truth, ("significant", "undecided", "kept")
        if not truth:
            return ""
        parts = [f"{truth[name][0]:,} of {truth[name][1]:,} {name} pairs" for name in kinds if truth[name][1]]
        if not parts:
            return "Simulated, so the truth is known: no pair is significant, undecided or kept."
        said = " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
        return f"Simulated, so the truth is known: {said} join two accounts of one planted network."

    def threshold(self) -> str:
        """What an edge had to be to be kept."""
        limit = self.run.weight_threshold
        if self.rule:
            return f"kept (of the classes {', '.join(self.rule)})"
        if limit is None:
            return "over the threshold (there are none to set one from)"
        if self.parameters.get("min_weight") is not None:
            return f"over the threshold (a weight of at least {limit:g}, fixed)"
        quantile = self.parameters.get("edge_weight", 0.9)
        return f"over the threshold (heavier than {limit:g}, the {quantile:g} quantile of all weights)"

    def summary(self) -> dict[str, str]:
        """The counts in words; empty where the day has none, since it failed before it was analysed."""
        c, day = self.counts, self.run.kind == "day"
        if c.n_post_accounts is None or c.n_edges_all is None or c.pool_size is None:
            return {}
        posts = f"{c.n_posts:,} by {plural(c.n_post_accounts, 'account')}"
        if day:
            posts += f", {c.n_pool_posts:,} of them by watched accounts"
        if c.n_without_object:
            posts += f"; {c.n_without_object:,} have no {self.word}"
        ends = [utc_text(end, "%Y-%m-%d %H:%M") for end in self.period]
        period = f"posts from {' to '.join(ends)} UTC" if ends else "no posts"
        are = "is" if c.n_edges_all == 1 else "are"
        over = self.own.of if self.own and not self.component else c.n_edges
        low = f"at least {low} and " if (low := self.parameters.get("time_window_low")) else ""
        shown = {
            **(self.facts.get("about") or {}),
            "Period": period,
            "Posts looked at": posts,
            "Pairs": f"{plural(c.n_pairs, 'pair')} of posts with the same {self.word} {low}within {self.window} seconds",
            "Edges": f"{over:,} of {plural(c.n_edges_all, 'edge')} {are} {self.threshold()}",
            "Accounts in networks": f"{plural(c.n_accounts, 'account')} in {plural(c.n_networks, 'network')}",
            "Posts in pairs": f"{c.n_coordinated_posts:,} of {plural(c.n_posts, 'post')}",
        }
        if kept := kept_words(self.run):
            shown["Left out by the notebook"] = " ".join(kept)
        if day:
            new = f"{c.n_new_accounts:,} of {c.n_accounts:,} accounts were not watched before"
            if (out := c.n_not_watched) is not None:
                new = f"{c.n_new_accounts:,} joined the pool on this day; {out:,} of {c.n_accounts:,} accounts were not watched after it"
            pool = f"{c.pool_size:,} accounts, {c.pool_before:,} before this day"
            shown |= {"New accounts": new, "Pool": pool}
        return shown


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def summary_facts(run: RunRecord) -> dict[str, str]:
    """Put the counts of a day into words, each with its unit and denominator; empty for a day that has none."""
    return _Finding(run).summary()
