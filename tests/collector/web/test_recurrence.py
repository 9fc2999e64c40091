"""Recurrences in words, in both languages; what there are no words for stands as it is."""

from __future__ import annotations

import pytest

from collector.web.catalogue import Texts
from collector.web.recurrence import recurrence


@pytest.mark.parametrize(
    ("rrule", "chinese", "english"),
    [
        ("FREQ=DAILY;BYHOUR=8;BYMINUTE=35", "每天 08:35", "Every day at 08:35"),
        ("FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=9", "每周一、周四 09:00", "Every Monday, Thursday at 09:00"),
        ("FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=9", "每月 1 日 09:00", "Every month on day 1 at 09:00"),
        ("FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=14", "每月最后一个周五 14:00", "Every month on the last Friday at 14:00"),
        (
            "FREQ=YEARLY;BYMONTH=5,11;BYDAY=2TH;BYHOUR=14",
            "每年 5 月、11 月的第二个周四 14:00",
            "Every May, November on the second Thursday at 14:00",
        ),
    ],
)
def test_a_recurrence_is_said_as_people_say_it(rrule: str, chinese: str, english: str) -> None:
    assert (recurrence(Texts("zh-CN"), rrule), recurrence(Texts("en"), rrule)) == (chinese, english)


@pytest.mark.parametrize(
    "rrule",
    ["FREQ=DAILY;INTERVAL=2", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-1", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=YEARLY", "{x}",
     "FREQ=WEEKLY;BYDAY=9XX9"],
)  # fmt: skip
def test_what_there_are_no_words_for_stands_as_it_is(rrule: str) -> None:
    assert recurrence(Texts("en"), rrule) == rrule
