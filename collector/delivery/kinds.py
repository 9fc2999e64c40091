"""The kinds of channels by name: which settings and secrets each has, how it is made of them, and its pace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from collector.channel import Channel
from collector.clock import Clock
from collector.delivery import BadDestination, Destination
from collector.delivery.alertmanager import Alertmanager
from collector.delivery.caller import Caller, checked_url
from collector.delivery.glpi import Glpi
from collector.delivery.itop import Itop
from collector.delivery.jira import Jira
from collector.delivery.mail import ADDRESS, PLAIN, STARTTLS, TLS, Mail, Server, Terms
from collector.delivery.message import Voice
from collector.delivery.pagerduty import PagerDuty
from collector.delivery.patience import Pace
from collector.delivery.robot import ROBOTS, Chat
from collector.delivery.servicenow import ServiceNow
from collector.delivery.ticket import Product, Tickets
from collector.delivery.webhook import Webhook
from collector.desk.table import BUILT_IN, Table

MAX_TEXT: Final = 500
MAX_PEM: Final = 100_000
MAX_LINES: Final = 100
MAX_WAIT_S: Final = 3_600
_WHOLE: Final = (0, 1_000_000)
URL, TEXT, NUMBER, CHOICE, LINES, PAIRS, PEM = "url", "text", "number", "choice", "lines", "pairs", "pem"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a kind. `form`: how it is typed; `default`: what holds when nothing is said, None: it must be."""

    name: str
    form: str = TEXT
    default: str | int | None = ""
    choices: tuple[str, ...] = ()
    between: tuple[int, int] = _WHOLE


def prefix_of(channel: Channel) -> str:
    """Return what our keys begin with at the other side of a channel."""
    mark = str(channel.settings.get("mark", ""))
    return f"MUSTER-{mark}-" if mark else "MUSTER-"


@dataclass(frozen=True, slots=True)
class Made:
    """What a channel is made of: itself, its secret, the clock, and whose words it says."""

    channel: Channel
    secret: Mapping[str, str]
    clock: Clock
    desk: Table = BUILT_IN

    def text(self, name: str) -> str:
        return str(self.channel.settings.get(name, ""))

    def number(self, name: str) -> int:
        return int(self.channel.settings[name])

    def pairs(self, name: str) -> dict[str, str]:
        """Return lines of `name = value`."""
        lines = (line.partition("=") for line in self.text(name).splitlines() if "=" in line)
        return {key.strip(): value.strip() for key, _, value in lines}

    @property
    def caller(self) -> Caller:
        return Caller(checked_url(self.text("url"), self.channel.kind), ca=self.text("ca"))

    @property
    def voice(self) -> Voice:
        return Voice(self.channel.language, self.channel.link, self.desk)

    @property
    def prefix(self) -> str:
        """What our keys begin with there."""
        return prefix_of(self.channel)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of channel. `secrets`: the fields of its secret; `needed`: those it cannot be without, any of the groups.

    `scope`: the setting that says where the secret may be sent. `a_minute`: how many messages whoever receives them
    takes, and then bans who sends more; 0: no such limit.
    """

    make: Callable[[Made], Destination]
    settings: tuple[Setting, ...]
    secrets: tuple[str, ...] = ()
    needed: tuple[tuple[str, ...], ...] = ((),)
    gathers: bool = False
    is_ticket: bool = False
    at_once: int = 16
    scope: str = "url"
    a_minute: int = 0

    def pace(self, channel: Channel) -> Pace:
        if not self.gathers:
            return Pace(at_once=self.at_once)
        wait, interval, burst = (int(channel.settings[name]) for name in ("wait_s", "interval_s", "burst"))
        burst, interval = self.slowed(burst, interval)
        return Pace(True, wait, interval, burst)

    def slowed(self, burst: int, interval_s: int) -> tuple[int, int]:
        """Return so many at once and one an interval (s), or as many as are taken in the worst minute."""
        if not self.a_minute:
            return burst, interval_s
        burst = min(burst, self.a_minute - 1)
        return burst, max(interval_s, -(-60 // (self.a_minute - burst)))


_URL, _CA = Setting("url", URL, None), Setting("ca", PEM)
_MARK = Setting("mark")
_GATHERED = (
    Setting("wait_s", NUMBER, 30, between=(0, MAX_WAIT_S)), Setting("interval_s", NUMBER, 300, between=(3, MAX_WAIT_S)),
    Setting("burst", NUMBER, 3, between=(1, 20)),
)  # fmt: skip
_LOGIN = ("user", "password", "token")
_EITHER = (("user", "password"), ("token",))


def _webhook(made: Made) -> Destination:
    return Webhook(made.text("url"), made.secret.get("secret", ""), ca=made.text("ca"))


def _alertmanager(made: Made) -> Destination:
    return Alertmanager(_logged_in(made), made.voice, made.clock)


def _pagerduty(made: Made) -> Destination:
    return PagerDuty(made.caller, made.secret["routing_key"], made.prefix, made.voice)


def _mail(made: Made) -> Destination:
    server = Server(
        made.text("host"), made.number("port"), made.text("security"), made.text("ca"), made.secret.get("user", ""),
        made.secret.get("password", ""),
    )  # fmt: skip
    recipients = tuple(line.strip() for line in made.text("recipients").splitlines() if line.strip())
    sender = made.text("sender")
    if not recipients or not all(ADDRESS.fullmatch(each) for each in recipients):
        raise BadDestination("addresses such as desk@example.org are expected, one a line", "recipients")
    if not ADDRESS.fullmatch(sender):
        raise BadDestination("an address such as muster@example.org is expected", "sender")
    terms = Terms(sender, recipients, made.prefix.lower(), made.voice)
    return Mail(server, terms, made.clock)


def _chat(made: Made) -> Destination:
    return Chat(ROBOTS[made.channel.kind], made.caller, made.secret, made.voice, made.clock)


def _logged_in(made: Made) -> Caller:
    caller = made.caller
    if (token := made.secret.get("token")) and not made.secret.get("user"):
        caller.headers["Authorization"] = f"Bearer {token}"
    elif user := made.secret.get("user"):
        caller.auth = (user, made.secret.get("password") or made.secret.get("token") or "")
    return caller


def _tickets(made: Made, product: Product) -> Destination:
    return Tickets(product, made.prefix, made.voice)


def _itop(made: Made) -> Destination:
    login = {"auth_user": made.secret.get("user", ""), "auth_pwd": made.secret.get("password", "")}
    if token := made.secret.get("token"):
        login = {"auth_token": token}
    fields, version = made.pairs("fields"), made.text("version") or "1.3"
    return _tickets(made, Itop(made.caller, login, made.text("organisation"), fields, version))


def _glpi(made: Made) -> Destination:
    return _tickets(made, Glpi(made.caller, made.secret, made.pairs("fields")))


def _servicenow(made: Made) -> Destination:
    return _tickets(made, ServiceNow(_logged_in(made), made.text("close_code"), made.pairs("fields")))


def _jira(made: Made) -> Destination:
    project = made.text("project")
    if not project.replace("_", "").isalnum() or not project.isascii():
        raise BadDestination("the key of a project is expected, such as OPS", "project")
    issue_type, resolve_by = made.text("issue_type"), made.text("resolve_by")
    return _tickets(made, Jira(_logged_in(made), made.text("version"), project, issue_type, resolve_by))


def _robot(address: str, a_minute: int) -> Kind:
    return Kind(
        _chat, (Setting("url", URL, address), _CA, *_GATHERED), ("token", "secret"), (("token",),), gathers=True,
        a_minute=a_minute,
    )  # fmt: skip


KINDS: Final[Mapping[str, Kind]] = {
    "webhook": Kind(_webhook, (_URL, _CA), ("secret",)),
    "email": Kind(
        _mail,
        (
            Setting("host", TEXT, None), Setting("port", NUMBER, 587, between=(1, 65_535)),
            Setting("security", CHOICE, STARTTLS, (STARTTLS, TLS, PLAIN)), Setting("sender", TEXT, None),
            Setting("recipients", LINES, None), _CA, _MARK, *_GATHERED,
        ),
        ("user", "password"), gathers=True, scope="host",
    ),
    "dingtalk": _robot("https://oapi.dingtalk.com/robot/send", 20),
    "wecom": _robot("https://qyapi.weixin.qq.com/cgi-bin/webhook/send", 20),
    "feishu": _robot("https://open.feishu.cn/open-apis/bot/v2/hook", 100),
    "alertmanager": Kind(_alertmanager, (_URL, _CA), _LOGIN),
    "pagerduty": Kind(
        _pagerduty, (Setting("url", URL, "https://events.pagerduty.com"), _CA, _MARK),
        ("routing_key", "webhook_secret"),
        (("routing_key",),), at_once=2,
    ),
    "itop": Kind(
        _itop, (_URL, _CA, Setting("organisation", TEXT, None), Setting("version"), Setting("fields", PAIRS), _MARK),
        _LOGIN, _EITHER, is_ticket=True, at_once=4,
    ),
    "glpi": Kind(
        _glpi, (_URL, _CA, Setting("fields", PAIRS), _MARK), (*_LOGIN, "app_token"), _EITHER, is_ticket=True, at_once=4,
    ),
    "servicenow": Kind(
        _servicenow,
        (_URL, _CA, Setting("close_code", TEXT, "Solved (Permanently)"), Setting("fields", PAIRS), _MARK),
        _LOGIN, _EITHER, is_ticket=True, at_once=4,
    ),
    "jira": Kind(
        _jira,
        (
            _URL, _CA, Setting("version", CHOICE, "3", ("3", "2")), Setting("project", TEXT, None),
            Setting("issue_type", TEXT, "Task"), Setting("resolve_by"), _MARK,
        ),
        _LOGIN, (("user", "token"), ("user", "password"), ("token",)), is_ticket=True, at_once=4,
    ),
}  # fmt: skip


def checked(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a channel with what was not said; raise `BadDestination`, which names the field."""
    if kind not in KINDS:
        raise BadDestination(f"a channel is one of {', '.join(KINDS)}", "kind")
    known = {each.name: each for each in KINDS[kind].settings}
    if unknown := sorted(given.keys() - known.keys()):
        raise BadDestination(f"{kind} has no setting {unknown[0][:64]}", "settings")
    settings = {name: _checked(kind, each, given.get(name)) for name, each in known.items()}
    if most := KINDS[kind].a_minute:
        asked = int(settings["burst"]), int(settings["interval_s"])
        if KINDS[kind].slowed(*asked) != asked:
            raise BadDestination(f"{kind} takes {most} messages a minute", "interval_s")
    return settings


def make(channel: Channel, secret: Mapping[str, str], clock: Clock, desk: Table = BUILT_IN) -> Destination:
    """Return the destination of a channel, which says the words of `desk`; raise `BadDestination`."""
    kind = KINDS.get(channel.kind)
    if kind is None:
        raise BadDestination(f"a channel is one of {', '.join(KINDS)}", "kind")
    if not any(all(secret.get(name) for name in group) for group in kind.needed):
        ways = " or ".join(" and ".join(group) for group in kind.needed)
        raise BadDestination(f"{ways} is needed to log in", "secret")
    return kind.make(Made(channel, secret, clock, desk))


def _checked(kind: str, setting: Setting, value: Any) -> str | int:
    if value in (None, ""):
        if setting.default is None:
            raise BadDestination("this is needed", setting.name)
        return setting.default
    if setting.form == NUMBER:
        return _number(setting, value)
    if not isinstance(value, str) or len(value) > (MAX_PEM if setting.form in (PEM, LINES, PAIRS) else MAX_TEXT):
        raise BadDestination("a text is expected, not too long", setting.name)
    if setting.form == URL:
        return checked_url(value, kind)
    if setting.form == CHOICE and value not in setting.choices:
        raise BadDestination(f"one of {', '.join(setting.choices)} is expected", setting.name)
    return _text(setting, value)


def _text(setting: Setting, value: str) -> str:
    lines = value.replace("\r\n", "\n").split("\n")
    if setting.form not in (PEM, LINES, PAIRS) and len(lines) > 1:
        raise BadDestination("one line is expected", setting.name)
    if not all(line.isprintable() for line in lines):
        raise BadDestination("printable characters are expected", setting.name)
    if setting.form in (LINES, PAIRS) and len(lines) > MAX_LINES:
        raise BadDestination(f"at most {MAX_LINES} lines are expected", setting.name)
    if setting.name == "mark" and not (value.isascii() and value.isalnum() and len(value) <= 20):
        raise BadDestination("up to 20 letters and digits are expected", setting.name)
    return "\n".join(lines)


def _number(setting: Setting, value: Any) -> int:
    least, most = setting.between
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else value
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
        raise BadDestination(f"a number from {least} to {most} is expected", setting.name)
    return number
