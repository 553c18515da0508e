"""YAML files that people write: every surprise of the format is refused in one line, or does not happen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from coordlib.errors import FileFormatError


class _Plain(yaml.SafeLoader):
    """Dates stay text, NO is a word, 0100 a hundred and 1e3 a thousand, no key twice, no aliases (a few lines of them can name a billion items)."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            place = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            said = "aliases (*name) are not used here; write the value"
            raise yaml.composer.ComposerError(None, None, said, place)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a name has to be a word", key.start_mark)
            if key.value in seen:
                said = f"'{key.value}' stands twice"
                raise yaml.constructor.ConstructorError(None, None, said, key.start_mark)
            seen.add(key.value)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


_Plain.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if not tag.endswith((":timestamp", ":bool", ":int", ":float"))]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
# Never octal (0100 would be 64) and never to the base of sixty (12:30:45 would be 45045).
_WHOLE, _POWER = "(?:0|[1-9][0-9]*)", "(?:[eE][-+]?[0-9]+)?"
_DECIMAL = rf"[-+]?(?:{_WHOLE}(?:\.[0-9]*)?|\.[0-9]+){_POWER}|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
for _kind, _form, _letters in (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", f"[-+]?{_WHOLE}", "-+0123456789"),
    ("float", _DECIMAL, "-+0123456789."),
):
    _Plain.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(f"^(?:{_form})$"), list(_letters))


class _Text(_Plain):
    """Every value stays the text that was written: a column may be called "no" or "2024"."""


_Text.yaml_implicit_resolvers = {}


def read_yaml(path: Path | str, *, text: bool = False) -> dict[str, Any]:
    """Read a file of ``name: value`` lines (`text`: every value stays text); what the format does unexpectedly is refused in one line."""
    path = Path(path)
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=_Text if text else _Plain)
    except FileNotFoundError:
        raise FileFormatError(f"{path}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except (yaml.YAMLError, ValueError, OSError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        said = getattr(error, "problem", None) or str(error)
        raise FileFormatError(f"{path}{place}: not readable as YAML ({' '.join(said.split())})") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise FileFormatError(f"{path}: expected 'name: value' lines, found a {type(values).__name__}")
    return values
