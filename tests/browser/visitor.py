"""A person at a browser window, and everything the browser complained of on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    Request,
    Response,
    expect,
)  # fmt: skip

from collector.web.catalogue import entries

WAIT_MS = 20_000
"""Longer than anything takes here, also where other tests keep the processors busy."""
LATER = "Failed to load resource: the server responded with a status of"
"""What the console says of any refusal; of the page's own parts we hear it from the answer itself."""
expect.set_options(timeout=WAIT_MS)
WATCH = """
window.__refused = [];
document.addEventListener("securitypolicyviolation",
    (event) => window.__refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


def words(language: str, key: str, **values: Any) -> str:
    """Return the text the pages have for `key`."""
    return entries(language)[key].format(**values)


@dataclass
class Visitor:
    """One window. `complaints`: script errors, dialogs, what the policy refused, parts that did not load, strangers."""

    context: BrowserContext
    url: str
    page: Page
    language: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(path if path.startswith("http") else self.url + path)

    def says(self, key: str, **values: Any) -> str:
        """Return the text of `key` in the language of this window."""
        return words(self.language, key, **values)

    def pattern(self, key: str) -> re.Pattern[str]:
        """Return what the text of `key` looks like, whatever stands in its places."""
        return re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(entries(self.language)[key])))

    def ci_link(self, name: str) -> Locator:
        """Return the first link to the CI called `name`; its icon says the class before it."""
        return self.page.get_by_role("link", name=re.compile(rf"^(\S+ )?{re.escape(name)}$")).first

    @property
    def is_wider_than_the_screen(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    def listen(self) -> None:
        """Remember what goes wrong from now on."""
        self.context.add_init_script(WATCH)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("dialog", self._asked)
        self.page.on("request", self._left)
        self.page.on("response", self._answered)

    def close(self) -> None:
        self.context.close()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(LATER):
            self.complaints.append(f"console: {message.text}")

    def _asked(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _left(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:")):
            self.complaints.append(f"request to {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            self.complaints.append(f"{response.status} for {response.url}")


def arrive(browser: Browser, url: str, language: str = "en", **options: Mapping[str, Any] | Any) -> Visitor:
    """Open a window for somebody whose browser speaks `language`."""
    context = browser.new_context(**{"locale": {"en": "en-US"}.get(language, language), **options})
    context.set_default_timeout(WAIT_MS)
    visitor = Visitor(context, url, context.new_page(), language)
    visitor.listen()
    return visitor
