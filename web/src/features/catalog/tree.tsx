import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useId, useState } from "react";
import { assets, catalogs, models, namesLike, type SecurableKind, schemas } from "~/api/catalog";
import { useDebounced } from "~/ui/bits";
import { Icon } from "~/ui/icons";
import { IN_SCHEMA, KINDS, kindOf, placeOf } from "./kinds";

interface At {
  catalog?: string;
  schema?: string;
  kind?: string;
  name?: string;
}

/** Catalogs, their schemas, and what is in these, each asked for when it is opened; or what has some letters in its name. */
export function Tree({ at }: { at: At }) {
  const [text, setText] = useState("");
  const words = useDebounced(text.trim());
  return (
    <nav className="catalog-tree" aria-label="Catalog">
      <div className="field">
        <Icon name="search" />
        <input type="search" aria-label="Find by name" placeholder="Find by name" value={text} onChange={(event) => setText(event.target.value)} />
        {text && (
          <button type="button" className="clear" aria-label="Clear" onClick={() => setText("")}>
            <Icon name="close" size={12} />
          </button>
        )}
      </div>
      <div className="tree-scroll">{words ? <Found words={words} /> : <Catalogs at={at} />}</div>
    </nav>
  );
}

function Found({ words }: { words: string }) {
  const found = useQuery({ ...namesLike(words), placeholderData: keepPreviousData });
  if (!found.data) return <Note>{found.isError ? found.error.message : "Looking…"}</Note>;
  if (found.data.length === 0) return <Note>Nothing has that in its name.</Note>;
  return (
    <ul aria-label="Found">
      {found.data.map((entry) => {
        const [name = "", ...above] = entry.full_name.split(".").toReversed();
        return (
          <li key={`${entry.kind} ${entry.full_name}`}>
            <Link {...placeOf(kindOf(entry), entry.full_name)} className="tree-item found" title={entry.comment || entry.full_name}>
              <Icon name={KINDS[kindOf(entry)].icon} />
              <span className="ellipsis grow">
                {name} {above.length > 0 && <span className="muted">{above.toReversed().join(".")}</span>}
              </span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}

/** Only what is shown is marked, not what it lies in. */
const EXACT = { exact: true, includeSearch: false };

const Note = ({ children }: { children: ReactNode }) => <p className="tree-note muted small">{children}</p>;

interface NodeProps {
  kind: SecurableKind;
  name: string;
  fullName: string;
  current: boolean;
  /** Something inside is shown. */
  around: boolean;
  depth: number;
  children: (open: boolean) => ReactNode;
}

function Node({ kind, name, fullName, current, around, depth, children }: NodeProps) {
  const [open, setOpen] = useState(current || around);
  const inside = useId();
  useEffect(() => {
    if (current || around) setOpen(true);
  }, [current, around]);
  return (
    <li>
      <div className="tree-row" style={{ paddingLeft: depth * 16 }}>
        <button type="button" className="tree-toggle" aria-expanded={open} aria-controls={open ? inside : undefined} aria-label={`What is in ${fullName}`} onClick={() => setOpen(!open)}>
          <Icon name={open ? "down" : "right"} size={12} />
        </button>
        <Link {...placeOf(kind, fullName)} className="tree-item" activeOptions={EXACT} title={fullName}>
          <Icon name={KINDS[kind].icon} />
          <span className="ellipsis">{name}</span>
        </Link>
      </div>
      {open && <div id={inside}>{children(open)}</div>}
    </li>
  );
}

function Catalogs({ at }: { at: At }) {
  const found = useQuery(catalogs);
  if (!found.data) return <Note>{found.isError ? found.error.message : "Loading…"}</Note>;
  if (found.data.length === 0) return <Note>There is no catalog that you may see.</Note>;
  return (
    <ul>
      {found.data.map(({ name }) => (
        <Node key={name} kind="catalogs" name={name} fullName={name} depth={0} current={at.catalog === name && !at.schema} around={at.catalog === name && Boolean(at.schema)}>
          {() => <Schemas catalog={name} at={at} />}
        </Node>
      ))}
    </ul>
  );
}

function Schemas({ catalog, at }: { catalog: string; at: At }) {
  const found = useQuery(schemas(catalog));
  if (!found.data) return <Note>{found.isError ? found.error.message : "Loading…"}</Note>;
  if (found.data.length === 0) return <Note>No schemas</Note>;
  return (
    <ul>
      {found.data.map(({ name, full_name }) => {
        const here = at.catalog === catalog && at.schema === name;
        return (
          <Node key={name} kind="schemas" name={name} fullName={full_name} depth={1} current={here && !at.name} around={here && Boolean(at.name)}>
            {() => <Contents catalog={catalog} schema={name} />}
          </Node>
        );
      })}
    </ul>
  );
}

/** Of each kind; the page of the schema has them all. */
const MOST = 50;

function Contents({ catalog, schema }: { catalog: string; schema: string }) {
  const lists = {
    tables: useQuery(assets("tables", catalog, schema)),
    volumes: useQuery(assets("volumes", catalog, schema)),
    functions: useQuery(assets("functions", catalog, schema)),
    models: useQuery(models(catalog, schema)),
  };
  if (IN_SCHEMA.some((kind) => lists[kind].isPending)) return <Note>Loading…</Note>;
  if (IN_SCHEMA.every((kind) => (lists[kind].data ?? []).length === 0)) return <Note>Nothing yet</Note>;
  return (
    <ul>
      {IN_SCHEMA.map((kind) => {
        const all: readonly { name: string; full_name: string }[] = lists[kind].data ?? [];
        return [
          ...all.slice(0, MOST).map((each) => (
            <li key={`${kind} ${each.name}`}>
              <Link
                {...placeOf(kind, each.full_name)}
                className="tree-item"
                style={{ marginLeft: 56 }}
                activeOptions={EXACT}
                title={`${KINDS[kind].one} ${each.full_name}`}
              >
                <Icon name={KINDS[kind].icon} />
                <span className="ellipsis">{each.name}</span>
              </Link>
            </li>
          )),
          all.length > MOST && (
            <li key={`${kind} more`}>
              <Note>
                and {all.length - MOST} more {KINDS[kind].many.toLowerCase()}
              </Note>
            </li>
          ),
        ];
      })}
    </ul>
  );
}
