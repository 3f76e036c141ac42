import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { deleteTag, describe, type SecurableKind, setTag, tagsOf } from "~/api/catalog";
import { time } from "~/format";
import { useMay } from "~/shared/access/may";
import { type Crumb, PageHead } from "~/shared/page";
import { Description } from "~/shared/registry/description";
import { Ago, Copy, Tabs } from "~/ui/bits";
import { Icon } from "~/ui/icons";
import { Menu, MenuItem } from "~/ui/menu";
import { TagsEditor } from "~/ui/tags_editor";
import { paths } from "~/links";
import { Delete } from "./dialogs";
import { KINDS, placeOf } from "./kinds";

interface Described {
  name: string;
  full_name: string;
  owner: string;
  comment?: string;
  created_at: number;
  created_by: string;
  updated_at: number;
}

interface Props<T extends string> {
  kind: SecurableKind;
  object: Described;
  facts?: ReactNode;
  actions?: ReactNode;
  tabs: readonly { id: T; name: string; count?: number }[];
  tab: T;
  onTab: (tab: T) => void;
}

/** Where the words of a kind may be changed, and by which role without a grant. */
const LEAST = { catalogs: "MANAGE", schemas: "MANAGE", tables: "EDIT", volumes: "EDIT", functions: "EDIT", models: "EDIT" } as const;
const STAYS = new Set(["main", "main.default"]);

/** What every page of something in the catalog begins with: its name, what it is, its tags, and what can be done. */
export function CatalogHead<T extends string>({ kind, object, facts, actions, tabs, tab, onTab }: Props<T>) {
  const { one, icon, type } = KINDS[kind];
  const name = object.full_name;
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [deleting, setDeleting] = useState(false);
  const managing = useMay(`${type}/${name}`, "MANAGE", LEAST[kind]);
  return (
    <PageHead
      crumbs={crumbsOf(kind, name)}
      title={
        <>
          <span className="kind-icon" title={one}>
            <Icon name={icon} size={18} />
          </span>
          <h1 className="ellipsis" title={name}>
            {object.name}
          </h1>
          <Copy text={name} label="Copy the full name" />
        </>
      }
      actions={
        <>
          {actions}
          <Menu label="" name={`Actions for this ${one}`} icon="more" align="end">
            {(close) => (
              <MenuItem
                icon="trash"
                danger
                blocked={managing || (STAYS.has(name) && "Every workspace has it, and it stays")}
                onClick={() => (close(), setDeleting(true))}
              >
                Delete
              </MenuItem>
            )}
          </Menu>
        </>
      }
    >
      <div className="head-line small muted catalog-facts">
        <span title={`Owned by ${object.owner}`} className="row">
          <Icon name="user" size={12} /> {object.owner}
        </span>
        <span title={`Made by ${object.created_by || "the server"}, ${time(object.created_at)}`}>
          changed <Ago ms={object.updated_at} />
        </span>
        {facts}
      </div>
      <Description
        label={`the description of ${name}`}
        text={object.comment ?? ""}
        blocked={managing}
        save={(text) => describe(kind, name, text)}
        changed={() => queries.invalidateQueries({ queryKey: ["catalog"] })}
      />
      <Tags kind={kind} name={name} />
      <Tabs label={object.name} tabs={tabs} value={tab} onChange={onTab} />
      {deleting && (
        <Delete
          kind={kind}
          name={name}
          onClose={() => setDeleting(false)}
          onDone={() => {
            const above = name.split(".").slice(0, -1).slice(0, 2).join(".");
            void navigate(above ? placeOf(above.includes(".") ? "schemas" : "catalogs", above) : { to: paths.catalog, search: {} });
          }}
        />
      )}
    </PageHead>
  );
}

function crumbsOf(kind: SecurableKind, name: string): Crumb[] {
  const [catalog = "", schema = ""] = name.split(".");
  const crumbs: Crumb[] = [{ name: "Catalog", link: { to: paths.catalog, search: {} } }];
  if (kind !== "catalogs") crumbs.push({ name: catalog, link: placeOf("catalogs", catalog) });
  if (kind !== "catalogs" && kind !== "schemas") crumbs.push({ name: schema, link: placeOf("schemas", `${catalog}.${schema}`) });
  return crumbs;
}

function Tags({ kind, name }: { kind: SecurableKind; name: string }) {
  const queries = useQueryClient();
  const found = useQuery(tagsOf(kind, name));
  const blocked = useMay(`${KINDS[kind].type}/${name}`, "APPLY_TAG", "EDIT");
  return (
    <TagsEditor
      tags={found.data ?? []}
      blocked={blocked}
      set={(key, value) => setTag(kind, name, key, value)}
      remove={(key) => deleteTag(kind, name, key)}
      changed={() => void queries.invalidateQueries({ queryKey: ["catalog", "tags", kind, name] })}
    />
  );
}

