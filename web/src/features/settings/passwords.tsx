import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { changePassword, setPassword } from "~/api/session";
import { useSession } from "~/session";
import { FormDialog } from "~/ui/dialog";
import { messageOf, toast } from "~/ui/toast";

const SHORTEST = 12;
const HINT = `At least ${SHORTEST} characters.`;

interface FieldProps {
  label: string;
  name: "current-password" | "new-password";
  value: string;
  onChange: (value: string) => void;
  hint?: string;
  autoFocus?: boolean;
}

function Field({ label, name, value, onChange, hint, autoFocus }: FieldProps) {
  return (
    <label>
      {label}
      <input type="password" required={name === "new-password"} autoComplete={name} autoFocus={autoFocus} value={value} onChange={(event) => onChange(event.target.value)} />
      {hint && <span className="hint">{hint}</span>}
    </label>
  );
}

/** One's own, by whoever knows the one there is. */
export function ChangePassword({ onClose }: { onClose: () => void }) {
  const { who } = useSession();
  const queries = useQueryClient();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const go = useMutation({
    mutationFn: () => changePassword(current, next),
    onSuccess: async () => {
      toast(who.by === "SESSION" ? "Password changed. Sign in with the new one." : "Password changed");
      onClose();
      await queries.resetQueries();
    },
  });
  return (
    <FormDialog title="Change your password" action="Change" busy={go.isPending} error={go.error ? messageOf(go.error) : ""} onClose={onClose} onSubmit={() => go.mutate()}>
      <Field label="Current password" name="current-password" autoFocus value={current} onChange={setCurrent} hint="Empty, if you have none yet." />
      <Field label="New password" name="new-password" value={next} onChange={setNext} hint={`${HINT} You are signed out everywhere.`} />
    </FormDialog>
  );
}

/** Somebody else's, by an administrator. */
export function SetPassword({ id, name, onClose }: { id: string; name: string; onClose: () => void }) {
  const [next, setNext] = useState("");
  const go = useMutation({
    mutationFn: () => setPassword(id, next),
    onSuccess: () => {
      toast(`${name} has a new password`);
      onClose();
    },
  });
  return (
    <FormDialog title={`Password of ${name}`} action="Set" busy={go.isPending} error={go.error ? messageOf(go.error) : ""} onClose={onClose} onSubmit={() => go.mutate()}>
      <Field label="New password" name="new-password" autoFocus value={next} onChange={setNext} hint={`${HINT} It replaces the one there is, and signs ${name} out everywhere.`} />
    </FormDialog>
  );
}
