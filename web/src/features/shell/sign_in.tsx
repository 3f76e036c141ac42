import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useId, useState } from "react";
import { ApiError } from "~/api/client";
import { signIn, waysIn } from "~/api/session";
import { singleSignOn } from "~/links";
import { useTitle } from "~/ui/bits";
import { Button } from "~/ui/button";
import { Icon, Logo } from "~/ui/icons";
import { messageOf } from "~/ui/toast";

/** What the server calls what went wrong on the way to the provider and back. */
const PROBLEMS: Record<string, string> = {
  SSO_UNREACHABLE: "The sign-in provider does not answer. Try again in a moment, or use another way below.",
  SSO_EXPIRED: "That took too long, or was already used. Please begin again.",
  SSO_REFUSED: "The sign-in was cancelled, or the provider refused it.",
  SSO_INVALID: "The provider's answer could not be trusted, so nobody was signed in. Please begin again; if it stays so, tell an administrator.",
  SSO_NOT_SET_UP: "Single sign-on is not set up right. An administrator finds the reason in the server's log.",
  SSO_UNKNOWN_USER: "The provider knows you, but you have no account here. Ask an administrator for one.",
  SSO_INACTIVE: "Your account here is deactivated. Ask an administrator.",
  SSO_DOMAIN: "Accounts of your e-mail domain may not sign in here.",
  SSO_UNVERIFIED_EMAIL: "The provider has not verified your e-mail address. Verify it there, and begin again.",
  SSO_TOO_MANY: "Too many attempts to sign in. Try again in ten minutes.",
  SSO_FAILED: "Signing in did not work. Please begin again.",
};

const BACK = "lakeward.back";

/** Where somebody was going who left for the provider, and comes back with a problem. */
export const whereTo = () => sessionStorage.getItem(BACK) ?? undefined;

interface Props {
  /** Where the person is going, an address on this server. */
  back: string;
  /** A code of the server's. */
  problem?: string;
  /** What the server said to the token of this tab. */
  wrong?: string;
  /** Whose page this is without signing in, on the server's own machine. */
  local?: string;
  onDone: () => void;
  onToken: (token: string) => void;
}

/** The page for whoever is not in yet. */
export function SignIn({ back, problem, wrong = "", local, onDone, onToken }: Props) {
  const ways = useQuery(waysIn);
  const [way, setWay] = useState<"password" | "token" | null>(null);
  useTitle("Sign in");
  const { password = false, provider = null } = ways.data ?? {};
  const shown = way ?? (wrong || !(password || provider) ? "token" : "password");
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <Logo />
        <h1>Sign in to Lakeward</h1>
        {problem && (
          <p className="form-error" role="alert">
            {PROBLEMS[problem] ?? PROBLEMS.SSO_FAILED}
          </p>
        )}
        {ways.isPending ? (
          <div className="sign-in-wait" role="status" aria-label="Loading" />
        ) : (
          <>
            {provider && (
              <a className="button primary big" href={singleSignOn(back)} onClick={() => sessionStorage.setItem(BACK, back)}>
                <Icon name="shield" /> Continue with {provider}
              </a>
            )}
            {provider && (password || shown === "token") && <p className="or">or</p>}
            {shown === "token" ? <ByToken wrong={wrong} onToken={onToken} /> : password && <ByPassword second={Boolean(provider)} onDone={onDone} />}
            {(password || provider) && (
              <p className="ways">
                <button type="button" className="plain-link" onClick={() => setWay(shown === "token" ? "password" : "token")}>
                  {shown === "token" ? (password ? "Use a name and a password" : "Without a token") : "Use an access token"}
                </button>
              </p>
            )}
          </>
        )}
        {local && (
          <p className="muted small">
            This is the server’s own machine: without signing in you are <b>{local}</b>. <a href={back}>Go on so</a>
          </p>
        )}
      </div>
    </main>
  );
}

function ByPassword({ second, onDone }: { second: boolean; onDone: () => void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [shown, setShown] = useState(false);
  const go = useMutation({ mutationFn: () => signIn(name.trim(), password), onSuccess: onDone, onError: () => setPassword("") });
  const wait = useWait(go.error);
  const field = useId();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!go.isPending && wait === 0) go.mutate();
      }}
    >
      <label>
        Name
        <input autoFocus={!second} required autoComplete="username" autoCapitalize="none" spellCheck={false} value={name} onChange={(event) => setName(event.target.value)} />
      </label>
      <div className="labelled">
        <label htmlFor={field}>Password</label>
        <span className="with-button">
          <input
            id={field}
            type={shown ? "text" : "password"}
            required
            autoComplete="current-password"
            aria-describedby={go.error ? "sign-in-error" : undefined}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          <button type="button" className="plain-link" aria-label={shown ? "Hide the password" : "Show the password"} onClick={() => setShown(!shown)}>
            {shown ? "Hide" : "Show"}
          </button>
        </span>
      </div>
      {go.error && (
        <p className="form-error" role="alert" id="sign-in-error">
          {wait > 0 ? `Too many wrong passwords. Try again in ${spoken(wait)}.` : reason(go.error)}
        </p>
      )}
      <Button type="submit" kind={second ? "plain" : "primary"} className="big" blocked={(go.isPending && "Under way") || (wait > 0 && "Please wait")}>
        Sign in
      </Button>
    </form>
  );
}

function reason(error: unknown): string {
  if (error instanceof ApiError && error.status === 401) return "The name or the password is wrong.";
  if (error instanceof ApiError && error.status === 429) return "You may try again now.";
  return messageOf(error);
}

function spoken(seconds: number): string {
  if (seconds < 90) return seconds === 1 ? "a second" : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}

/** Seconds until it may be tried again, counted down. */
function useWait(error: unknown): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    const seconds = error instanceof ApiError && error.status === 429 ? Math.max(1, error.retryAfter) : 0;
    setLeft(seconds);
    if (seconds === 0) return;
    const until = Date.now() + seconds * 1_000;
    const timer = setInterval(() => {
      const now = Math.max(0, Math.ceil((until - Date.now()) / 1_000));
      setLeft(now);
      if (now === 0) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
  }, [error]);
  return left;
}

function ByToken({ wrong, onToken }: { wrong: string; onToken: (token: string) => void }) {
  const [token, setToken] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (token.trim()) onToken(token.trim());
      }}
    >
      <label>
        Access token
        <input
          type="password"
          autoComplete="off"
          autoFocus
          spellCheck={false}
          placeholder="lkw_…"
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
        <span className="hint">Kept in this browser tab only, and forgotten when you close it.</span>
      </label>
      {wrong && (
        <p className="form-error" role="alert">
          {wrong}
        </p>
      )}
      <Button type="submit" kind="primary" className="big" blocked={!token.trim() && "Enter a token first"}>
        Sign in
      </Button>
      <p className="muted small">
        On the server, <code>lakeward token create</code> makes one.
      </p>
    </form>
  );
}
