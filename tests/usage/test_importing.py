"""What agents print of their usage, in the formats that they document."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlanes import BadValue, Cost
from gitlanes.models.plain import plain
from gitlanes.usage.importing import read_usage
from gitlanes.usage.reading import MOST_RAW, usage_fits

# `claude -p --output-format json`: the amount and modelUsage have the subagents' models, too.
RESULT: dict[str, Any] = {
    "type": "result",
    "subtype": "success",
    "is_error": False,
    "duration_ms": 42000,
    "duration_api_ms": 39500,
    "num_turns": 6,
    "result": "Done: the key is hunter2.",
    "session_id": "a718565e-0393-476a-8617-856b70cd46ec",
    "total_cost_usd": 2.3541065,
    "usage": {
        "input_tokens": 18,
        "cache_creation_input_tokens": 98918,
        "cache_read_input_tokens": 1147903,
        "output_tokens": 31228,
        "server_tool_use": {"web_search_requests": 0},
        "service_tier": "standard",
    },
    "modelUsage": {
        "claude-haiku-4-5-20251001": {
            "inputTokens": 10105,
            "outputTokens": 16,
            "cacheReadInputTokens": 0,
            "cacheCreationInputTokens": 0,
            "costUSD": 0.010185,
        },
        "claude-opus-4-6": {
            "inputTokens": 18,
            "outputTokens": 31228,
            "cacheReadInputTokens": 1147903,
            "cacheCreationInputTokens": 98918,
            "costUSD": 2.3439215,
        },
    },
    "permission_denials": [],
    "uuid": "f330f0c5-bea8-4977-88b2-fd4b9b4d5a8e",
}


def spoken(name: str, usage: dict[str, Any], *tools: str, stop: str | None = "end_turn") -> Any:
    """Return an assistant's message of a stream or a transcript."""
    content = [{"type": "tool_use", "id": x, "name": "Bash", "input": {}} for x in tools]
    message = {
        "id": name,
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-4-6",
        "content": content or [{"type": "text", "text": "hello"}],
        "stop_reason": stop,
        "usage": usage,
    }
    return {"type": "assistant", "message": message, "sessionId": "s", "requestId": "r"}


def tokens(given: int, output: int, read: int = 0, created: int = 0) -> dict[str, int]:
    """Return a usage of Anthropic's Messages API."""
    return {
        "input_tokens": given,
        "output_tokens": output,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": created,
    }


def lines(*documents: Any) -> str:
    """Return documents as JSON lines."""
    return "".join(json.dumps(x) + "\n" for x in documents)


def known(cost: Cost) -> dict[str, Any]:
    """Return what a cost knows, less the raw usage."""
    return {key: x for key, x in plain(cost, absent=False).items() if key != "raw"}


def test_claude_codes_result() -> None:
    """All models count, cached input is input, and the amount keeps every digit."""
    cost = read_usage(json.dumps(RESULT))
    assert known(cost) == {
        "input_tokens": 10105 + 18 + 1147903 + 98918,
        "output_tokens": 31244,
        "cache_read_input_tokens": 1147903,
        "cache_creation_input_tokens": 98918,
        "api_calls": 6,
        "wall_ms": 42000,
        "api_ms": 39500,
        "model": "claude-opus-4-6",
        "provider": "anthropic",
        "amount": "2.3541065",
        "currency": "USD",
        "amount_source": "provider",
        "coverage": "complete",
    }
    assert cost.raw is not None
    assert cost.raw["usage"] == RESULT["usage"]
    assert "hunter2" not in json.dumps(cost.raw)


def test_claude_codes_list_of_messages() -> None:
    """With --verbose the result is the last of a list; it counts the same."""
    start = {"type": "system", "subtype": "init"}
    assert read_usage(json.dumps([start, RESULT])) == read_usage(json.dumps(RESULT))


def test_claude_codes_older_result() -> None:
    """A result without modelUsage has the usage of its one model."""
    older = {key: x for key, x in RESULT.items() if key != "modelUsage"}
    cost = read_usage(json.dumps(older))
    assert (cost.input_tokens, cost.output_tokens) == (18 + 98918 + 1147903, 31228)
    assert cost.model is None


def test_claude_codes_stream() -> None:
    """Of a stream the result counts, and each message and tool call once by its id."""
    stream = lines(
        {"type": "system", "subtype": "init", "model": "claude-opus-4-6"},
        spoken("m1", tokens(3, 1), "t1", stop=None),
        spoken("m1", tokens(3, 90), "t1", "t2"),
        {"type": "user", "message": {"role": "user", "content": []}},
        spoken("m2", tokens(5, 7)),
        RESULT,
    )
    cost = read_usage("some line of another program\n" + stream)
    whole = read_usage(json.dumps(RESULT))
    assert (cost.input_tokens, cost.amount) == (whole.input_tokens, whole.amount)
    assert (cost.api_calls, cost.tool_calls) == (2, 2)


def test_a_transcript_counts_each_message_once() -> None:
    """Pieces of one message are one call, with the last usage; synthetic ones are none."""
    made_up = spoken("m9", tokens(1000, 1000))
    made_up["message"]["model"] = "<synthetic>"
    transcript = lines(
        {"type": "summary", "summary": "x"},
        spoken("m1", tokens(3, 1, 100, 20), "t1", stop=None),
        spoken("m1", tokens(3, 90, 100, 20), "t1"),
        spoken("m2", tokens(5, 7, 123)),
        made_up,
    )
    assert known(read_usage(transcript)) == {
        "input_tokens": 123 + 128,
        "output_tokens": 97,
        "cache_read_input_tokens": 223,
        "cache_creation_input_tokens": 20,
        "api_calls": 2,
        "tool_calls": 1,
        "model": "claude-opus-4-6",
        "provider": "anthropic",
        "coverage": "complete",
    }


def test_only_line_feeds_end_a_line() -> None:
    """What else ends lines may stand within JSON's strings: such a message counts as well."""
    messages = []
    for name in ("m1", "m2"):
        messages.append(spoken(name, tokens(3, 9)))
        messages[-1]["message"]["content"] = [{"type": "text", "text": "a\u2028b\x85c"}]
    rows = (json.dumps(x, ensure_ascii=False) for x in messages)
    assert read_usage("\r\n".join(rows)).input_tokens == 6


@pytest.mark.parametrize("ending", ['{"type":"assi', lines(spoken("m2", tokens(5, 1), stop=None))])
def test_a_transcript_that_is_cut_off_is_partial(ending: str) -> None:
    """A killed agent's last line, or a message without an end, makes the record partial."""
    assert read_usage(lines(spoken("m1", tokens(3, 9))) + ending).coverage == "partial"


def test_openai_chat() -> None:
    """Chat Completions: cached tokens and reasoning are part of what they stand below."""
    answer = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "gpt-4.1",
        "usage": {
            "prompt_tokens": 2006,
            "completion_tokens": 300,
            "total_tokens": 2306,
            "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 128},
        },
    }
    expected = {
        "input_tokens": 2006,
        "output_tokens": 300,
        "cache_read_input_tokens": 1920,
        "reasoning_output_tokens": 128,
        "api_calls": 1,
        "model": "gpt-4.1",
        "provider": "openai",
        "coverage": "complete",
    }
    assert known(read_usage(json.dumps(answer))) == expected
    again = {**answer, "id": "chatcmpl-2"}
    both = known(read_usage(lines(answer, again, again)))
    assert (both["input_tokens"], both["api_calls"]) == (4012, 2)
    alone = known(read_usage(json.dumps(answer["usage"])))
    gone = ("api_calls", "model")
    assert alone == {key: x for key, x in expected.items() if key not in gone}


def test_openai_responses() -> None:
    """The Responses API has other names for the same."""
    usage = {
        "input_tokens": 75,
        "input_tokens_details": {"cached_tokens": 11},
        "output_tokens": 1186,
        "output_tokens_details": {"reasoning_tokens": 1024},
        "total_tokens": 1261,
    }
    cost = read_usage(json.dumps({"object": "response", "id": "resp_1", "usage": usage}))
    assert known(cost) == {
        "input_tokens": 75,
        "output_tokens": 1186,
        "cache_read_input_tokens": 11,
        "reasoning_output_tokens": 1024,
        "api_calls": 1,
        "provider": "openai",
        "coverage": "complete",
    }
    assert cost.raw == usage


def test_codex() -> None:
    """`codex exec --json` ends in a turn with its usage; cached tokens are part of the input."""
    usage = {"input_tokens": 26549, "cached_input_tokens": 22272, "output_tokens": 1590}
    stream = lines({"type": "thread.started"}, {"type": "turn.completed", "usage": usage})
    assert known(read_usage(stream)) == {
        "input_tokens": 26549,
        "cache_read_input_tokens": 22272,
        "output_tokens": 1590,
        "provider": "openai",
        "coverage": "complete",
    }
    with pytest.raises(BadValue, match="2 turns"):
        read_usage(stream + stream)


def test_anthropics_input_excludes_the_cache() -> None:
    """The Messages API's input becomes all input, cached or not."""
    answer = {"type": "message", "id": "msg_1", "model": "m", "usage": tokens(50, 503, 100000, 248)}
    cost = read_usage(json.dumps(answer))
    assert (cost.input_tokens, cost.output_tokens) == (100298, 503)
    assert (cost.cache_read_input_tokens, cost.cache_creation_input_tokens) == (100000, 248)
    assert cost.raw == tokens(50, 503, 100000, 248)


def test_numbers_that_mean_the_same_everywhere() -> None:
    """Input and output alone need no format, and no provider is made up."""
    cost = read_usage('{"input_tokens": 5, "output_tokens": null}')
    assert known(cost) == {"input_tokens": 5, "coverage": "complete"}


def test_several_runs_are_not_guessed_at() -> None:
    """Two results may be one run's sums or two runs: they are refused."""
    with pytest.raises(BadValue, match="2 results; give each run by itself"):
        read_usage(lines(RESULT, RESULT))


def test_a_large_usage_is_kept_short() -> None:
    """What is kept of a usage fits into a note."""
    large = {**RESULT["usage"], "iterations": [tokens(1, 1)] * 1000}
    cost = read_usage(json.dumps({**RESULT, "usage": large, "modelUsage": {}}))
    assert cost.raw is not None
    assert cost.raw["cut"] is True
    assert cost.raw["num_turns"] == 6
    assert len(json.dumps(cost.raw)) <= MOST_RAW


ODD = (
    *("", "   ", "hello", "[]", "{}", "null", "5", "[[1]]", '"x"', "\x00", "{" * 50_000),
    "[" * 100_000 + "]" * 100_000,
    *('{"usage": 5}', '{"usage": {}}', '{"usage": {"input_tokens": "5"}}'),
    *('{"input_tokens": -1}', '{"input_tokens": 1.5}', '{"input_tokens": true}'),
    '{"input_tokens": 1e400}',
    '{"input_tokens": NaN}',
    '{"input_tokens": ' + "9" * 30 + "}",
    '{"input_tokens": ' + "9" * 5000 + "}",
    '{"prompt_tokens": 5, "prompt_tokens_details": []}',
    '{"type": "result", "usage": []}',
    '{"type": "result", "usage": {}, "modelUsage": {"m": 5}}',
    '{"type": "result", "usage": {}, "total_cost_usd": "much"}',
    '{"type": "result", "usage": {}, "total_cost_usd": -1}',
    '{"type": "result", "usage": {}, "total_cost_usd": 1e999999999}',
    '{"type": "result", "usage": {}, "duration_ms": [1]}',
    '{"type": "assistant", "message": {"id": "m", "usage": {"input_tokens": {}}}}',
    '{"prompt_tokens": 1}\n{"input_tokens": 1, "cache_read_input_tokens": 1}',
)


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_what_is_no_usage_is_refused(text: str) -> None:
    """Whatever else is given is refused in one line, with a hint."""
    with pytest.raises(BadValue) as found:
        read_usage(text)
    assert found.value.message.startswith("cannot read the usage: ")
    assert found.value.hint


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda x: (
        st.lists(x, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("type", "usage", "modelUsage", "message", "id", "input_tokens", "total_cost_usd")
            ),
            x,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_JSON, st.sampled_from(("result", "assistant", "turn.completed", None)))
def test_any_json_is_read_or_refused(value: object, kind: str | None) -> None:
    """No JSON of any shape is an error of ours, and what is kept of it can be recorded."""
    document = {"type": kind, **value} if isinstance(value, dict) and kind else value
    try:
        cost = read_usage(json.dumps(document))
    except BadValue:
        return
    assert usage_fits(cost.raw)


def test_further_agents() -> None:
    """Gemini CLI's result, OpenCode's steps, aider's lines; what is beside others is added up."""
    stats = {"total_tokens": 9, "input_tokens": 7, "output_tokens": 2, "cached": 3, "tool_calls": 1}
    gemini = [{"type": "init", "model": "m"}, {"type": "result", "stats": stats}]
    found = read_usage("\n".join(json.dumps(x) for x in gemini))
    assert (found.input_tokens, found.output_tokens, found.cache_read_input_tokens) == (7, 2, 3)
    assert (found.tool_calls, found.provider, found.amount) == (1, "google", None)
    tokens = {"input": 1, "output": 2, "reasoning": 3, "cache": {"read": 4, "write": 5}}
    step = {"type": "step_finish", "part": {"tokens": tokens, "cost": 0.25}}
    found = read_usage("\n".join(json.dumps(x) for x in (step, {"type": "text"}, step)))
    assert (found.input_tokens, found.output_tokens, found.api_calls) == (20, 10, 2)
    assert (found.reasoning_output_tokens, found.amount, found.currency) == (6, "0.50", "USD")
    free = {"type": "step_finish", "part": {"tokens": tokens, "cost": 0}}
    assert read_usage(json.dumps(free)).amount is None
    found = read_usage(
        "Applied edit to a.py\n"
        "Tokens: 2.3k sent, 103 received. Cost: $0.0086 message, $0.0086 session.\n"
        "Tokens: 1.2M sent, 4k cache hit, 1,204 received. Cost: $1.00 message, $1.0086 session.\n"
    )
    assert (found.input_tokens, found.output_tokens) == (1_202_300, 1307)
    assert (found.api_calls, found.amount) == (2, "1.0086")
