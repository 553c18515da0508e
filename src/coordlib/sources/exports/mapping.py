"""Any table becomes an export by a mapping file that says which column means what.

::

    account_id: user_handle
    account_name: user_title        # optional
    content_id: [channel, message]  # several columns are joined by ":"
    timestamp_share: posted_at
    object: link                    # the usual one of the objects
    objects:
      link: shared_url
      hashtag: {column: tags, separator: ","}
      text_link: {column: text, links: true}
    engagement:
      likes: n_likes
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from coordlib.errors import ParameterError, UnknownParameterError
from coordlib.sources.exports.model import ENGAGEMENT, Format, ObjectSource
from coordlib.yaml_files import read_yaml

Names = str | list[str]


class ObjectMapping(BaseModel):
    """One candidate for what was shared."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    column: str
    separator: str | None = None
    ignore: list[str] = []
    links: bool = False


class Mapping(BaseModel):
    """Which column of a table means what."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    account_id: Names
    content_id: Names
    timestamp_share: Names
    objects: dict[str, str | ObjectMapping] = Field(min_length=1)
    object: str | None = None
    account_name: Names | None = None
    url: str | None = None
    engagement: dict[str, str] = {}

    @field_validator("engagement")
    @classmethod
    def _neutral_names(cls, value: dict[str, str]) -> dict[str, str]:
        unknown = set(value) - set(ENGAGEMENT)
        if unknown:
            raise ValueError(
                f"unknown engagement {', '.join(sorted(unknown))}; known: {', '.join(ENGAGEMENT)}"
            )
        return value


def load_mapping(source: Path | str | dict[str, Any]) -> Format:
    """Read a mapping (a YAML file, or its content as a dict) as a format of its own.

    Raises
    ------
    FileFormatError
        Not YAML, or not ``name: column`` lines.
    UnknownParameterError, ParameterError
        A name the mapping does not have, or a value that does not fit.

    Examples
    --------
    >>> known = load_mapping({"account_id": "who", "content_id": "id", "timestamp_share": "at",
    ...                       "objects": {"link": "url"}})
    >>> known.needed
    (('who',), ('id',), ('at',), ('url',))
    """
    where = "mapping" if isinstance(source, dict) else str(source)
    values = source if isinstance(source, dict) else read_yaml(source, text=True)
    unknown = {str(name) for name in values} - set(Mapping.model_fields)
    if unknown:
        raise UnknownParameterError.from_names(unknown, Mapping.model_fields, where)
    try:
        mapping = Mapping(**values)
    except ValidationError as error:
        parts = [f"{'.'.join(map(str, item['loc'][:2]))}: {item['msg'].lower()}" for item in error.errors()]
        raise ParameterError(f"{where}: {'; '.join(dict.fromkeys(parts))}") from None
    return _format(mapping, where)


def _format(mapping: Mapping, where: str) -> Format:
    objects = {name: _object(value) for name, value in mapping.objects.items()}
    default = mapping.object or next(iter(objects))
    if default not in objects:
        raise ParameterError(f"{where}: object '{default}' is not among the objects ({', '.join(objects)})")
    account, content, time = (
        _names(mapping.account_id),
        _names(mapping.content_id),
        _names(mapping.timestamp_share),
    )
    columns = [*account[:1], *content, *time[:1], *objects[default].columns]
    return Format(
        name="mapping",
        title=f"table mapped by {where}",
        needed=tuple((name,) for name in dict.fromkeys(columns)),
        account=account,
        content=content,
        time=time,
        objects=objects,
        default_object=default,
        account_name=_names(mapping.account_name) if mapping.account_name else (),
        url=(mapping.url,) if mapping.url else (),
        engagement={name: (column,) for name, column in mapping.engagement.items()},
    )


def _object(value: str | ObjectMapping) -> ObjectSource:
    if isinstance(value, str):
        return ObjectSource((value,))
    separator = None if value.separator is None else rf"\s*{re.escape(value.separator)}\s*"
    if value.separator is not None and not value.separator.strip():
        separator = r"\s+"
    return ObjectSource(
        (value.column,), separator=separator, ignore=frozenset(value.ignore), links=value.links
    )


def _names(value: Names) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
