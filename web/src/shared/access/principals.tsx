import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import type { Given } from "~/api/access";
import { principals } from "~/api/identity";
import type { IconName } from "~/ui/icons";

export const KINDS: Record<Given["kind"], { word: string; icon: IconName }> = {
  user_name: { word: "User", icon: "user" },
  group_name: { word: "Group", icon: "layers" },
  service_principal_name: { word: "Service principal", icon: "bot" },
};

export interface Name {
  kind: Given["kind"];
  name: string;
}

/** Everybody whom the server tells of, by kind. */
export function useNames(): Name[] {
  const users = useQuery(principals("Users", "", 1)).data?.Resources ?? [];
  const groups = useQuery(principals("Groups", "", 1)).data?.Resources ?? [];
  const services = useQuery(principals("ServicePrincipals", "", 1)).data?.Resources ?? [];
  return [
    ...groups.map((each) => ({ kind: "group_name" as const, name: each.displayName ?? "" })),
    ...users.map((each) => ({ kind: "user_name" as const, name: each.userName ?? "" })),
    ...services.map((each) => ({ kind: "service_principal_name" as const, name: each.applicationId ?? "" })),
  ];
}

interface Props {
  label: string;
  value: string;
  onChange: (name: string) => void;
  readOnly?: boolean;
  autoFocus?: boolean;
}

/** A name, completed from those the server tells of; others may be written too. */
export function PrincipalField({ label, value, onChange, readOnly, autoFocus }: Props) {
  const names = useNames();
  const list = useId();
  return (
    <>
      <input
        aria-label={label}
        autoFocus={autoFocus}
        placeholder="User or group"
        autoComplete="off"
        list={list}
        value={value}
        readOnly={readOnly}
        onChange={(event) => onChange(event.target.value)}
      />
      <datalist id={list}>
        {names.map((each) => (
          <option key={`${each.kind} ${each.name}`} value={each.name}>
            {KINDS[each.kind].word}
          </option>
        ))}
      </datalist>
    </>
  );
}
