"""How many copied and reworded texts are found, at how many false ones, and what it costs.

Run from the project's root: ``python benchmarks/near_duplicates.py [--d3lta NOTEBOOK] [--write]``.

1. The protocol of D3lta (Richard et al. 2023, arXiv:2312.17338): seeds, nine versions of each made by a language model told
   to copy with small changes, or to reword; every two versions of a seed are a true pair, versions of two seeds a false
   one. The texts are D3lta's own, as far as the notebook in its repository shows them (``git clone
   https://github.com/VIGINUM-FR/D3lta``, then ``--d3lta D3lta/notebooks/example_synthetic_dataset.ipynb``): 2,817 of
   2,985, those that D3lta itself paired with another. They are not part of this project.
2. Texts made here by the same rules, without a language model: the same for everyone, but easier or harder than real ones.
3. Time and memory for 100,000 different captions.

The results of the last run, with the machine, are in near_duplicates.md beside this file (``--write`` renews it).
"""

from __future__ import annotations

import json
import platform
import resource
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

from coordlib.near import add_near_text

LEVELS = (("copied", 0.8), ("copied", 0.6), ("copied", 0.5), ("reworded", 0.3), ("reworded", 0.23))
COLUMN = {"copied": "near_text", "reworded": "reworded_text"}
COPIED, REWORDED, OTHER = "copy-paste", "rewording", "other"


def d3lta_texts(notebook: Path) -> pd.DataFrame:
    """Texts D3lta's notebook shows, with their seed; a seed's kind is what D3lta called most of its pairs."""
    state = json.loads(notebook.read_text(encoding="utf-8"))["metadata"]["widgets"]
    models = state["application/vnd.jupyter.widget-state+json"]["state"].values()
    graph = next(model["state"]["data"] for model in models if model["model_name"] == "SigmaModel")
    called: dict[int, Counter[str]] = defaultdict(Counter)
    for edge in graph["edges"]:
        called[int(edge["source"]) // 10][edge["attributes"]["dup_type"]] += 1
    rows = []
    for node in sorted(graph["nodes"], key=lambda node: int(node["key"])):
        seed = int(node["key"]) // 10
        most = called[seed].most_common(1)[0][0]
        kind = {"copy-pasta": COPIED, "rewording": REWORDED}.get(most, OTHER)
        rows.append((node["attributes"]["text_to_embed"], seed, kind))
    return pd.DataFrame(rows, columns=["text", "seed", "kind"])


def made_texts(seeds: int, seed: int = 7) -> pd.DataFrame:
    """Sentences of made-up words with synonyms, and nine versions of each: copied, reworded, or (a third) nobody's.

    Copied: case, punctuation, quotation marks, an emoji, an opening, hashtags, at times one word. Reworded: the clauses in
    another order, other small words, every third word by a synonym; names stay.
    """
    random = np.random.default_rng(seed)
    sounds = [a + b for a in "bdfghklmnprstvz" for b in "aeiou"]

    def word(size: int) -> str:
        return "".join(random.choice(sounds, size))

    concepts = [[word(int(random.integers(2, 5))) for _ in range(4)] for _ in range(6000)]
    small = [word(1) for _ in range(40)]
    share = 1 / np.arange(1, len(concepts) + 1) ** 0.9
    share /= share.sum()

    def sentence(clauses: list[list[int]], name: str, chance: float) -> str:
        parts = []
        for clause in clauses:
            words = [
                concepts[k][int(random.integers(1, 4)) if random.random() < chance else 0] for k in clause
            ]
            parts.append(
                " ".join(w + " " + small[int(random.integers(40))] * (random.random() < 0.6) for w in words)
            )
        parts[0] = name + " " + parts[0]
        if chance:
            random.shuffle(parts)
        return " ".join(" ".join(parts).split())

    def copied(text: str) -> str:
        words = text.split()
        if random.random() < 0.4:
            words[int(random.integers(len(words)))] = word(3)
        for mark in (",", "!", "?", " 🔥", '"'):
            if random.random() < 0.4:
                words[int(random.integers(len(words)))] += mark
        text = " ".join(words)
        text = text.capitalize() if random.random() < 0.5 else text.upper() if random.random() < 0.2 else text
        text = f"Quick update: {text}" if random.random() < 0.1 else text
        return f"{text} #{word(3)} #{word(2)}" if random.random() < 0.3 else text

    rows = []
    for number in range(seeds):
        kind = (COPIED, REWORDED, OTHER)[number % 3]
        clauses = [list(random.choice(6000, int(random.integers(3, 6)), p=share)) for _ in range(3)]
        name = word(4).capitalize()
        first = sentence(clauses, name, 0)
        rows.append((first, number, kind))
        for version in range(9):
            if kind == COPIED:
                text = copied(first)
            elif kind == REWORDED:
                text = sentence(clauses, name, 0.3)
            else:
                other = [list(random.choice(6000, 4, p=share)) for _ in range(3)]
                text, clauses = sentence(other, word(4), 0), other
            rows.append((text, number if kind != OTHER else seeds + number * 10 + version, kind))
    return pd.DataFrame(rows, columns=["text", "seed", "kind"])


def measured(texts: pd.DataFrame, level: str, similarity: float) -> dict[str, object]:
    """Found pairs of each kind over true pairs, and false pairs over a million pairs of different seeds."""
    table = texts.assign(posted_at=range(len(texts)))
    named = add_near_text(table, level, similarity, min_length=1)[COLUMN[level]].fillna("")  # type: ignore[arg-type]
    objects, seeds = pd.factorize(named)[0], texts["seed"].to_numpy()
    one, two = np.triu_indices(len(texts), 1)
    same, true = objects[one] == objects[two], seeds[one] == seeds[two]
    row: dict[str, object] = {"level": level, "similarity": similarity}
    kind = texts["kind"].to_numpy()[one]
    for name in (COPIED, REWORDED):
        pairs = true & (kind == name)
        row[name] = f"{same[pairs].mean():.3f} of {int(pairs.sum()):,}"
    row["false"] = f"{int((same & ~true).sum()):,} of {int((~true).sum()):,}"
    return row


def cost(size: int = 100_000) -> list[dict[str, object]]:
    """CPU time and memory for different captions, two fifths of them versions of others."""
    random = np.random.default_rng(0)
    share = 1 / np.arange(1, 60_001) ** 1.05
    words = [
        "".join(random.choice(list("abcdefghijklmnopqrstuvwxyz"), int(n)))
        for n in random.integers(2, 11, 60_000)
    ]
    draws = random.choice(60_000, (size, 35), p=share / share.sum())
    lengths = random.integers(5, 35, size)
    for copy in range(int(size * 0.6), size):
        source = int(random.integers(4000))
        draws[copy], lengths[copy] = draws[source], lengths[source]
        draws[copy, random.integers(lengths[copy])] = random.integers(60_000)
    texts = [" ".join(words[k] for k in row[:n]) for row, n in zip(draws, lengths, strict=True)]
    table = pd.DataFrame({"text": texts, "posted_at": range(size)})
    rows = []
    for level in ("copied", "reworded"):
        before = time.process_time()
        named = add_near_text(table, level)  # type: ignore[arg-type]
        spent = time.process_time() - before
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        counts = named.attrs[COLUMN[level]]
        rows.append({"level": level, **counts, "CPU": f"{spent:.0f} s", "memory": f"{peak:.1f} GB"})
    return rows


def as_table(rows: list[dict[str, object]]) -> str:
    """Rows as a Markdown table."""
    lines = [" | ".join(map(str, rows[0])), " | ".join("---" for _ in rows[0])]
    lines += [" | ".join(map(str, row.values())) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def main() -> None:
    """Measure and print; with ``--write`` also renew the page beside this file."""
    parts = ["# Near-duplicate texts: found, false, cost\n"]
    parts.append(
        f"{platform.machine()}, Python {platform.python_version()}, pandas {pd.__version__}, numpy {np.__version__}. "
        "A number is the part of the true pairs that are one object; false are pairs of different seeds that are.\n"
    )
    if "--d3lta" in sys.argv:
        texts = d3lta_texts(Path(sys.argv[sys.argv.index("--d3lta") + 1]))
        parts.append(f"## D3lta's texts ({len(texts):,} of 2,985)\n")
        parts.append(as_table([measured(texts, level, least) for level, least in LEVELS]) + "\n")
    made = made_texts(300)
    parts.append(f"## Texts made here ({len(made):,})\n")
    parts.append(as_table([measured(made, level, least) for level, least in LEVELS]) + "\n")
    if "--no-cost" not in sys.argv:
        parts += ["## 100,000 captions\n", as_table(cost()) + "\n"]
    page = "\n".join(parts)
    print(page)
    if "--write" in sys.argv:
        Path(__file__).with_suffix(".md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
