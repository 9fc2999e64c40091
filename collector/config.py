"""The collector's settings: one frozen value from defaults, `MUSTER_…` variables and flags."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from collector.store.engine import sqlite_url


class Settings(BaseSettings):
    """Every limit of the collector has its name here."""

    model_config = SettingsConfigDict(env_prefix="MUSTER_", frozen=True, extra="forbid")

    data: Path = Field(default=Path("var"), description="folder of the database, the CA and the local secrets")
    database_url: str = Field(default="", description="postgresql+asyncpg://…; empty: SQLite in the data folder")
    host: str = Field(default="127.0.0.1", description="address the listeners bind, and the name in printed links")
    http_port: int = Field(default=8080, description="web page, REST, metrics")
    grpc_port: int = Field(default=8443, description="data listener: mutual TLS")
    enroll_port: int = Field(default=8444, description="enrolment listener: server-side TLS")
    rules: Path | None = Field(default=None, description="folder of rule packs; empty: the packs that are shipped")
    webhook_url: str = Field(default="", description="where incidents are delivered; empty: nowhere")
    webhook_secret: str = Field(default="", repr=False, description="signs what is delivered; empty: unsigned")
    leaf_hours: float = Field(default=24.0, description="life of an agent's certificate, hours")
    check_in_s: int = Field(default=60, description="seconds between an agent's check-ins")
    inventory_s: int = Field(default=900, description="seconds between an agent's full inventories")
    silent_after_s: int = Field(default=900, description="seconds without a word until an agent counts as silent")
    inspect_every_s: int = Field(default=30, description="seconds between passes of the time-driven rules")
    max_reports: int = Field(default=64, description="reports handled at once; more are told to come back")
    reports_per_minute: int = Field(default=600, description="reports one agent may send a minute")
    max_pending_bytes: int = Field(default=256 * 1024 * 1024, description="bytes in flight to the database")
    audit_days: int = Field(default=800, ge=400, description="days the audit log is kept; 13 months at least")
    session_idle_s: int = Field(default=8 * 3600, description="seconds until an idle session ends")
    session_max_s: int = Field(default=24 * 3600, description="seconds until any session ends")

    @property
    def rules_folder(self) -> Path:
        return self.rules or shipped_rules()

    @property
    def store_url(self) -> str:
        return self.database_url or sqlite_url(self.data / "muster.db")


def shipped_rules() -> Path:
    """Return the rules that come with the program: inside the wheel, or beside the packages in a checkout."""
    here = Path(__file__).resolve().parent
    inside = here / "data" / "rules"
    return inside if inside.is_dir() else here.parent / "rules"
