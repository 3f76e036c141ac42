import { useState } from "react";
import { useTitle } from "~/ui/bits";
import { Button } from "~/ui/button";
import { Logo } from "~/ui/icons";

export function SignIn({ wrong, onToken }: { wrong: string; onToken: (token: string) => void }) {
  const [token, setToken] = useState("");
  useTitle("Sign in");
  return (
    <main className="sign-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim()) onToken(token.trim());
        }}
      >
        <Logo />
        <h1>Sign in to Lakeward</h1>
        <p className="muted">
          With a personal access token. It is kept in this browser tab only, and forgotten when you close it.
        </p>
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
        </label>
        {wrong && (
          <p className="form-error" role="alert">
            {wrong}
          </p>
        )}
        <Button type="submit" kind="primary" blocked={!token.trim() && "Enter a token first"}>
          Sign in
        </Button>
        <p className="muted small">
          On the server, <code>lakeward token create</code> makes one.
        </p>
      </form>
    </main>
  );
}
