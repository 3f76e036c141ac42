import { lazy, type ReactNode, Suspense, useState } from "react";
import { MenuItem } from "~/ui/menu";

const AccessDialog = lazy(() => import("./access_dialog").then((module) => ({ default: module.AccessDialog })));

/** Who may see what lies in an experiment, and why: a run, a LoggedModel, a trace or a session has its rights. */
export function useExperimentAccess(experiment: string, what: string): { item: (close: () => void) => ReactNode; dialog: ReactNode } {
  const [open, setOpen] = useState(false);
  return {
    item: (close) => (
      <MenuItem icon="key" onClick={() => (close(), setOpen(true))}>
        Access
      </MenuItem>
    ),
    dialog: open && (
      <Suspense>
        <AccessDialog
          object={{ type: "experiments", id: experiment }}
          title={`Access to ${what}`}
          lead="What lies in an experiment has its rights: what you change here counts for all of it."
          onClose={() => setOpen(false)}
        />
      </Suspense>
    ),
  };
}
