"""What an article is found by, in both languages, and which of several answers best."""

from __future__ import annotations

import pytest

from collector.knowledge import FOUND, MAX_WORD, MAX_WORDS, Body, asked, ranked, weights, words

DISK = Body(
    "磁盘空间不足", "根分区使用率超过 95%，nginx 报 No space left on device", "清理 /var/log 下的旧日志", tags=("disk",)
)
FAN = Body("风扇转速异常", "风扇告警", "更换风扇")


def _found(question: str, *bodies: Body) -> list[int]:
    rows = [(word, at, weight) for at, body in enumerate(bodies) for word, weight in weights(body).items()]
    wanted = asked(question)
    return [hit.article_id for hit in ranked(wanted, [row for row in rows if row[0] in wanted], len(bodies))]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("磁盘", [0]), ("磁盘满了空间不足", [0]), ("风扇", [1]), ("风", [1]), ("disks", [0]), ("NGINX", [0]),
        ("space left", [0]), ("ＮＧＩＮＸ", [0]), ("电源", []), ("呢", []), ("", []), ("'; DROP TABLE", []), ("%", []),
    ],
)  # fmt: skip
def test_chinese_is_found_by_its_pairs_and_latin_by_whole_words_of_any_case(question: str, found: list[int]) -> None:
    assert _found(question, DISK, FAN) == found


def test_what_is_asked_in_the_title_answers_better_than_in_passing() -> None:
    passing = Body("巡检记录", "看到磁盘空间不足的告警", "见另一篇")
    assert _found("磁盘空间不足", passing, DISK) == [1, 0]


def test_one_common_word_of_many_is_no_answer() -> None:
    others = [Body(f"设备 {at} 的说明", "设备", "设备") for at in range(20)]
    assert FOUND > 0
    assert _found("设备 vlan trunk 配置 丢包 排查", *others) == []


def test_compound_words_are_found_whole_and_by_their_parts() -> None:
    assert set(words("web-01.example.org failed")) >= {"web-01.example.org", "web", "01", "example", "org", "failed"}


def test_hostile_texts_make_bounded_words() -> None:
    body = Body("x" * 200, " ".join(f"w{at}" for at in range(20_000)), "a" * 20_000)
    found = weights(body)
    assert len(found) == MAX_WORDS
    assert max(map(len, found)) <= MAX_WORD
