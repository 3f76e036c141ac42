"""Clients of model providers: each call is a span with what was asked and answered, the model and its tokens."""

import base64
import json

import mlflow
import pytest

from .conftest import USAGE, check, last, of_type
from .script import ANSWER

pytestmark = pytest.mark.modes("http")
QUESTION = "How is the weather in Paris?"
MESSAGES = [{"role": "user", "content": QUESTION}]
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "get_weather", "description": "d", "parameters": PARAMETERS}}


@pytest.fixture
def openai(local, autolog):
    import openai

    autolog("openai")
    return openai.OpenAI(base_url=f"{local.url}/v1")


def test_openai_chat(openai) -> None:
    said = openai.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    assert said.choices[0].message.content == ANSWER
    trace = last()
    check(trace, "gpt-4o-mini")
    [span] = trace.data.spans
    assert span.inputs["messages"] == MESSAGES
    assert trace.info.request_preview == QUESTION
    assert trace.info.response_preview == ANSWER
    assert trace.info.cost["total_cost"] > 0


def test_openai_stream(openai) -> None:
    stream = openai.chat.completions.create(
        model="gpt-4o-mini", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == ANSWER
    check(last(), "gpt-4o-mini")


def test_openai_tools(openai) -> None:
    @mlflow.trace(span_type="TOOL")
    def get_weather(city: str) -> str:
        return f"sunny in {city}"

    @mlflow.trace(span_type="AGENT")
    def agent() -> str:
        messages = list(MESSAGES)
        asked = openai.chat.completions.create(model="gpt-4o", messages=messages, tools=[TOOL]).choices[0].message
        [call] = asked.tool_calls
        result = get_weather(**json.loads(call.function.arguments))
        messages += [asked.model_dump(), {"role": "tool", "tool_call_id": call.id, "content": result}]
        return (
            openai.chat.completions.create(model="gpt-4o", messages=messages, tools=[TOOL]).choices[0].message.content
        )

    agent()
    trace = last()
    check(trace, "gpt-4o", calls=2, tools=("get_weather",))
    assert trace.data.spans[0].span_type == "AGENT"
    [tool] = of_type(trace, "TOOL")
    assert (tool.inputs, tool.outputs) == ({"city": "Paris"}, "sunny in Paris")


def test_openai_responses(openai) -> None:
    said = openai.responses.create(model="gpt-4.1", input=QUESTION)
    assert said.output_text == ANSWER
    check(last(), "gpt-4.1")


def test_openai_responses_stream(openai) -> None:
    events = list(openai.responses.create(model="gpt-4.1", input=QUESTION, stream=True))
    assert events[-1].type == "response.completed"
    check(last(), "gpt-4.1")


def test_openai_embeddings(openai) -> None:
    said = openai.embeddings.create(model="text-embedding-3-small", input=["a", "b"])
    assert len(said.data) == 2
    [span] = last().data.spans
    assert span.span_type == "EMBEDDING"
    assert span.inputs["input"] == ["a", "b"]


def test_openai_async(local, autolog) -> None:
    import asyncio

    from openai import AsyncOpenAI

    autolog("openai")

    async def ask() -> None:
        async with AsyncOpenAI(base_url=f"{local.url}/v1") as client:
            await client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)

    asyncio.run(ask())
    check(last(), "gpt-4o-mini")


@pytest.fixture
def anthropic(local, autolog):
    import anthropic

    autolog("anthropic")
    return anthropic.Anthropic(base_url=local.url)


def test_anthropic(anthropic) -> None:
    said = anthropic.messages.create(model="claude-sonnet-4-5", max_tokens=100, messages=MESSAGES)
    assert said.content[0].text == ANSWER
    check(last(), "claude-sonnet-4-5")


def test_anthropic_stream(anthropic) -> None:
    with anthropic.messages.stream(model="claude-sonnet-4-5", max_tokens=100, messages=MESSAGES) as stream:
        assert "".join(stream.text_stream) == ANSWER
    check(last(), "claude-sonnet-4-5")


def test_anthropic_tools(anthropic) -> None:
    tool = {"name": "get_weather", "description": "d", "input_schema": PARAMETERS}
    said = anthropic.messages.create(model="claude-sonnet-4-5", max_tokens=100, messages=MESSAGES, tools=[tool])
    assert said.stop_reason == "tool_use"
    check(last(), "claude-sonnet-4-5", answer="get_weather")


@pytest.fixture
def gemini(local, autolog):
    from google import genai

    autolog("gemini")
    return genai.Client(api_key="none", http_options={"base_url": local.url})


def test_gemini(gemini) -> None:
    said = gemini.models.generate_content(model="gemini-2.5-flash", contents=QUESTION)
    assert said.text == ANSWER
    check(last(), "gemini-2.5-flash")


def test_gemini_chat(gemini) -> None:
    assert gemini.chats.create(model="gemini-2.5-flash").send_message(QUESTION).text == ANSWER
    check(last(), "gemini-2.5-flash")


def test_mistral(local, autolog) -> None:
    try:
        from mistralai.client import Mistral
    except ImportError:
        from mistralai import Mistral

    autolog("mistral")
    with Mistral(api_key="none", server_url=local.url) as client:
        said = client.chat.complete(model="mistral-small-latest", messages=MESSAGES)
    assert said.choices[0].message.content == ANSWER
    check(last(), "mistral-small-latest")


def test_groq(local, autolog) -> None:
    import groq

    autolog("groq")
    said = groq.Groq(base_url=local.url).chat.completions.create(model="llama-3.3-70b-versatile", messages=MESSAGES)
    assert said.choices[0].message.content == ANSWER
    check(last(), "llama-3.3-70b-versatile")


@pytest.fixture
def bedrock(local, autolog):
    import boto3

    autolog("bedrock")
    return boto3.client("bedrock-runtime", endpoint_url=local.url)


BEDROCK_MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"
BEDROCK_MESSAGES = [{"role": "user", "content": [{"text": QUESTION}]}]


def test_bedrock_converse(bedrock) -> None:
    said = bedrock.converse(modelId=BEDROCK_MODEL, messages=BEDROCK_MESSAGES)
    assert said["output"]["message"]["content"][0]["text"] == ANSWER
    check(last(), BEDROCK_MODEL)


def test_bedrock_stream(bedrock) -> None:
    stream = bedrock.converse_stream(modelId=BEDROCK_MODEL, messages=BEDROCK_MESSAGES)["stream"]
    told = "".join(event.get("contentBlockDelta", {}).get("delta", {}).get("text", "") for event in stream)
    assert told == ANSWER
    check(last(), BEDROCK_MODEL)


def test_litellm(local, autolog) -> None:
    import litellm

    autolog("litellm")
    said = litellm.completion(model="openai/gpt-4o-mini", messages=MESSAGES, api_base=f"{local.url}/v1")
    assert said.choices[0].message.content == ANSWER
    trace = eventually(lambda trace: trace.info.token_usage is not None)
    check(trace, "gpt-4o-mini")


def eventually(holds):
    """litellm tells from a thread of its own."""
    import time

    for _ in range(100):
        found = mlflow.get_last_active_trace_id()
        if found and (trace := mlflow.get_trace(found, silent=True)) and holds(trace):
            return trace
        time.sleep(0.1)
    raise AssertionError("no trace came")


def test_ollama_in_its_own_format(local, autolog) -> None:
    from langchain_ollama import ChatOllama

    autolog("langchain")
    said = ChatOllama(model="llama3.2", base_url=local.url).invoke(QUESTION)
    assert said.content == ANSWER
    check(last(), "llama3.2")


def test_instructor(local, autolog) -> None:
    import instructor
    import openai
    from pydantic import BaseModel

    class Weather(BaseModel):
        city: str
        degrees: int

    autolog("openai")
    client = instructor.from_openai(openai.OpenAI(base_url=f"{local.url}/v1"))
    said = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, response_model=Weather)
    assert (said.city, said.degrees) == ("Paris", 7)
    check(last(), "gpt-4o-mini", answer="Paris")


def test_opentelemetry_instrumentation_of_openai(local, side, experiment) -> None:
    """OpenTelemetry's GenAI conventions, without MLflow: spans go by OTLP."""
    import openai
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor

    with exported(side, experiment) as provider:
        OpenAIInstrumentor().instrument(tracer_provider=provider)
        try:
            openai.OpenAI(base_url=f"{local.url}/v1").chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
        finally:
            OpenAIInstrumentor().uninstrument()
    trace = only(side, experiment)
    [span] = trace.data.spans
    assert span.span_type in ("CHAT_MODEL", "LLM")
    assert span.get_attribute("mlflow.llm.model").startswith("gpt-4o-mini")
    assert QUESTION in json.dumps(span.inputs)
    assert ANSWER in json.dumps(span.outputs)
    assert trace.info.token_usage == USAGE
    assert trace.info.cost["total_cost"] > 0


def test_openinference_of_openai(local, side, experiment) -> None:
    import openai
    from openinference.instrumentation.openai import OpenAIInstrumentor

    with exported(side, experiment) as provider:
        OpenAIInstrumentor().instrument(tracer_provider=provider)
        try:
            openai.OpenAI(base_url=f"{local.url}/v1").chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
        finally:
            OpenAIInstrumentor().uninstrument()
    trace = only(side, experiment)
    [span] = trace.data.spans
    assert span.span_type == "LLM"
    assert span.get_attribute("mlflow.llm.model").startswith("gpt-4o-mini")
    assert QUESTION in json.dumps(span.inputs)
    assert ANSWER in json.dumps(span.outputs)
    assert trace.info.token_usage == USAGE


def exported(side, experiment):
    import contextlib

    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    @contextlib.contextmanager
    def opened():
        provider = TracerProvider()
        headers = {"x-mlflow-experiment-id": experiment}
        exporter = OTLPSpanExporter(endpoint=f"{side.server.url}/v1/traces", headers=headers)
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        try:
            yield provider
        finally:
            provider.shutdown()

    return opened()


def only(side, experiment):
    [trace] = side.client.search_traces(locations=[experiment])
    return trace


def test_a_failing_model_is_an_error(local, autolog) -> None:
    import openai

    autolog("openai")
    client = openai.OpenAI(base_url=f"{local.url}/nothing", max_retries=0)
    with pytest.raises(openai.NotFoundError):
        client.completions.create(model="gpt-4o-mini", prompt=QUESTION)
    trace = last()
    assert trace.info.state == "ERROR"
    assert "no model at" in trace.data.spans[0].events[0].attributes["exception.message"]


def test_images_in_messages(openai) -> None:
    image = base64.b64encode(bytes(range(256))).decode()
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{image}"}}
    openai.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": [{"type": "text", "text": QUESTION}, part]}]
    )
    trace = last()
    check(trace, "gpt-4o")
    assert QUESTION in json.dumps(trace.data.spans[0].inputs)
