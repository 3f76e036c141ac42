import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { paths } from "~/links";
import { PageHead } from "~/shared/page";
import { Loading, Tabs, useTitle } from "~/ui/bits";
import { You } from "./you";

const Tokens = lazy(() => import("./tokens").then((module) => ({ default: module.Tokens })));
const People = lazy(() => import("./people").then((module) => ({ default: module.People })));
const Secrets = lazy(() => import("./secrets").then((module) => ({ default: module.Secrets })));
const Audit = lazy(() => import("./audit").then((module) => ({ default: module.Audit })));
const Webhooks = lazy(() => import("./webhooks").then((module) => ({ default: module.Webhooks })));
const System = lazy(() => import("./system").then((module) => ({ default: module.System })));
const route = getRouteApi("/ml/settings");

const TABS = [
  { id: "you", name: "You" },
  { id: "tokens", name: "Access tokens" },
  { id: "users", name: "Users" },
  { id: "groups", name: "Groups" },
  { id: "services", name: "Service principals" },
  { id: "secrets", name: "Secrets" },
  { id: "webhooks", name: "Webhooks" },
  { id: "audit", name: "Audit log" },
  { id: "system", name: "System" },
] as const;

/** Who one is here, where one may work, by what one signs in, and who else is there. */
export function SettingsPage() {
  const { tab = "you" } = route.useSearch();
  const navigate = useNavigate({ from: paths.settings });
  useTitle("Settings");
  return (
    <div className="page fill">
      <PageHead crumbs={[]} title={<h1>Settings</h1>}>
        <Tabs
          label="Settings"
          tabs={TABS}
          value={tab}
          onChange={(next) => void navigate({ search: { tab: next === "you" ? undefined : next } })}
        />
      </PageHead>
      <div className="scroll overview">
        <div className="settings">
          <Suspense fallback={<Loading rows={4} />}>
            {tab === "you" && <You />}
            {tab === "tokens" && <Tokens />}
            {tab === "users" && <People key="users" kind="Users" />}
            {tab === "groups" && <People key="groups" kind="Groups" />}
            {tab === "services" && <People key="services" kind="ServicePrincipals" />}
            {tab === "secrets" && <Secrets />}
            {tab === "webhooks" && <Webhooks />}
            {tab === "audit" && <Audit />}
            {tab === "system" && <System />}
          </Suspense>
        </div>
      </div>
    </div>
  );
}
