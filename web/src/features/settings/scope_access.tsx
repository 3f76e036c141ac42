import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Acl, aclsOf, deleteAcl, putAcl } from "~/api/secrets";
import { KINDS, PrincipalField, useNames } from "~/shared/access/principals";
import { Empty, Failure, Loading } from "~/ui/bits";
import { Button, IconButton } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Icon } from "~/ui/icons";
import { toast, toastError } from "~/ui/toast";

const LEVELS = {
  READ: "reads its secrets",
  WRITE: "also writes and deletes secrets",
  MANAGE: "also decides who may",
} as const;

/** Who may do what with the secrets of a scope. Each level holds those before it. */
export function ScopeAccess({ scope, onClose }: { scope: string; onClose: () => void }) {
  const found = useQuery(aclsOf(scope));
  const names = useNames();
  const queries = useQueryClient();
  const changed = () => queries.invalidateQueries({ queryKey: aclsOf(scope).queryKey });
  const take = useMutation({
    mutationFn: (acl: Acl) => deleteAcl(scope, acl.principal),
    onSuccess: (_, acl) => {
      toast(`${acl.principal} no longer has ${acl.permission}`, () => void putAcl(scope, acl.principal, acl.permission).then(changed, toastError));
      return changed();
    },
    onError: toastError,
  });
  return (
    <Dialog title={`Access to ${scope}`} wide onClose={onClose}>
      <div className="dialog-body stack">
        <p className="muted">Besides whoever manages the workspace, only those named here get to its secrets.</p>
        {found.isPending ? (
          <Loading rows={3} />
        ) : found.isLoadingError ? (
          <Failure error={found.error} />
        ) : (
          <>
            {found.data.length === 0 && <Empty icon="key" title="Nobody is named yet" />}
            {found.data.length > 0 && (
              <table className="simple">
                <thead>
                  <tr>
                    <th scope="col">Who</th>
                    <th scope="col">May</th>
                    <th scope="col">
                      <span className="sr-only">Take away</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {found.data.map((acl) => (
                    <tr key={acl.principal}>
                      <th scope="row">
                        <span className="row">
                          <Icon name={KINDS[names.find((each) => each.name === acl.principal)?.kind ?? "user_name"].icon} size={13} /> {acl.principal}
                        </span>
                      </th>
                      <td>
                        <span className="pill">{acl.permission}</span> <span className="muted">{LEVELS[acl.permission]}</span>
                      </td>
                      <td className="numeric">
                        <IconButton small icon="close" label={`Take ${acl.permission} from ${acl.principal}`} onClick={() => take.mutate(acl)} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
            <Give scope={scope} changed={changed} />
          </>
        )}
      </div>
      <div className="dialog-foot">
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}

function Give({ scope, changed }: { scope: string; changed: () => Promise<void> }) {
  const [name, setName] = useState("");
  const [level, setLevel] = useState<Acl["permission"]>("READ");
  const give = useMutation({
    mutationFn: () => putAcl(scope, name.trim(), level),
    onSuccess: () => {
      toast(`${name.trim()} has ${level}`);
      setName("");
      return changed();
    },
    onError: toastError,
  });
  return (
    <form
      className="row wrap give"
      aria-label="Give access"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) give.mutate();
      }}
    >
      <PrincipalField label="User, group or service principal" value={name} onChange={setName} />
      <select aria-label="May" value={level} onChange={(event) => setLevel(event.target.value as Acl["permission"])}>
        {Object.keys(LEVELS).map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
      <Button type="submit" kind="primary" blocked={!name.trim() && "Say to whom"}>
        Give
      </Button>
    </form>
  );
}
