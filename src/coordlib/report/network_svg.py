"""The network as a still picture, for paper and for readers without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coordlib.report.text import escape

#: Lines beyond this many would only be grey: the heaviest are drawn.
_LINES = 600
_WIDTH = 900


def network_svg(
    nodes: Sequence[dict[str, Any]],
    edges: Sequence[dict[str, Any]],
    bubbles: Sequence[dict[str, Any]],
    title: str,
) -> str:
    """Draw nodes, edges and closed bubbles as the interactive drawing first shows them."""
    closed = [
        {
            "key": f"b{bubble['id']}",
            **bubble,
            "label": f"{bubble['n']:,}",
            "name": f"{bubble['n']:,} accounts",
        }
        for bubble in bubbles
    ]
    alone = [{"key": str(node["id"]), **node} for node in nodes if node.get("bubble") is None]
    shown = {item["key"]: item for item in [*closed, *alone]}
    of = {
        node["id"]: f"b{node['bubble']}" if node.get("bubble") is not None else str(node["id"])
        for node in nodes
    }
    lines: dict[tuple[str, str], float] = {}
    for edge in edges:
        ends = sorted((of[edge["from"]], of[edge["to"]]))
        if ends[0] != ends[1]:
            lines[ends[0], ends[1]] = lines.get((ends[0], ends[1]), 0.0) + float(edge["width"])
    reach = [
        (
            item["x"] - item["size"],
            item["y"] - item["size"],
            item["x"] + item["size"],
            item["y"] + item["size"],
        )
        for item in shown.values()
    ]
    left, top = min(r[0] for r in reach), min(r[1] for r in reach)
    right, bottom = max(r[2] for r in reach), max(r[3] for r in reach)
    scale = _WIDTH / max(right - left, 1.0)

    def at(item: dict[str, Any]) -> tuple[int, int]:
        return round((item["x"] - left) * scale), round((item["y"] - top) * scale)

    heavy = sorted(lines.items(), key=lambda line: (-line[1], line[0]))[:_LINES]
    drawn: dict[float, list[str]] = {}  # lines as wide as each other are one path
    for (first, second), width in sorted(heavy):
        (x1, y1), (x2, y2) = at(shown[first]), at(shown[second])
        drawn.setdefault(round(min(6.0, 0.4 + width * scale / 4), 1), []).append(f"M{x1} {y1}L{x2} {y2}")
    paths = [f'<path d="{"".join(parts)}" stroke-width="{wide}"/>' for wide, parts in sorted(drawn.items())]
    points = []
    for item in shown.values():
        x, y = at(item)
        radius = max(1.5, item["size"] * scale)
        points.append(
            f'<circle cx="{x}" cy="{y}" r="{radius:.1f}" fill="{item["color"]}"><title>{escape(item["name"])}</title></circle>'
        )
        if "label" in item and item in closed and radius > 9:
            points.append(f'<text x="{x}" y="{y + 4}">{item["label"]}</text>')
    height = max(1, round((bottom - top) * scale))
    return (
        f'<figure class="cl-still"><svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{title}">'
        f'<g stroke="currentColor" stroke-opacity=".35">{"".join(paths)}</g>{"".join(points)}</svg></figure>'
    )
