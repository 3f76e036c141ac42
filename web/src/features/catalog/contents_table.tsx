import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { SecurableKind } from "~/api/catalog";
import { Heads } from "~/shared/table/plain_table";
import { firstLine } from "~/format";
import { Ago } from "~/ui/bits";
import { Icon } from "~/ui/icons";
import { KINDS, placeOf } from "./kinds";

export interface Listed {
  kind: SecurableKind;
  name: string;
  full_name: string;
  owner: string;
  comment?: string;
  updated_at: number;
}

interface Props<Row extends Listed> {
  rows: readonly Row[];
  /** A column more, after the name. */
  what?: { title: string; of: (row: Row) => ReactNode };
}

/** What stands in the metastore, in a catalog or in a schema: name, description, owner, last change. */
export function ContentsTable<Row extends Listed>({ rows, what }: Props<Row>) {
  return (
    <table className="data contents">
      <Heads heads={["Name", ...(what ? [what.title] : []), "Description", "Owner", "Changed"]} />
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.kind} ${row.name}`}>
            <th scope="row">
              <Link {...placeOf(row.kind, row.full_name)} className="row" title={row.name}>
                <Icon name={KINDS[row.kind].icon} /> <span className="ellipsis">{row.name}</span>
              </Link>
            </th>
            {what && <td className="wraps">{what.of(row)}</td>}
            <td className="muted wraps" title={row.comment}>
              <span className="two-lines">{firstLine(row.comment)}</span>
            </td>
            <td>{row.owner}</td>
            <td className="muted">
              <Ago ms={row.updated_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
