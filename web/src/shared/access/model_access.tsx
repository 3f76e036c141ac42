import { useQuery } from "@tanstack/react-query";
import { giveTo, modelNamed } from "~/api/catalog";
import { Failure, Loading } from "~/ui/bits";
import { Dialog } from "~/ui/dialog";
import { AccessDialog } from "./access_dialog";
import { Permissions } from "./permissions";

const LEVEL = /^[\p{L}\p{N}_][\p{L}\p{N}_-]*$/u;

/** A model that names no catalog and schema stands in `main.default`. */
export function fullName(name: string): string {
  const [catalog = "", schema = "", model] = name.split(".");
  return name.split(".").length === 3 && model && LEVEL.test(catalog) && LEVEL.test(schema) ? name : `main.default.${name}`;
}

/** Of registered models and prompts: levels, as experiments have them, and privileges; either is enough. */
export function ModelAccess({ name, onClose }: { name: string; onClose: () => void }) {
  const full = fullName(name);
  const found = useQuery(modelNamed(full));
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
        <Permissions untold securable={{ type: "function", name: full }} owner={found.data.owner} onOwner={(owner) => giveTo("models", full, owner)} />
      </section>
    </AccessDialog>
  );
}
