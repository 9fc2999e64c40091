"""What the knowledge base takes and answers by REST."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from collector.api.shapes import Instant, Shape, instant
from collector.knowledge import Body
from collector.services.knowledge import Listed, Version, Whole

Title = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Long = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Class = Annotated[str, StringConstraints(max_length=40)]
Language = Literal["zh-CN", "en"]


class ArticleAsked(BaseModel):
    """An article: plain text; lists and code as the pages show them are told by their first signs."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    problem: Long
    solution: Long
    category: Annotated[str, StringConstraints(max_length=100)] = Field("", description="a category of the desk")
    classes: list[Class] = Field(default_factory=list, max_length=20, description="of CIs; none: any")
    tags: list[Tag] = Field(default_factory=list, max_length=20)
    language: Language = "zh-CN"

    @property
    def body(self) -> Body:
        said = (self.title, self.problem, self.solution, self.category)
        return Body(*said, tuple(self.classes), tuple(self.tags), self.language)


class ArticleRewritten(ArticleAsked):
    version: int = Field(ge=1, lt=2**31, description="the version it follows")


class Submitted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, StringConstraints(max_length=1000)] = ""


class Decided(Submitted):
    decision: Literal["publish", "refuse", "retire"]


class Voted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    helpful: bool


class BodyShape(Shape):
    title: str
    problem: str
    solution: str
    category: str
    classes: list[str]
    tags: list[str]
    language: str


class ArticleShape(BodyShape):
    """One article as readers see it."""

    number: str
    state: str = Field(description="draft, submitted, published, retired")
    version: int = Field(description="the newest")
    published: int = Field(description="the version readers see; 0: none")
    written_by: str
    written_at: Instant
    helpful: int
    not_helpful: int

    @model_validator(mode="before")
    @classmethod
    def _of_list(cls, each: Any) -> Any:
        return _said(each.body) | _fields(each) if isinstance(each, Listed) else each


class VersionShape(BodyShape):
    version: int
    written_by: str
    written_at: Instant


class ArticleWhole(ArticleShape):
    """One article with what points to it, and its versions for those who write."""

    moved_by: str
    moved_at: Instant
    note: str
    rules: list[str]
    incidents: list[str]
    versions: list[VersionShape]


def whole(found: Whole) -> ArticleWhole:
    its = found.article
    seen = found.seen.body if found.seen else its.body
    return ArticleWhole(
        **_said(seen), **_fields(Listed(its, seen)), moved_by=its.moved_by, moved_at=instant(its.moved_at),
        note=its.note, rules=list(found.rules), incidents=list(found.incidents),
        versions=[_version(each) for each in found.versions],
    )  # fmt: skip


def _version(each: Version) -> VersionShape:
    written: dict[str, Any] = {"written_by": each.written_by, "written_at": instant(each.written_at)}
    return VersionShape(**_said(each.body), version=each.version, **written)


def _said(body: Body) -> dict[str, Any]:
    return {name: getattr(body, name) for name in BodyShape.model_fields}


def _fields(each: Listed) -> dict[str, Any]:
    names = set(ArticleShape.model_fields) - set(BodyShape.model_fields)
    return {name: getattr(each.article, name) for name in names}
