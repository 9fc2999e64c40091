"""What the API takes and tells of systems whose changes are taken over; what logs in goes in and never comes out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from collector.api.change_bodies import Body, Name
from collector.services.tickets.office import Report
from collector.tickets.system import Secret, System, Voice

Text = Annotated[str, StringConstraints(max_length=4_000)]
Product = Literal["itop", "glpi", "servicenow", "jira"]
Names = Annotated[list[Name], Field(max_length=100)]
MAX_WORDS = 5_000


class VoiceAsked(Body):
    """For whom here, and in which role, somebody's approval there counts."""

    account: Name
    role: Literal["change_supervisor", "change_manager"]


class SystemSaid(Body):
    """A system as people set it up."""

    kind: Product
    url: Annotated[str, StringConstraints(max_length=500)] = Field(description="its address, without path of the API")
    people: dict[Name, Name] = Field(
        default_factory=dict, max_length=MAX_WORDS, description="what identifies somebody there: the account here"
    )
    voices: dict[Name, VoiceAsked] = Field(
        default_factory=dict, max_length=MAX_WORDS, description="whose approval there is a word here; nobody else's is"
    )
    sections: dict[Name, Names] = Field(
        default_factory=dict, max_length=200,
        description="their type, or *: the sections a change covers of each of its CIs where it names no values",
    )  # fmt: skip
    fields: dict[Name, Names] = Field(
        default_factory=dict, max_length=50, description="what is asked: in which fields of theirs it stands"
    )
    types: dict[Name, Name] = Field(default_factory=dict, max_length=200, description="their word: the type here")
    states: dict[Name, Name] = Field(default_factory=dict, max_length=200, description="their word: how far it came")
    timezone: Name = Field("UTC", description="of times it tells without an offset: Asia/Shanghai")
    query: Text = Field("", description="which changes, in its own language; empty: those of the last days")
    days: int = 30
    every_minutes: int = Field(0, description="0: only when somebody asks")
    version: Annotated[str, StringConstraints(max_length=10, pattern=r"^[0-9.]*$")] = Field(
        "", description="of its interface: 2 for Jira Data Center, 1.3 and later for iTop; empty: the usual one"
    )
    ca: Annotated[str, StringConstraints(max_length=100_000)] = Field(
        "", description="certificates it is checked against, PEM; empty: those everybody trusts"
    )
    unencrypted: bool = Field(False, description="what logs in may go over http://")


class SecretAsked(Body):
    user: Text = ""
    password: Text = ""
    token: Text = ""
    app_token: Text = Field("", description="GLPI: of the application")

    def plain(self) -> Secret:
        return Secret(self.user, self.password, self.token, self.app_token)


class SystemAsked(SystemSaid):
    secret: SecretAsked | None = Field(None, description="absent: it keeps the one it has for this address")

    def plain(self, name: str) -> System:
        said = {each: getattr(self, each) for each in SystemSaid.model_fields}
        said["voices"] = {there: Voice(voice.account, voice.role) for there, voice in self.voices.items()}
        for part in ("sections", "fields"):
            said[part] = {there: tuple(each) for there, each in said[part].items()}
        return System(name=name, **said)


class NotTakenShape(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    reference: str
    title: str
    why: str
    field: str
    since: int


class ReportShape(BaseModel):
    """What a look at a system brought."""

    model_config = ConfigDict(from_attributes=True)

    at: int
    failed: str = Field(description="why nothing was read; what was not taken before stands then")
    seen: int
    new: int
    known: int
    left: int = Field(description="how much was not taken, of which the first 200 are named")
    made: list[str]
    not_taken: list[NotTakenShape]


class SystemShape(SystemSaid):
    name: str
    last: ReportShape | None = None


def system_shape(system: System, last: Report | None) -> SystemShape:
    told = ReportShape.model_validate(last) if last else None
    return SystemShape(**asdict(system), last=told)
