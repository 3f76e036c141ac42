import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { deleteAlias, setAlias } from "~/api/registry";
import { Button } from "~/ui/button";
import { Icon } from "~/ui/icons";
import { toast, toastError } from "~/ui/toast";

export function AliasPill({ alias, version, onRemove }: { alias: string; version?: string; onRemove?: () => void }) {
  return (
    <span className="alias" title={version ? `@${alias} is version ${version}` : `@${alias}`}>
      @{alias}
      {version && <span className="alias-version">v{version}</span>}
      {onRemove && (
        <button type="button" aria-label={`Remove alias ${alias}`} onClick={onRemove}>
          <Icon name="close" size={10} />
        </button>
      )}
    </span>
  );
}

interface Props {
  name: string;
  version: string;
  own: readonly string[];
  /** All aliases of the model: given here, one of them moves. */
  all: readonly { alias: string; version: string }[];
  blocked: string | false;
}

/** The aliases of a version. One that another version has moves here; a step back is offered. */
export function Aliases({ name, version, own, all, blocked }: Props) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const list = useId();
  const queries = useQueryClient();
  const changed = () => queries.invalidateQueries({ queryKey: ["registry"] });
  const back = (alias: string, before: string | undefined) => {
    const undone = before === undefined ? deleteAlias(name, alias) : setAlias(name, alias, before);
    void undone.then(changed, toastError);
  };
  const give = useMutation({
    mutationFn: (alias: string) => setAlias(name, alias, version),
    onSuccess: (_, alias) => {
      const before = all.find((each) => each.alias === alias)?.version;
      const moved = before !== undefined && before !== version;
      toast(moved ? `@${alias} moved from version ${before} to ${version}` : `@${alias} is version ${version}`, () => back(alias, before));
      setText("");
      setOpen(false);
      return changed();
    },
    onError: toastError,
  });
  const take = useMutation({
    mutationFn: (alias: string) => deleteAlias(name, alias),
    onSuccess: (_, alias) => {
      toast(`@${alias} removed`, () => back(alias, version));
      return changed();
    },
    onError: toastError,
  });
  const others = all.filter((each) => each.version !== version);
  return (
    <div className="row wrap aliases">
      {own.map((alias) => (
        <AliasPill key={alias} alias={alias} onRemove={blocked ? undefined : () => take.mutate(alias)} />
      ))}
      {open ? (
        <form
          className="row tag-form"
          onSubmit={(event) => {
            event.preventDefault();
            const alias = text.trim().replace(/^@/, "");
            if (alias) give.mutate(alias);
          }}
        >
          <input
            autoFocus
            aria-label="Alias"
            placeholder="champion"
            list={list}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => event.key === "Escape" && setOpen(false)}
          />
          <datalist id={list}>
            {others.map((each) => (
              <option key={each.alias} value={each.alias}>{`moves from version ${each.version}`}</option>
            ))}
          </datalist>
          <Button small type="submit" kind="primary" blocked={!text.trim() && "An alias needs a name"}>
            {others.some((each) => each.alias === text.trim().replace(/^@/, "")) ? "Move here" : "Set"}
          </Button>
        </form>
      ) : (
        <Button small icon="plus" kind="ghost" blocked={blocked} onClick={() => setOpen(true)}>
          Alias
        </Button>
      )}
    </div>
  );
}
