/** What the page of a registered model or prompt shows. */
export const REGISTRY_TABS = [
  { id: "versions", name: "Versions" },
  { id: "lineage", name: "Lineage" },
  { id: "activity", name: "Activity" },
] as const;
