import { type ReactNode, useCallback } from "react";
import type { Run } from "~/api/types";
import { ChosenTable } from "~/shared/table/chosen_table";
import type { Sort } from "~/shared/table/grid";
import { columnOf } from "./columns";
import { flat } from "./flat";

interface Props {
  runs: readonly Run[];
  columns: readonly string[];
  pins: readonly string[];
  onPins: (ids: string[]) => void;
  onColumns: (ids: string[]) => void;
  sort: Sort | null;
  onSort: (id: string) => void;
  setSort: (sort: Sort) => void;
  selected: ReadonlySet<string>;
  onSelected: (ids: ReadonlySet<string>) => void;
  current: string | null;
  onOpen: (run: Run) => void;
  onNearEnd: () => void;
  columnMenu: (column: { id: string }, close: () => void) => ReactNode;
}

const rowId = (run: Run) => run.info.run_id;

export function RunsTable({ runs, ...rest }: Props) {
  const column = useCallback((id: string, width: number | undefined) => columnOf(id, flat, width), []);
  return <ChosenTable label="Runs" rows={runs} rowId={rowId} column={column} fixed="name" {...rest} />;
}
