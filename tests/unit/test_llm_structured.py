"""A completion read as JSON: every wrapping that is taken, and every fault with its code."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import ModelAbsent, ModelUnusable
from bot.llm.counting import count_tokens
from bot.llm.model import Completion, Message, ModelKind, Prompt
from bot.llm.structured import read_json
from bot.llm.stub import AbsentModel

ONE = {"a": 1}


def said(text: str, finish: str = "stop") -> Completion:
    return Completion(text, "m", 1, 77, finish, 1)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        ' \n{"a": 1}\n ',
        '\ufeff{"a": 1}',
        '```json\n{"a": 1}\n```',
        '```\n{"a": 1}\n```',
        '  ```JSON  \n{"a": 1}\n  ```  ',
        'Here it is:\n\n```json\n{"a": 1}\n```\nThat is all.',
        'Use `x` and:\n```json\n{"a": 1}\n```',
    ],
)
def test_one_object_however_it_is_wrapped(text: str) -> None:
    assert read_json(said(text)) == ONE


def test_a_fence_within_a_string_is_text() -> None:
    value = {"after": "```py\nx\n```\n", "é": "\u2028"}
    assert read_json(said(json.dumps(value, ensure_ascii=False))) == value
    assert read_json(said(f"```json\n{json.dumps(value)}\n```")) == value


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("", "model.empty", "empty answer"),
        ("\ufeff \n", "model.empty", "empty answer"),
        ("I would rather not.", "model.prose", "I would rather not."),
        ('The answer is {"a": 1}.', "model.prose", "prose"),
        ('```json\n{"a": 1}\n```\n```json\n{"a": 2}\n```', "model.prose", "2 fenced blocks"),
        ("```py\nx = 1\n```", "model.prose", "1 fenced blocks"),
        ('```json\n{"a": 1}', "model.truncated", "never closed"),
        ('{"a": "unfinished', "model.truncated", "line 1, column 7"),
        ('{"a": 1', "model.truncated", "line 1"),
        ('{"a": [1, 2', "model.truncated", "line 1"),
        ('{"a": tru', "model.truncated", "line 1"),
        ('{"a":\n\n 1,,\n "b": 2, "cccccccccccccccc": 3}', "model.not_json", "line 3, column 4"),
        ("{'a': 1}", "model.not_json", "line 1, column 2"),
        ('{"a": 1} and more', "model.not_json", "Extra data"),
        ('{"a": 1}{"a": 1}', "model.not_json", "Extra data"),
        ('{"a": 1, "a": 2}', "model.not_json", "key 'a' twice"),
        ('{"b": {"a": 1, "a": 2}}', "model.not_json", "key 'a' twice"),
        ('{"a": NaN}', "model.not_json", "NaN"),
        ('{"a": -Infinity}', "model.not_json", "-Infinity"),
        ('{"a": "\\ud800"}', "model.not_json", "surrogate"),
        ("[1]", "model.not_json", "array"),
        ('```json\n[{"a": 1}]\n```', "model.not_json", "array"),
        ("{" * 100_000, "model.", ""),
        ('{"a":' * 100_000, "model.not_json", "nested too deeply"),
        ('{"a": ' + "9" * 5_000 + "}", "model.not_json", "digits"),
    ],
)
def test_each_fault_has_its_code_and_place(text: str, code: str, told: str) -> None:
    with pytest.raises(ModelUnusable) as caught:
        read_json(said(text))
    assert caught.value.code.startswith(code)
    assert told in caught.value.summary
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("finish", "code"),
    [
        ("length", "model.truncated"),
        ("filter", "model.refused"),
        ("refusal", "model.refused"),
        ("wrong_tool", "model.wrong_tool"),
    ],
)
def test_how_the_answer_ended_comes_before_what_it_says(finish: str, code: str) -> None:
    with pytest.raises(ModelUnusable) as caught:
        read_json(said('{"a": 1}', finish))
    assert caught.value.code == code


WORDS = st.text(st.characters(codec="utf-8"), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS, lambda inner: st.lists(inner, max_size=2), max_leaves=4
)


@given(st.dictionaries(WORDS, VALUES, max_size=4), st.booleans())
def test_every_object_comes_back_as_it_was(value: dict[str, object], fence: bool) -> None:
    text = json.dumps(value, ensure_ascii=False)
    assert read_json(said(f"```json\n{text}\n```" if fence else text)) == value


@given(st.dictionaries(st.text(max_size=3), st.integers(), min_size=1, max_size=3), st.data())
def test_no_beginning_of_an_object_passes(value: dict[str, int], data: st.DataObject) -> None:
    text = json.dumps(value)
    cut = text[: data.draw(st.integers(1, len(text) - 1))]
    with pytest.raises(ModelUnusable) as caught:
        read_json(said(cut))
    assert caught.value.code == "model.truncated"


def test_tokens_are_counted_as_openai_counts_them() -> None:
    assert count_tokens("") == 0
    assert count_tokens("hello world") == 2
    assert count_tokens("<|endoftext|>") > 1, "text that spells a control token is text"


def test_without_a_model_it_says_so_and_what_to_do() -> None:
    prompt = Prompt(ModelKind.PLAN, (Message("user", "x"),), "s", {})
    with pytest.raises(ModelAbsent) as caught:
        AbsentModel().complete(prompt)
    assert caught.value.code == "model.absent" and "OPENAI_API_KEY" in caught.value.remedy


def test_a_prompts_digest_names_its_turns() -> None:
    def prompt(*turns: tuple[str, str]) -> Prompt:
        return Prompt(ModelKind.PLAN, tuple(Message(role, text) for role, text in turns), "s", {})  # type: ignore[arg-type]

    assert prompt(("user", "ab")).digest() == prompt(("user", "ab")).digest()
    different = {prompt(*turns).digest() for turns in (
        [("user", "ab")], [("system", "ab")], [("user", "a"), ("user", "b")], [("user", "a\nb")], [],
    )}  # fmt: skip
    assert len(different) == 5
