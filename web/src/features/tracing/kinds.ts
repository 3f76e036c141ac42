import type { IconName } from "~/ui/icons";

/** How spans of a type look. Types are free words; those not here look like any work. */
const LOOKS: Record<string, { icon: IconName; tone: string }> = {
  LLM: { icon: "spark", tone: "llm" },
  CHAT_MODEL: { icon: "spark", tone: "llm" },
  EMBEDDING: { icon: "spark", tone: "embedding" },
  AGENT: { icon: "bot", tone: "agent" },
  TOOL: { icon: "tool", tone: "tool" },
  RETRIEVER: { icon: "search", tone: "retriever" },
  RERANKER: { icon: "search", tone: "retriever" },
  CHAIN: { icon: "chain", tone: "chain" },
  WORKFLOW: { icon: "chain", tone: "chain" },
  TASK: { icon: "chain", tone: "chain" },
  GUARDRAIL: { icon: "shield", tone: "tool" },
  EVALUATOR: { icon: "check", tone: "agent" },
};

export function lookOf(type: string): { icon: IconName; tone: string } {
  return LOOKS[type] ?? { icon: "dot", tone: "plain" };
}

export function typeWord(type: string): string {
  return type === "UNKNOWN" ? "Span" : type.replaceAll("_", " ").toLowerCase().replace(/^./, (letter) => letter.toUpperCase()).replace(/\bllm\b/i, "LLM");
}
