"""The nouns. Frozen values without behaviour; every one stands in ARCHITECTURE.md's glossary.

Times are milliseconds since 1970-01-01 UTC and end in `_at`. Intervals are half-open, an open one
ends at `FOREVER`. Paths name one value of a CI: `section` and `key` (a field of a record, or the
key of an element such as a package).
"""

from __future__ import annotations

from collector.model.alerting import Alert as Alert
from collector.model.alerting import Outcome as Outcome
from collector.model.alerting import Result as Result
from collector.model.alerting import Rule as Rule
from collector.model.estate import CI as CI
from collector.model.estate import FOREVER as FOREVER
from collector.model.estate import GONE as GONE
from collector.model.estate import CiState as CiState
from collector.model.estate import Govern as Govern
from collector.model.estate import Path as Path
from collector.model.estate import Source as Source
from collector.model.estate import Tolerance as Tolerance
from collector.model.estate import Value as Value
from collector.model.findings import Campaign as Campaign
from collector.model.findings import Drift as Drift
from collector.model.findings import Finding as Finding
from collector.model.findings import Verdict as Verdict
from collector.model.identity import CONTAINS as CONTAINS
from collector.model.identity import PARENT_TO_SUBJECT as PARENT_TO_SUBJECT
from collector.model.identity import CaseKind as CaseKind
from collector.model.identity import DuplicateCase as DuplicateCase
from collector.model.identity import Holder as Holder
from collector.model.identity import Identified as Identified
from collector.model.identity import Identifier as Identifier
from collector.model.identity import Subject as Subject
from collector.model.incidents import Attachment as Attachment
from collector.model.incidents import Cause as Cause
from collector.model.incidents import Delivery as Delivery
from collector.model.incidents import Incident as Incident
from collector.model.incidents import Member as Member
from collector.model.lanes import Claim as Claim
from collector.model.lanes import Fact as Fact
from collector.model.lanes import Interval as Interval
from collector.model.lanes import Step as Step
from collector.model.observation import Event as Event
from collector.model.observation import Observation as Observation
from collector.model.observation import Reading as Reading
