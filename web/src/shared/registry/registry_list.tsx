/** Models or prompts of a workspace: found by name and tags, with their newest version and their aliases. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import { ApiError } from "~/api/client";
import { type RegisteredModel, type RegistryKind, registryList } from "~/api/registry";
import { firstLine, count, userTags } from "~/format";
import { paths } from "~/links";
import { FilterBar } from "~/shared/filter/filter_bar";
import { type Field, fieldName, type Vocabulary } from "~/shared/filter/suggest";
import { PageHead } from "~/shared/page";
import { Ago, Empty, Failure, Loading, Tag } from "~/ui/bits";
import { Button } from "~/ui/button";
import { Icon } from "~/ui/icons";
import { AliasPill } from "./aliases";

interface Props {
  kind: RegistryKind;
  title: string;
  search: { q?: string; sort?: string };
  onSearch: (change: { q?: string; sort?: string }) => void;
  actions?: ReactNode;
  none: ReactNode;
}

const USUAL = "last_updated_timestamp DESC";

export function RegistryList({ kind, title, search, onSearch, actions, none }: Props) {
  const order = search.sort ?? USUAL;
  const list = useInfiniteQuery(registryList(kind, search.q ?? "", order));
  const found = useMemo(() => list.data?.pages.flatMap((page) => page.registered_models ?? []) ?? [], [list.data]);
  const words = useMemo(() => vocabulary(found), [found]);
  const refused = list.error instanceof ApiError && list.error.status === 400 ? list.error.message : "";
  const sortBy = (field: string) => {
    const next = order === `${field} DESC` ? `${field} ASC` : order === `${field} ASC` ? `${field} DESC` : field === "name" ? "name ASC" : `${field} DESC`;
    onSearch({ sort: next === USUAL ? undefined : next });
  };
  return (
    <div className="page fill">
      <PageHead crumbs={[]} title={<h1>{title}</h1>} actions={actions} />
      <div className="toolbar">
        <FilterBar
          value={search.q ?? ""}
          onChange={(q) => onSearch({ q: q || undefined })}
          words={words}
          error={refused}
          placeholder={`tags.team = 'vision', or a ${kind}'s name`}
        />
      </div>
      {list.isPending ? (
        <Loading />
      ) : list.isLoadingError && !refused ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : found.length === 0 ? (
        search.q ? <Empty icon="search" title={`No ${kind} fits this filter`} /> : none
      ) : (
        <>
          <div className="scroll" tabIndex={0} role="region" aria-label={title}>
            <table className="data registry">
              <thead>
                <tr>
                  <Head title="Name" field="name" order={order} onSort={sortBy} />
                  <th scope="col">Newest</th>
                  <th scope="col">Aliases</th>
                  <th scope="col">Tags</th>
                  <Head title="Changed" field="last_updated_timestamp" order={order} onSort={sortBy} />
                  <th scope="col">By</th>
                </tr>
              </thead>
              <tbody>
                {found.map((each) => (
                  <Line key={each.name} kind={kind} model={each} />
                ))}
              </tbody>
            </table>
            {list.hasNextPage && (
              <p className="preview-more">
                <Button blocked={list.isFetchingNextPage && "Loading"} onClick={() => void list.fetchNextPage()}>
                  More
                </Button>
              </p>
            )}
          </div>
          <p className="foot muted" role="status">
            {count(found.length, kind)}
            {list.hasNextPage && " so far"}
          </p>
        </>
      )}
    </div>
  );
}

interface HeadProps {
  title: string;
  field: string;
  order: string;
  onSort: (field: string) => void;
}

function Head({ title, field, order, onSort }: HeadProps) {
  const direction = order === `${field} DESC` ? "descending" : order === `${field} ASC` ? "ascending" : "none";
  return (
    <th scope="col" aria-sort={direction}>
      <button type="button" className="head-button" onClick={() => onSort(field)}>
        <span>{title}</span>
        {direction !== "none" && <Icon name={direction === "descending" ? "down" : "up"} size={12} />}
      </button>
    </th>
  );
}

const TAGS = 4;

function Line({ kind, model }: { kind: RegistryKind; model: RegisteredModel }) {
  const newest = Math.max(0, ...model.latest_versions.map((each) => Number(each.version)));
  const tags = userTags(model.tags).filter((tag) => !tag.key.startsWith("_mlflow"));
  return (
    <tr>
      <th scope="row">
        <Link to={kind === "prompt" ? paths.prompt : paths.registered} params={{ name: model.name }} search={{}}>
          {model.name}
        </Link>
        {model.description && <p className="muted small ellipsis about">{firstLine(model.description)}</p>}
      </th>
      <td>{newest ? `Version ${newest}` : <span className="muted">None</span>}</td>
      <td>
        <span className="row wrap">
          {model.aliases.map(({ alias, version }) => (
            <AliasPill key={alias} alias={alias} version={version} />
          ))}
        </span>
      </td>
      <td>
        <span className="row wrap">
          {tags.slice(0, TAGS).map((tag) => (
            <Tag key={tag.key} name={tag.key} value={tag.value} />
          ))}
          {tags.length > TAGS && <span className="muted small">+{tags.length - TAGS}</span>}
        </span>
      </td>
      <td className="muted">
        <Ago ms={model.last_updated_timestamp} />
      </td>
      <td className="muted">{model.user_id}</td>
    </tr>
  );
}

function vocabulary(models: readonly RegisteredModel[]): Vocabulary {
  const keys = [...new Set(models.flatMap((model) => userTags(model.tags).map((tag) => tag.key)))];
  const fields: Field[] = [
    { name: "name", hint: "name", kind: "text" },
    ...keys.map((key): Field => ({ name: fieldName("tags", key), hint: "tag", kind: "text" })),
  ];
  const values = (field: string) => {
    const key = field.replace(/^tags\./, "").replaceAll("`", "");
    if (field === "name") return models.map((model) => model.name);
    return [...new Set(models.flatMap((model) => model.tags.filter((tag) => tag.key === key).map((tag) => tag.value)))];
  };
  return { fields, values };
}
