import { useQuery } from "@tanstack/react-query";
import { giveRegistered, registryEntry } from "~/api/registry";
import { Failure, Loading } from "~/ui/bits";
import { Dialog } from "~/ui/dialog";
import { AccessDialog } from "./access_dialog";
import { Permissions } from "./permissions";

/** Of registered models and prompts: levels, as experiments have them, and privileges; either is enough. */
export function ModelAccess({ name, onClose }: { name: string; onClose: () => void }) {
  const found = useQuery(registryEntry(name));
  const title = `Access to ${name}`;
  if (!found.data) {
    return (
      <Dialog title={title} wide onClose={onClose}>
        {found.isPending ? <Loading rows={4} /> : <Failure error={found.error} />}
      </Dialog>
    );
  }
  return (
    <AccessDialog object={{ type: "registered-models", id: found.data.id }} title={title} onClose={onClose}>
      <section className="stack tight" aria-label="By the catalog">
        <h3>By the catalog</h3>
        <p className="muted">What Unity Catalog's clients grant counts beside the levels above. Either is enough.</p>
        <Permissions
          untold
          securable={{ type: "function", name: found.data.full_name }}
          owner={found.data.owner}
          onOwner={(owner) => giveRegistered(name, owner)}
        />
      </section>
    </AccessDialog>
  );
}
