"""Reachability: which ways of asking a CI were answered, and when → up, degraded, unreachable, or nobody can say.

A miss is a doubt about who asked as much as about what was asked. So it takes several in a row, and a probe that loses
much of what it watches within moments has lost its own sight: what it misses is unknown, not unreachable.

`terms`, `methods`, `state`: how one CI stands. `blindness`: whether its watcher sees. `behind`: what explains it.
"""

from __future__ import annotations

from collector.reachability.behind import Graph as Graph
from collector.reachability.behind import Roots as Roots
from collector.reachability.behind import decided as decided
from collector.reachability.behind import explained as explained
from collector.reachability.behind import roots as roots
from collector.reachability.blindness import blinded as blinded
from collector.reachability.blindness import unseen as unseen
from collector.reachability.methods import AGENT as AGENT
from collector.reachability.methods import ICMP as ICMP
from collector.reachability.methods import METHODS as METHODS
from collector.reachability.methods import NONE as NONE
from collector.reachability.methods import SNMP as SNMP
from collector.reachability.methods import TCP as TCP
from collector.reachability.methods import Method as Method
from collector.reachability.methods import Methods as Methods
from collector.reachability.methods import answered as answered
from collector.reachability.methods import heartbeat as heartbeat
from collector.reachability.methods import looked as looked
from collector.reachability.state import BLIND as BLIND
from collector.reachability.state import NEVER as NEVER
from collector.reachability.state import NOT_ASKED as NOT_ASKED
from collector.reachability.state import Reach as Reach
from collector.reachability.state import Standing as Standing
from collector.reachability.state import standing as standing
from collector.reachability.terms import APART_MS as APART_MS
from collector.reachability.terms import TERMS as TERMS
from collector.reachability.terms import Terms as Terms
