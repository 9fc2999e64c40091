"""Incidents by themselves: what makes one (`causes`), what present causes mean for those that are there (`planning`).

One incident a cause, or one for all causes of one group.
"""

from __future__ import annotations

from collector.incident.causes import ALERT as ALERT
from collector.incident.causes import BY_PATH as BY_PATH
from collector.incident.causes import CREDENTIAL as CREDENTIAL
from collector.incident.causes import DISAPPEARANCE as DISAPPEARANCE
from collector.incident.causes import FIRING as FIRING
from collector.incident.causes import FOUND as FOUND
from collector.incident.causes import MAX_ITEMS as MAX_ITEMS
from collector.incident.causes import MAX_NAMED as MAX_NAMED
from collector.incident.causes import UNAPPROVED_CHANGE as UNAPPROVED_CHANGE
from collector.incident.causes import Naming as Naming
from collector.incident.causes import alert_cause as alert_cause
from collector.incident.causes import alert_key as alert_key
from collector.incident.causes import alert_of as alert_of
from collector.incident.causes import campaign_cause as campaign_cause
from collector.incident.causes import check_cause as check_cause
from collector.incident.causes import credential_cause as credential_cause
from collector.incident.causes import disappearance_cause as disappearance_cause
from collector.incident.causes import finding_cause as finding_cause
from collector.incident.causes import finding_key as finding_key
from collector.incident.foreign import FOREIGN as FOREIGN
from collector.incident.foreign import foreign_cause as foreign_cause
from collector.incident.planning import EXPLAINED as EXPLAINED
from collector.incident.planning import WAIVED as WAIVED
from collector.incident.planning import Held as Held
from collector.incident.planning import Plan as Plan
from collector.incident.planning import out_of_scope as out_of_scope
from collector.incident.planning import plan as plan
