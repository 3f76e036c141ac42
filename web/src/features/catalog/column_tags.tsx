import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { deleteTag, setTag, tagsOf } from "~/api/catalog";
import { useMay } from "~/shared/access/may";
import { Button } from "~/ui/button";
import { TagsEditor } from "~/ui/tags_editor";

/** Asked for when somebody wants to see them: a table may have a thousand columns. */
export function ColumnTags({ table, column }: { table: string; column: string }) {
  const [open, setOpen] = useState(false);
  if (!open) {
    return (
      <Button small kind="ghost" icon="tag" aria-label={`Tags of ${column}`} onClick={() => setOpen(true)}>
        Tags
      </Button>
    );
  }
  return <Tags table={table} column={column} />;
}

function Tags({ table, column }: { table: string; column: string }) {
  const name = `${table}.${column}`;
  const queries = useQueryClient();
  const found = useQuery(tagsOf("columns", name));
  const blocked = useMay(`table/${table}`, "APPLY_TAG", "EDIT");
  if (!found.data) return <span className="muted small">{found.isError ? found.error.message : "Loading…"}</span>;
  return (
    <TagsEditor
      tags={found.data}
      blocked={blocked}
      set={(key, value) => setTag("columns", name, key, value)}
      remove={(key) => deleteTag("columns", name, key)}
      changed={() => void queries.invalidateQueries({ queryKey: ["catalog", "tags", "columns", name] })}
    />
  );
}
