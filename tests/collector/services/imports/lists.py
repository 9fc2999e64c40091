"""Lists of devices in every format, for the tests of what reads them."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

HEAD = ["类型", "名称", "标签号", "序列号", "厂商", "型号", "责任人", "存放位置"]
ROWS = [
    ["交换机", "接入交换机 1", "LB-0001", "2102353TESR0001", "Huawei", "S5731", "李伟", "A07-U12"],
    ["打印机", "三楼打印机", "LB-0002", "CN0123456A", "HP", "M404", "王芳", "3-301"],
]


def as_csv(rows: Sequence[Sequence[str]] = ROWS, head: Sequence[str] = HEAD, encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([head, *rows])
    return out.getvalue().encode(encoding)


def as_json(rows: Sequence[Sequence[str]] = ROWS, head: Sequence[str] = HEAD, encoding: str = "utf-8") -> bytes:
    return json.dumps([dict(zip(head, row, strict=False)) for row in rows], ensure_ascii=False).encode(encoding)


def as_xml(rows: Sequence[Sequence[str]] = ROWS, head: Sequence[str] = HEAD, encoding: str = "utf-8") -> bytes:
    def row(cells: Sequence[str]) -> str:
        return "".join(f"<{name}>{escape(cell)}</{name}>" for name, cell in zip(head, cells, strict=False))

    body = "".join(f"<设备>{row(cells)}</设备>" for cells in rows)
    return f'<?xml version="1.0" encoding="{encoding}"?><清单>{body}</清单>'.encode(encoding)


def as_xlsx(rows: Sequence[Sequence[str]] = ROWS, head: Sequence[str] = HEAD) -> bytes:
    """Return a workbook as Excel writes it: the headings shared, the rest in the cells, and one formula."""

    def cell(at: int, number: int, text: str) -> str:
        place = f"{chr(ord('A') + at)}{number}"
        if number == 1:
            return f'<c r={quoteattr(place)} t="s"><v>{at}</v></c>'
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(text)}</t></is></c>' if text else ""

    lines = [
        f'<row r="{number}">{"".join(cell(at, number, text) for at, text in enumerate(cells))}</row>'
        for number, cells in enumerate([head, *rows], 1)
    ]
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    shared = "".join(f"<si><r><t>{escape(name[:1])}</t></r><r><t>{escape(name[1:])}</t></r></si>" for name in head)
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "xl/sharedStrings.xml": f"<sst {space}>{shared}</sst>",
            "xl/worksheets/sheet1.xml": f"<worksheet {space}><sheetData>{''.join(lines)}</sheetData></worksheet>",
            "xl/worksheets/sheet2.xml": f"<worksheet {space}><sheetData/></worksheet>",
        }
    )


def zipped(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()
