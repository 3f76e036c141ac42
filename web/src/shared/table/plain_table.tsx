/** Tables that are short enough to be drawn whole: their head, and the way to what is not loaded yet. */

import type { ReactNode } from "react";
import { Button } from "~/ui/button";

/** The title of a column; `unseen` ones are for who cannot see that the column needs none. */
export type Head = string | { unseen: string } | { numeric: string };

interface Props {
  heads: readonly Head[];
  /** Names the part of the page that scrolls sideways; without it, it is none of its own. */
  label?: string;
  look?: string;
  children: ReactNode;
}

export function PlainTable({ heads, label, look = "simple", children }: Props) {
  return (
    <div className="scroll-x" {...(label ? { tabIndex: 0, role: "region", "aria-label": label } : {})}>
      <table className={look}>
        <Heads heads={heads} />
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

export function Heads({ heads }: { heads: readonly Head[] }) {
  return (
    <thead>
      <tr>
        {heads.map((head) => {
          if (typeof head === "string") return <th key={head} scope="col">{head}</th>;
          if ("numeric" in head) return <th key={head.numeric} scope="col" className="numeric">{head.numeric}</th>;
          return (
            <th key={head.unseen} scope="col">
              <span className="sr-only">{head.unseen}</span>
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

interface FootProps {
  text: string;
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> };
}

/** How much is there, and what lies further back. */
export function Earlier({ text, list }: FootProps) {
  return (
    <footer className="row">
      <p className="muted grow" role="status">
        {text}
        {list.hasNextPage && " so far"}
      </p>
      {list.hasNextPage && (
        <Button small blocked={list.isFetchingNextPage && "Loading"} onClick={() => void list.fetchNextPage()}>
          Earlier
        </Button>
      )}
    </footer>
  );
}
