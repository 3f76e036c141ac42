const LOOKS: Record<string, { word: string; tone: string }> = {
  LOGGED_MODEL_READY: { word: "Ready", tone: "ok" },
  LOGGED_MODEL_PENDING: { word: "Pending", tone: "run" },
  LOGGED_MODEL_UPLOAD_FAILED: { word: "Upload failed", tone: "bad" },
};

/** Clients say LOGGED_MODEL_READY or READY. */
export function ModelStatus({ status, pill }: { status: string; pill?: boolean }) {
  const look = LOOKS[status] ?? LOOKS[`LOGGED_MODEL_${status}`] ?? { word: status, tone: "" };
  return (
    <span className={`status ${pill ? "pill" : ""} ${look.tone}`}>
      <span className="dot" />
      {look.word}
    </span>
  );
}
