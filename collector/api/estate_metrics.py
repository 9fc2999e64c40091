"""What the agents measured, as Prometheus' text: written by hand, for a large estate has a million samples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from collector.services.statistics import Known
from collector.store.browse.statistics import Measurement

_METRIC = re.compile(r"[a-z][a-z0-9_]{0,60}(?<!_total)(?<!_count)(?<!_sum)(?<!_bucket)(?<!_info)(?<!_)", re.ASCII)
"""Names a gauge may have; the endings belong to other kinds of metrics."""
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})


def text(known: Iterable[Known], measured: Iterable[Measurement]) -> str:
    """Return one info sample a CI, and one gauge a metric with a sample for each CI and instance."""
    return "".join([*_info(known), *_gauges(measured)])


def _info(known: Iterable[Known]) -> Iterator[str]:
    yield "# HELP muster_ci_info What a CI is, to be joined by its id.\n# TYPE muster_ci_info gauge\n"
    for each in known:
        labels = {"ci": each.uid, "class": each.ci_class, "name": each.name, "type": each.ci_type}
        joined = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())
        yield f"muster_ci_info{{{joined}}} 1\n"


def _gauges(measured: Iterable[Measurement]) -> Iterator[str]:
    """A metric's samples stand together; one that was told twice for an instance is told once, the later value."""
    families: dict[str, dict[tuple[str, str], float]] = {}
    for one in measured:
        families.setdefault(one.metric, {})[one.uid, one.instance] = one.value
    for metric, samples in sorted(families.items()):
        if not _METRIC.fullmatch(metric):
            continue
        name = f"muster_ci_{metric}"
        yield f"# HELP {name} {metric} as the agent measured it.\n# TYPE {name} gauge\n"
        for (uid, instance), value in samples.items():
            yield f'{name}{{ci="{uid}",instance="{instance.translate(_ESCAPES)}"}} {value!r}\n'
