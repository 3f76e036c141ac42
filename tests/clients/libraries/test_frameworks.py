"""Agent frameworks: an agent with a tool, its calls of a model, the tool, the answer, in one tree."""

import asyncio
import json

import pytest

from .conftest import check, last, of_type
from .script import ANSWER

pytestmark = pytest.mark.modes("http")
QUESTION = "How is the weather in Paris?"
MODEL = "gpt-4o-mini"


def weather(city: str) -> str:
    """Tell the weather.

    Args:
        city: The name of a city.
    """
    return f"sunny in {city}"


def chat_model(local):
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(model=MODEL, base_url=f"{local.url}/v1", api_key="none")


def test_langchain(local, autolog) -> None:
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.prompts import ChatPromptTemplate

    autolog("langchain")
    chain = ChatPromptTemplate.from_messages([("user", "{question}")]) | chat_model(local) | StrOutputParser()
    assert chain.invoke({"question": QUESTION}) == ANSWER
    trace = last()
    check(trace, MODEL)
    assert {span.span_type for span in trace.data.spans} >= {"CHAIN", "CHAT_MODEL"}


def test_langchain_stream(local, autolog) -> None:
    autolog("langchain")
    assert "".join(chunk.text for chunk in chat_model(local).stream(QUESTION)) == ANSWER
    check(last(), MODEL)


def test_langgraph(local, autolog) -> None:
    from langchain.agents import create_agent

    autolog("langchain")
    agent = create_agent(chat_model(local), tools=[weather])
    said = agent.invoke({"messages": [("user", QUESTION)]}, {"configurable": {"thread_id": "t-1"}})
    assert said["messages"][-1].content == ANSWER
    check(last(), MODEL, calls=2, tools=("weather",))


def test_llama_index(local, autolog) -> None:
    from llama_index.core.agent.workflow import FunctionAgent
    from llama_index.llms.openai import OpenAI

    autolog("llama_index")
    model = OpenAI(model=MODEL, api_base=f"{local.url}/v1", api_key="none")
    assert model.complete(QUESTION).text == ANSWER
    check(last(), MODEL)

    async def ask() -> str:
        return str(await FunctionAgent(tools=[weather], llm=model, streaming=False).run(QUESTION))

    assert asyncio.run(ask()) == ANSWER
    check(last(), MODEL, calls=2, tools=("FunctionTool",), apart=("OpenAI._prepare_chat_with_tools",))


def test_dspy(local, autolog) -> None:
    import dspy

    autolog("dspy")
    model = dspy.LM(f"openai/{MODEL}", api_base=f"{local.url}/v1", api_key="none", cache=False)
    with dspy.context(lm=model):
        assert dspy.ChainOfThought("question -> answer")(question=QUESTION).answer == ANSWER
    trace = last()
    check(trace, MODEL)
    assert any("ChainOfThought" in span.name for span in trace.data.spans)


def test_pydantic_ai(local, autolog) -> None:
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    autolog("pydantic_ai")
    model = OpenAIChatModel(MODEL, provider=OpenAIProvider(base_url=f"{local.url}/v1", api_key="none"))
    assert Agent(model, tools=[weather]).run_sync(QUESTION).output == ANSWER
    check(last(), MODEL, calls=2, tools=("weather",))


def test_openai_agents(local, autolog) -> None:
    import openai
    from agents import Agent, OpenAIChatCompletionsModel, Runner, function_tool

    autolog("openai")
    client = openai.AsyncOpenAI(base_url=f"{local.url}/v1")
    model = OpenAIChatCompletionsModel(model=MODEL, openai_client=client)
    agent = Agent(name="helper", tools=[function_tool(weather)], model=model)
    assert asyncio.run(Runner.run(agent, QUESTION)).final_output == ANSWER
    check(last(), MODEL, calls=2, tools=("weather",))


def test_smolagents(local, autolog) -> None:
    from smolagents import OpenAIServerModel, ToolCallingAgent, tool

    autolog("smolagents")
    autolog("openai")  # mlflow 3.17 sees the agent and its tools, and the model where its client is traced
    model = OpenAIServerModel(model_id=MODEL, api_base=f"{local.url}/v1", api_key="none")
    assert ToolCallingAgent(tools=[tool(weather)], model=model, verbosity_level=0).run(QUESTION) == ANSWER
    check(last(), MODEL, calls=2, tools=("SimpleTool",))


def test_agno(local, autolog) -> None:
    from agno.agent import Agent
    from agno.models.openai import OpenAIChat

    autolog("agno")
    model = OpenAIChat(id=MODEL, base_url=f"{local.url}/v1", api_key="none")
    assert Agent(model=model, tools=[weather], telemetry=False).run(QUESTION).content == ANSWER
    check(last(), MODEL, calls=2, tools=("weather",))


def test_haystack(local, autolog) -> None:
    from haystack import Pipeline
    from haystack.components.builders import ChatPromptBuilder
    from haystack.components.generators.chat import OpenAIChatGenerator
    from haystack.dataclasses import ChatMessage
    from haystack.utils import Secret

    autolog("haystack")
    model = OpenAIChatGenerator(model=MODEL, api_base_url=f"{local.url}/v1", api_key=Secret.from_token("none"))
    pipeline = Pipeline()
    pipeline.add_component("prompt", ChatPromptBuilder(template=[ChatMessage.from_user("{{question}}")]))
    pipeline.add_component("model", model)
    pipeline.connect("prompt", "model")
    assert pipeline.run({"prompt": {"question": QUESTION}})["model"]["replies"][0].text == ANSWER
    trace = last()
    check(trace, None, apart=("ChatPromptBuilder",))  # the model is said in the outputs
    [span] = [span for span in trace.data.spans if span.name == "OpenAIChatGenerator"]
    assert MODEL in json.dumps(span.outputs)


def test_strands(local, autolog) -> None:
    from strands import Agent, tool
    from strands.models.openai import OpenAIModel

    autolog("strands")
    model = OpenAIModel(client_args={"base_url": f"{local.url}/v1", "api_key": "none"}, model_id=MODEL)
    said = Agent(model=model, tools=[tool(weather)], callback_handler=None)(QUESTION)
    assert ANSWER in str(said)
    check(last(), MODEL, calls=2, tools=("weather",))


def test_autogen(local, autolog) -> None:
    from autogen_agentchat.agents import AssistantAgent
    from autogen_ext.models.openai import OpenAIChatCompletionClient

    autolog("autogen")
    model = OpenAIChatCompletionClient(model=MODEL, base_url=f"{local.url}/v1", api_key="none")
    agent = AssistantAgent("helper", model, tools=[weather], reflect_on_tool_use=True)
    said = asyncio.run(agent.run(task=QUESTION))
    assert said.messages[-1].content == ANSWER
    trace = last()
    check(trace, None, calls=2)  # this autologging does not say the model
    assert of_type(trace, "AGENT")


def test_semantic_kernel(local, autolog) -> None:
    import openai
    from semantic_kernel.agents import ChatCompletionAgent
    from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion
    from semantic_kernel.functions import kernel_function

    class Weather:
        @kernel_function
        def weather(self, city: str) -> str:
            return weather(city)

    autolog("semantic_kernel")
    client = openai.AsyncOpenAI(base_url=f"{local.url}/v1")
    service = OpenAIChatCompletion(ai_model_id=MODEL, async_client=client)
    agent = ChatCompletionAgent(service=service, name="helper", plugins=[Weather()])

    async def ask() -> str:
        return str(await agent.get_response(messages=QUESTION))

    assert asyncio.run(ask()) == ANSWER
    check(last(), MODEL, calls=2, tools=("weather",))


@pytest.mark.modes("databricks")  # in http mode mlflow 3.17 cannot write the root, whose output has a 128-bit number
def test_ag2(local, autolog) -> None:
    from autogen import AssistantAgent, UserProxyAgent, register_function

    autolog("ag2")
    config = {"model": MODEL, "base_url": f"{local.url}/v1", "api_key": "none"}
    agent = AssistantAgent("helper", llm_config={"config_list": [config], "cache_seed": None})
    user = UserProxyAgent("user", human_input_mode="NEVER", code_execution_config=False)
    register_function(weather, caller=agent, executor=user, name="weather", description="Tell the weather.")
    said = user.initiate_chat(agent, message=QUESTION, max_turns=2)
    assert said.chat_history[-1]["content"] == ANSWER
    check(last(), MODEL, calls=2, tools=("weather",))


def test_crewai(local, autolog, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CREWAI_STORAGE_DIR", str(tmp_path))
    from crewai import LLM, Agent, Crew, Task
    from crewai.tools import tool

    autolog("crewai")
    autolog("openai")  # mlflow 3.17 sees crew, task and agent, no tools, and the model where its client is traced
    model = LLM(model=f"openai/{MODEL}", base_url=f"{local.url}/v1", api_key="none")
    agent = Agent(role="helper", goal="Tell the weather.", backstory="A helper.", llm=model, tools=[tool(weather)])
    task = Task(description=QUESTION, expected_output="A sentence.", agent=agent)
    assert Crew(agents=[agent], tasks=[task]).kickoff().raw == ANSWER
    check(last(), MODEL, calls=2)
