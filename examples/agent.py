"""A retrieval agent over Lakeward's own documentation, traced from first to last with the unmodified `mlflow` client.

Two users have a conversation each. Every question is one trace: the agent loads its prompt from the registry, asks a
model that may call tools (search the documentation, read a page), and streams the answer; one question breaks a tool.
Then the users say what they think of the answers, and everything is asked back from the server.

    python examples/agent.py http://127.0.0.1:5000          any MLflow tracking URI, also `databricks`

The model is OpenAI's, or any server that speaks its protocol, if OPENAI_API_KEY is set (OPENAI_BASE_URL, OPENAI_MODEL).
Without a key a script takes its place: it calls the tools and quotes what they found, and says so by its name.
"""

import json
import os
import re
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import mlflow
from mlflow.entities import Document, SpanType
from mlflow.entities.assessment import AssessmentSource, AssessmentSourceType
from mlflow.tracing.constant import SpanAttributeKey
from sklearn.feature_extraction.text import TfidfVectorizer

PROMPT = "main.demo.docs_answer"
TEMPLATES = [
    ("Answer from the documentation.\nQuestion: {{ question }}", "the first try"),
    ("Answer in two sentences from the documentation, and name the page.\nQuestion: {{ question }}", "names it"),
]
# Who asks what, and the page that knows. None: that page does not exist, and reading it fails.
CONVERSATIONS: dict[str, list[tuple[str, str | None]]] = {
    "ann": [
        ("How do I take a backup of the server and restore it?", "operations.md"),
        ("And behind a reverse proxy, what must the proxy do?", "operations.md"),
        ("What changed between two versions of a prompt?", "prompts.md"),
    ],
    "ben": [
        ("How do I find out whether the audit log was changed?", "audit.md"),
        ("What does the page teleportation.md say?", None),
    ],
}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {"type": "object", "properties": {word: {"type": "string"}}, "required": [word]},
        },
    }
    for name, word, description in (
        ("search_docs", "query", "The sections of the documentation that fit a question best."),
        ("read_page", "page", "A whole page of the documentation, such as operations.md."),
    )
]
Message = dict[str, Any]


class Unexpected(Exception):
    """The server answered something else than what was written to it."""


def expect(holds: object, what: str) -> None:
    if not holds:
        raise Unexpected(what)


# ── The documentation ────────────────────────────────────────────────────────────────────────────────────────────────


def prose(section: str) -> str:
    """Its paragraphs, without headings, tables and code."""
    return " ".join(each for each in section.split("\n\n") if each[:1].isalpha()).replace("\n", " ")


class Library:
    """Markdown pages, cut at their headings and found by their words."""

    def __init__(self, directory: Path) -> None:
        self.pages = {path.name: path.read_text("utf-8") for path in sorted(directory.glob("*.md"))}
        expect(self.pages, f"there should be pages in {directory}")
        self._sections = [
            (page, section.strip())
            for page, text in self.pages.items()
            for section in re.split(r"^(?=#{1,3} )", text, flags=re.MULTILINE)
            if prose(section)
        ]
        self._words = TfidfVectorizer(sublinear_tf=True, stop_words="english", ngram_range=(1, 2))
        texts = [f"{page.removesuffix('.md')} {section}" for page, section in self._sections]
        self._known = self._words.fit_transform(texts)

    @mlflow.trace(name="search_docs", span_type=SpanType.RETRIEVER)
    def search_docs(self, query: str) -> list[Document]:
        scores = (self._known @ self._words.transform([query]).T).toarray().ravel()
        best = scores.argsort()[::-1][:3]
        return [
            Document(page_content=section, metadata={"doc_uri": page, "score": round(float(scores[at]), 4)}, id=str(at))
            for at in best
            for page, section in [self._sections[at]]
        ]

    @mlflow.trace(name="read_page", span_type=SpanType.TOOL)
    def read_page(self, page: str) -> str:
        if page not in self.pages:
            raise FileNotFoundError(f"There is no page {page}.")
        return self.pages[page]


# ── The model ────────────────────────────────────────────────────────────────────────────────────────────────────────


class OpenAI:
    """Chat completions over HTTP."""

    provider = "openai"

    def __init__(self, key: str) -> None:
        self.name = os.environ.get("OPENAI_MODEL", "gpt-4.1-mini")
        self._url = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1").rstrip("/") + "/chat/completions"
        self._key = key

    def _post(self, body: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._url, json.dumps({"model": self.name, **body}).encode(), headers)
        return urllib.request.urlopen(request, timeout=60)

    def chat(self, messages: list[Message]) -> dict[str, Any]:
        with self._post({"messages": messages, "tools": TOOLS, "tool_choice": "required"}) as answer:
            return json.load(answer)

    def stream(self, messages: list[Message]) -> Iterator[dict[str, Any]]:
        wanted = {"messages": messages, "stream": True, "stream_options": {"include_usage": True}}
        with self._post(wanted) as answer:
            for line in answer:
                if line.startswith(b"data: {"):
                    yield json.loads(line.removeprefix(b"data: "))


class Script:
    """Stands in for a model: calls the tool that the question names, and answers with sentences of what it found."""

    name, provider = "scripted-local", "lakeward-demo"

    def chat(self, messages: list[Message]) -> dict[str, Any]:
        question = messages[-1]["content"].rpartition("Question: ")[2]
        named = re.search(r"\b[\w-]+\.md\b", question)
        tool, given = ("read_page", {"page": named[0]}) if named else ("search_docs", {"query": question})
        call = {"id": "call-1", "type": "function", "function": {"name": tool, "arguments": json.dumps(given)}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        return {"model": self.name, "choices": [{"message": message}], "usage": self._usage(messages, "")}

    def stream(self, messages: list[Message]) -> Iterator[dict[str, Any]]:
        found = json.loads(messages[-1]["content"])
        sentences = re.split(r"(?<=[.!?])\s+", prose(found[0]["page_content"]))
        answer = f"{' '.join(sentences[:2])} ({found[0]['metadata']['doc_uri']})"
        for word in re.findall(r"\S+\s*", answer):
            yield {"choices": [{"delta": {"content": word}}]}
        yield {"choices": [], "usage": self._usage(messages, answer)}

    def _usage(self, messages: list[Message], answer: str) -> dict[str, int]:
        """Four characters a token, as a rule of thumb."""
        told, said = len(json.dumps(messages)) // 4, len(answer) // 4
        return {"prompt_tokens": told, "completion_tokens": said, "total_tokens": told + said}


def model_here() -> OpenAI | Script:
    key = os.environ.get("OPENAI_API_KEY")
    return OpenAI(key) if key else Script()


# ── The agent ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Agent:
    def __init__(self, library: Library, model: OpenAI | Script) -> None:
        self.library = library
        self.model = model

    @mlflow.trace(name="docs_agent", span_type=SpanType.AGENT)
    def answer(self, question: str, user: str, session: str) -> str:
        mlflow.update_current_trace(
            metadata={"mlflow.trace.user": user, "mlflow.trace.session": session}, tags={"model": self.model.name}
        )
        prompt = mlflow.genai.load_prompt(f"prompts:/{PROMPT}@production")
        messages = [{"role": "user", "content": prompt.format(question=question)}]
        said = self._choose(messages)["choices"][0]["message"]
        messages.append(said)
        for call in said["tool_calls"]:
            found = self._use(call["function"]["name"], json.loads(call["function"]["arguments"]))
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": found})
        return "".join(self._say(messages))

    @mlflow.trace(name="choose_tool", span_type=SpanType.CHAT_MODEL)
    def _choose(self, messages: list[Message]) -> dict[str, Any]:
        answer = self.model.chat(messages)
        self._note(answer["usage"])
        mlflow.get_current_active_span().set_attribute(SpanAttributeKey.CHAT_TOOLS, TOOLS)
        return answer

    def _use(self, tool: str, given: dict[str, str]) -> str:
        if tool == "read_page":
            page = given["page"]
            found = [Document(page_content=self.library.read_page(page), metadata={"doc_uri": page})]
        else:
            found = self.library.search_docs(given["query"])
        return json.dumps([{"page_content": each.page_content, "metadata": each.metadata} for each in found])

    @mlflow.trace(name="say", span_type=SpanType.CHAT_MODEL, output_reducer="".join)
    def _say(self, messages: list[Message]) -> Iterator[str]:
        """The pieces of the answer, as they come."""
        for chunk in self.model.stream(messages):
            if chunk.get("usage"):
                self._note(chunk["usage"])
            for choice in chunk["choices"]:
                if choice["delta"].get("content"):
                    yield choice["delta"]["content"]

    def _note(self, usage: dict[str, int]) -> None:
        """Which model it was, and what it took, on the span that is open."""
        mlflow.get_current_active_span().set_attributes(
            {
                SpanAttributeKey.MODEL: self.model.name,
                SpanAttributeKey.MODEL_PROVIDER: self.model.provider,
                SpanAttributeKey.MESSAGE_FORMAT: "openai",
                SpanAttributeKey.CHAT_USAGE: {
                    "input_tokens": usage["prompt_tokens"],
                    "output_tokens": usage["completion_tokens"],
                    "total_tokens": usage["total_tokens"],
                },
            }
        )


# ── The story ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Story:
    """What is done, in order. Each chapter says in one line what came of it, and fails if the server says otherwise."""

    def __init__(self) -> None:
        self.experiment_id = mlflow.set_experiment("/Shared/lakeward-demo/docs-agent").experiment_id
        self.model = model_here()
        self._session = f"demo-{os.getpid()}-{os.urandom(3).hex()}"
        self.asked: list[tuple[str, str, str | None, str | None]] = []  # trace, user, page that knows, answer

    def chapters(self) -> Iterator[tuple[str, Callable[[], str]]]:
        yield "agent: register its prompt", self.register_prompt
        yield "agent: answer two users", self.converse
        yield "agent: hear what they think", self.hear

    def register_prompt(self) -> str:
        for template, message in TEMPLATES:
            made = mlflow.genai.register_prompt(PROMPT, template, commit_message=message)
        mlflow.genai.set_prompt_alias(PROMPT, "production", made.version)
        loaded = mlflow.genai.load_prompt(f"prompts:/{PROMPT}@production", cache_ttl_seconds=0)
        expect(loaded.version == made.version and loaded.template == TEMPLATES[-1][0], "the alias should lead here")
        return f"{PROMPT} has two more versions, {made.version} is @production"

    def converse(self) -> str:
        agent = Agent(Library(docs_directory()), self.model)
        for user, questions in CONVERSATIONS.items():
            for question, page in questions:
                try:
                    said = agent.answer(question, user, self._session_of(user))
                except FileNotFoundError:
                    said = None
                self.asked.append((mlflow.get_last_active_trace_id(), user, page, said))
        mlflow.flush_trace_async_logging()
        for user, questions in CONVERSATIONS.items():
            found = self._search(f"metadata.`mlflow.trace.session` = '{self._session_of(user)}'")
            expect(len(found) == len(questions), f"the session of {user} should have a trace for each question")
            expect(all(trace.info.token_usage["total_tokens"] > 0 for trace in found), "traces should know tokens")
        whole = mlflow.get_trace(self.asked[0][0])
        kinds = {span.span_type for span in whole.data.spans}
        expect({SpanType.AGENT, SpanType.CHAT_MODEL, SpanType.RETRIEVER} <= kinds, "the spans should keep their types")
        pieces = next(span for span in whole.data.spans if span.name == "say").events
        expect(len(pieces) > 3, "the streamed pieces should be there")
        failed = self._search("status = 'ERROR'")
        expect(bool(failed) == any(said is None for *_, said in self.asked), "failures should be kept as such")
        spans = sum(len(mlflow.get_trace(trace).data.spans) for trace, *_ in self.asked)
        return f"{len(self.asked)} traces of {spans} spans by {self.model.name}, {len(failed)} failed"

    def hear(self) -> str:
        """As the backend of an app does it when a user clicks on thumbs up or down."""
        content = 0
        for trace_id, user, page, said in self.asked:
            good = bool(said and page and page in said)
            content += good
            mlflow.log_feedback(
                trace_id=trace_id,
                name="user_feedback",
                value=good,
                rationale="Names the page" if good else "Does not name the page that knows",
                source=AssessmentSource(source_type=AssessmentSourceType.HUMAN, source_id=user),
            )
        for value, many in (("true", content), ("false", len(self.asked) - content)):
            found = self._search(f"feedback.user_feedback = '{value}'")
            expect(len(found) == many, f"{many} traces should have the feedback {value}, not {len(found)}")
        return f"{content} of {len(self.asked)} thumbs up"

    def links(self) -> dict[str, str]:
        base = f"/#/experiments/{self.experiment_id}"
        return {"agent": f"{base}/traces", "a trace": f"{base}/traces/{self.asked[0][0]}"}

    def _session_of(self, user: str) -> str:
        return f"{self._session}-{user}"

    def _search(self, where: str) -> list[Any]:
        """Those of this story only: the demo may run again."""
        found = mlflow.search_traces(
            locations=[self.experiment_id],
            filter_string=where,
            max_results=500,
            return_type="list",
            include_spans=False,
        )
        mine = {trace_id for trace_id, *_ in self.asked}
        return [trace for trace in found if trace.info.trace_id in mine]


def docs_directory() -> Path:
    """In a checkout beside this directory, in a wheel inside of it."""
    here = Path(__file__).resolve().parent
    return next((each for each in (here / "docs", here.parent / "docs") if each.is_dir()), here)


def main() -> int:
    mlflow.set_tracking_uri(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:5000")
    story = Story()
    for title, chapter in story.chapters():
        print(f"{title}: {chapter()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
