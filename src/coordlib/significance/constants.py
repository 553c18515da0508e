"""Every constant of the evidence for an edge: what it means, and the world that forced its value.

A *world* is a simulated corpus without coordination in which the unprotected test failed. None of these is a
parameter: whoever changes one has to repeat the calibration (``benchmarks/significance.py``).
"""

from __future__ import annotations

#: Share of false edges that is accepted.
ALPHA = 0.05
#: Seconds in a day.
DAY = 86_400
#: A session: posts of one account on one object within this many seconds of its first post. Spam bots that
#: post a caption every few seconds would otherwise count each post as a decision.
SESSION = 1_800

# -- the crowd (test A) --
#: Who shared the object within this many seconds before or after is present: the crowd one is compared with.
#: With one hour for both tests groups on viral objects are lost (recall .06).
CROWD_REACH = 10_800
#: The circle of a pair is set aside only if it holds this share of the neighbours of either account. Dense
#: worlds with a common trigger make everybody a neighbour of everybody.
CLIQUE = 0.5
#: Weight of the corpus beside the account's own sessions in its speed. Worlds of early birds, in which some
#: accounts answer every object within minutes, had a false edge in every run before speed was allowed for.
SPEED_PRIOR = 100
#: From this many others present on all occasions together, a discovered edge is "as the crowd" and not
#: "open".
CROWD_SEEN = 10

# -- the closed circle (test B) --
#: Who shared the object within this many seconds is an audience that could have answered the same source.
CIRCLE_REACH = 3_600
#: Share of those present who post within the window in an audience with a mean delay of five windows, about
#: 1 - exp(-1/5). An assumption: an audience that answers faster looks exactly like a group. A corpus that was
#: collected because of coordination would otherwise excuse itself.
PACE = 0.18
#: Weight of the corpus beside the account's own sessions in its pace.
PACE_PRIOR = 100
#: Least share of those present who posted together, over the occasions, for a circle to be closed.
CLOSED = 0.5
#: No occasion counts for more than 1 in 1,000: one release of twenty accounts alone would give 1e-30.
FLOOR = 0.001
#: Width of a level of the score, in units of -ln(p).
STEP = 0.25

# -- both --
#: A session counts as at most this many sessions present, so that one hot object does not set the pace of
#: all.
MOST_PRESENT = 20
#: Weight of the corpus beside the account's own sessions in its clock. Accounts that schedule on the full
#: hour meet there by habit: full-hour worlds break every test without a clock.
CLOCK_PRIOR = 10
#: Chances are kept below 1 by this, so that many chances stay a number.
NEARLY_ONE = 1 - 1e-12

# -- computation --
#: Sums up to this many hits or levels are exact; beyond, the Chernoff bound, which errs on the cautious side.
MOST_EXACT = 120
#: Pairs of accounts counted exactly for the family of the repeats; beyond, the sum over objects, which is
#: larger.
MOST_COUNTED = 3_000_000
#: Completion does not pass through an account with more significant edges than this.
MOST_NEIGHBOURS = 500
#: Most repeats the family of the repeats is looked for with.
MOST_REPEATS = 12
#: Combinations (of sessions, or of edges and margins) formed at a time; bounds memory.
CHUNK = 2_000_000
