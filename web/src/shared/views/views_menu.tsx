/** The saved views of a table: taken, saved, renamed, shared and deleted from one menu. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { deleteView, type SavedView, saveView, savedViews, type ViewName, type ViewState, type ViewTable } from "~/api/views";
import { useMay } from "~/shared/access/may";
import { Menu, MenuItem } from "~/ui/menu";
import { toast, toastError } from "~/ui/toast";
import { NameView } from "./name_view";
import { readName, sameState } from "./state";

interface Props {
  experimentId: string;
  table: ViewTable;
  /** What is shown now. */
  state: ViewState;
  /** Which view the address began with. */
  saved: string | undefined;
  /** Show this one; null: what the page shows by itself. */
  onTake: (view: SavedView | null) => void;
}

const ONE_MOMENT = "One moment";
const HOW = { unshared: "Shared with everybody who sees the experiment", private: "Only you see it" };

export function ViewsMenu({ experimentId, table, state, saved, onTake }: Props) {
  const views = useQuery(savedViews(experimentId, table));
  const [naming, setNaming] = useState<"save" | "rename" | null>(null);
  const mayEdit = useMay(`experiments/${experimentId}`, "EDIT", "EDIT");
  const name = readName(saved);
  const current = views.data?.find((view) => view.name === name?.name && view.shared === name.shared);
  const changed = current !== undefined && !sameState(state, current.state);
  const acts = useViewActs(experimentId, table, onTake);
  const blocked = !views.data ? ONE_MOMENT : current?.shared && mayEdit;
  const shared = views.data?.filter((view) => view.shared) ?? [];
  const own = views.data?.filter((view) => !view.shared) ?? [];
  const label = current ? `${current.name}${changed ? " · changed" : ""}` : "Views";
  return (
    <>
      <Menu label={<span className="view-label ellipsis">{label}</span>} name={current ? `Views: ${label}` : "Views"} icon="bookmark">
        {(close) => {
          const then = (act: () => void) => () => {
            close();
            act();
          };
          const list = (title: string, group: readonly SavedView[]) =>
            group.length > 0 && (
              <>
                <p className="menu-note">{title}</p>
                {group.map((view) => (
                  <MenuItem key={view.name} chosen={view === current} onClick={then(() => onTake(view))}>
                    {view.name}
                  </MenuItem>
                ))}
              </>
            );
          return (
            <>
              {list("Shared views", shared)}
              {list("Your views", own)}
              {views.isError && <p className="menu-note">The views could not be loaded.</p>}
              {views.data?.length === 0 && <p className="menu-note">A view keeps filter, order, columns and charts under a name.</p>}
              {current && (
                <>
                  <hr />
                  <MenuItem icon="check" blocked={blocked || (!changed && "Nothing has changed since it was saved")} onClick={then(() => acts.update(current, state))}>
                    Save changes
                  </MenuItem>
                  <MenuItem icon="restore" blocked={!changed && "Nothing has changed since it was saved"} onClick={then(() => onTake(current))}>
                    Back to what was saved
                  </MenuItem>
                  <MenuItem icon="edit" blocked={blocked} onClick={then(() => setNaming("rename"))}>
                    Rename
                  </MenuItem>
                  <MenuItem icon="user" blocked={mayEdit} onClick={then(() => acts.share(current, views.data ?? []))}>
                    {current.shared ? "Make it yours alone" : "Share it"}
                  </MenuItem>
                  <MenuItem icon="trash" danger blocked={blocked} onClick={then(() => acts.remove(current))}>
                    Delete
                  </MenuItem>
                </>
              )}
              <hr />
              <MenuItem icon="plus" blocked={!views.data && ONE_MOMENT} onClick={then(() => setNaming("save"))}>
                Save as a new view
              </MenuItem>
              <MenuItem icon="close" blocked={!current && "No view is shown"} onClick={then(() => onTake(null))}>
                Leave the view
              </MenuItem>
            </>
          );
        }}
      </Menu>
      {changed && <span className="sr-only" role="status">{`The view ${current.name} was changed and not saved.`}</span>}
      {naming && (
        <NameView
          title={naming === "save" ? "Save as a new view" : `Rename ${current?.name ?? "the view"}`}
          action={naming === "save" ? "Save" : "Rename"}
          before={naming === "rename" ? current : undefined}
          taken={views.data ?? []}
          mayShare={mayEdit}
          submit={(next) => (naming === "rename" && current ? acts.rename(current, next) : acts.add({ ...next, state }))}
          onClose={() => setNaming(null)}
        />
      )}
    </>
  );
}

type Kept = ViewName & { state: ViewState };

const undo = (act: () => Promise<void>) => () => void act().catch(toastError);

/** Each says what it did and offers the way back. */
function useViewActs(experimentId: string, table: ViewTable, onTake: Props["onTake"]) {
  const queries = useQueryClient();
  const fresh = () => queries.fetchQuery({ ...savedViews(experimentId, table), staleTime: 0 });
  /** Ask the server, then show what it has under this name; no name: leave things as they are shown. */
  const after = async (change: Promise<unknown>, shown?: ViewName | null) => {
    await change;
    const views = await fresh();
    if (shown !== undefined) onTake(views.find((view) => view.name === shown?.name && view.shared === shown.shared) ?? null);
  };
  const put = (view: Kept, more?: Parameters<typeof saveView>[3]) => saveView(experimentId, table, view, more);
  const drop = (view: ViewName) => deleteView(experimentId, table, view);
  const move = async (from: Kept, to: ViewName) => {
    await put({ ...from, ...to }, { only_new: true });
    await drop(from);
  };

  const update = useMutation({
    mutationFn: ({ view, state }: { view: Kept; state: ViewState }) => after(put({ ...view, state })),
    onSuccess: (_, { view }) => toast(`${view.name} saved`, undo(() => after(put(view)))),
    onError: toastError,
  });
  const remove = useMutation({
    mutationFn: (view: Kept) => after(drop(view), null),
    onSuccess: (_, view) => toast(`${view.name} deleted`, undo(() => after(put(view, { only_new: true }), view))),
    onError: toastError,
  });
  const share = useMutation({
    mutationFn: ({ view, views }: { view: Kept; views: readonly Kept[] }) => {
      const shared = !view.shared;
      if (views.some((other) => other.name === view.name && other.shared === shared)) {
        throw new Error(`There is a ${shared ? "shared view" : "view of yours"} called ${view.name} already. Rename one of them first.`);
      }
      return after(move(view, { name: view.name, shared }), { name: view.name, shared });
    },
    onSuccess: (_, { view }) => {
      const moved = { ...view, shared: !view.shared };
      toast(`${view.name}: ${view.shared ? HOW.private : HOW.unshared}`, undo(() => after(move(moved, view), view)));
    },
    onError: toastError,
  });
  return {
    update: (view: Kept, state: ViewState) => update.mutate({ view, state }),
    remove: (view: Kept) => remove.mutate(view),
    share: (view: Kept, views: readonly Kept[]) => share.mutate({ view, views }),
    add: async (view: Kept) => {
      await after(put(view, { only_new: true }), view);
      toast(`${view.name} saved`, undo(() => after(drop(view), null)));
    },
    rename: async (view: Kept, next: ViewName) => {
      const renamed = { ...view, name: next.name };
      await after(put(renamed, { instead_of: view.name }), renamed);
      toast(`${view.name} is now ${next.name}`, undo(() => after(put(view, { instead_of: next.name }), view)));
    },
  };
}
