"""`muster kb`: the knowledge base: articles found, written, reviewed and retired."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, Refused, default_data

app = typer.Typer(no_args_is_help=True, help="The knowledge base: problems solved before, and how.")

DATA = default_data()
Number = Annotated[str, typer.Argument(help="Number of an article: KB-000001.")]
Note = Annotated[str, typer.Option("--note", help="What you want to say; it stands with the article.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stands with the article.")]
Class = Annotated[str, typer.Option("--class", help="Only what is for CIs of this class.")]
COLUMNS = ("number", "state", "title", "category", "classes", "tags", "helpful", "not_helpful", "written_by")


@app.command("list")
def listed(
    state: Annotated[str, typer.Option("--state", help="published, draft, submitted or retired.")] = "published",
    class_: Class = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List articles, the newest first."""
    _table(Client(data).get("knowledge", state=state, **{"class": class_}), json)


@app.command("search")
def search(
    text: Annotated[str, typer.Argument(help="What is asked: a symptom, an error message, a model.")],
    class_: Class = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Find published articles, those that answer best first."""
    _table(Client(data).get("knowledge", q=text, **{"class": class_}), json)


@app.command("show")
def one(number: Number, json: AsJson = False, data: Data = DATA) -> None:
    """Show one article."""
    found = Client(data).get(f"knowledge/{number}")
    if json:
        show.as_json(found)
        return
    show.text(f"{found['number']} · {found['title']} ({found['state']}, {found['written_by']})\n")
    show.text(f"\n{found['problem']}\n\n{found['solution']}\n")


@app.command("write")
def write(  # noqa: PLR0913  a command line has as many options as it has
    title: Annotated[str, typer.Argument(help="One line.")],
    problem: Annotated[str, typer.Option("--problem", help="What one sees, and when.")],
    solution: Annotated[Path, typer.Option("--solution", help="A file (UTF-8) with what solves it.")],
    number: Annotated[str, typer.Option("--number", help="The article this is a new version of.")] = "",
    category: Annotated[str, typer.Option("--category", help="A category of the desk.")] = "",
    classes: Annotated[list[str] | None, typer.Option("--class", help="For CIs of this class; repeatable.")] = None,
    tags: Annotated[list[str] | None, typer.Option("--tag", help="A word to find it by; repeatable.")] = None,
    language: Annotated[str, typer.Option("--language", help="zh-CN or en.")] = "zh-CN",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Write an article, or the next version of one: a draft until somebody else publishes it."""
    asked = {
        "title": title, "problem": problem, "solution": _text(solution), "category": category,
        "classes": classes or [], "tags": tags or [], "language": language,
    }  # fmt: skip
    client = Client(data)
    if not number:
        _told(client.post("knowledge", asked), json)
        return
    version = client.get(f"knowledge/{number}")["version"]
    client.put(f"knowledge/{number}", asked | {"version": version})
    _told({"number": number}, json)


@app.command("submit")
def submit(number: Number, note: Note = "", json: AsJson = False, data: Data = DATA) -> None:
    """Have an article reviewed."""
    _told(Client(data).post(f"knowledge/{number}/submissions", {"note": note}), json)


@app.command("publish")
def publish(number: Number, note: Note = "", json: AsJson = False, data: Data = DATA) -> None:
    """Publish what somebody else wrote."""
    _decide(number, "publish", note, json, data)


@app.command("refuse")
def refuse(number: Number, reason: Reason, json: AsJson = False, data: Data = DATA) -> None:
    """Send back what somebody else wrote."""
    _decide(number, "refuse", reason, json, data)


@app.command("retire")
def retire(number: Number, reason: Reason, json: AsJson = False, data: Data = DATA) -> None:
    """Let nobody find an article any more."""
    _decide(number, "retire", reason, json, data)


@app.command("vote")
def vote(
    number: Number,
    helpful: Annotated[bool, typer.Option("--helpful/--not-helpful", help="Whether it helped.")],
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Say whether an article helped."""
    _told(Client(data).post(f"knowledge/{number}/votes", {"helpful": helpful}), json)


def _decide(number: str, decision: str, note: str, json: bool, data: Any) -> None:
    _told(Client(data).post(f"knowledge/{number}/decisions", {"decision": decision, "note": note}), json)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise Refused(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Refused(f"{file} is no text in UTF-8") from error


def _table(rows: list[dict[str, Any]], json: bool) -> None:
    show.as_json(rows) if json else show.table(rows, COLUMNS)


def _told(made: dict[str, Any], json: bool) -> None:
    show.as_json(made) if json else print(made["number"])
