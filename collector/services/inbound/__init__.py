"""What other systems tell us: their alerts become incidents of the CIs they are about.

| file | one thing |
|---|---|
| `reading` | values out of a body of theirs: bounded, with one declared error |
| `alertmanager` | Alertmanager's webhook (version 4) and its API v2 |
| `pagerduty` | PagerDuty's Events API v2 |
| `pagerduty_webhook` | PagerDuty's webhooks: what people there said of incidents we told it of |
| `mapping` | any other JSON, by `rules/inbound.yaml` |
| `binding` | which CI an alert is about, or none |
| `gathering` | alerts of no CI share the incident of their kind |
| `assigning` | people say which CI an alert is about, once or by a label |
| `listed` | those that stand, for pages and REST |
| `inbox` | taken, kept, and its incident opened or resolved, in one transaction |
| `expiring` | alerts that nobody tells of any more end by the clock |
"""
