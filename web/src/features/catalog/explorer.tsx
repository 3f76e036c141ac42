import { Outlet, useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Button } from "~/ui/button";
import { Tree } from "./tree";

/** Beside whatever is chosen stands the tree of all there is. On a phone it opens above. */
export function Explorer() {
  const at = useParams({ strict: false });
  const [open, setOpen] = useState(false);
  const place = [at.catalog, at.schema, at.kind, at.name].join("/");
  useEffect(() => setOpen(false), [place]);
  return (
    <div className={open ? "explorer tree-open" : "explorer"}>
      <div className="explorer-switch">
        <Button small icon="catalog" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Close the tree" : "All catalogs"}
        </Button>
      </div>
      <Tree at={at} />
      <div className="explorer-body">
        <Outlet />
      </div>
    </div>
  );
}
