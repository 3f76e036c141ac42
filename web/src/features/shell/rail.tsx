import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useSyncExternalStore } from "react";
import { setToken } from "~/api/client";
import { signOut } from "~/api/session";
import { searchExperiments } from "~/api/experiments";
import { splitName } from "~/format";
import { paths } from "~/links";
import { DEFAULT_WORKSPACE, useSession } from "~/session";
import { onTheme, setTheme, type Theme, theme } from "~/theme";
import { IconButton } from "~/ui/button";
import { Icon, type IconName, Logo } from "~/ui/icons";
import { Menu, MenuItem } from "~/ui/menu";
import { toastError } from "~/ui/toast";

interface Props {
  onFind: () => void;
  open: boolean;
  onMenu: (open: boolean) => void;
}

export const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function Rail({ onFind, open, onMenu }: Props) {
  const place = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => onMenu(false), [place, onMenu]);
  return (
    <>
      <header className="phone-bar">
        <IconButton icon="menu" label="Menu" aria-expanded={open} onClick={() => onMenu(!open)} />
        <Link to={paths.home} className="brand">
          <Logo /> Lakeward
        </Link>
        <span className="grow" />
        <IconButton icon="search" label="Find" onClick={onFind} />
      </header>
      <nav className="rail" aria-label="Main">
        <Link to={paths.home} className="brand">
          <Logo /> <span>Lakeward</span>
        </Link>
        <WorkspaceSwitch />
        <button type="button" className="find" onClick={onFind}>
          <Icon name="search" />
          <span className="grow">Find…</span>
          <kbd>{isMac ? "⌘K" : "Ctrl K"}</kbd>
        </button>
        <RailLink to={paths.home} icon="home" exact>
          Home
        </RailLink>
        <RailLink to={paths.experiments} icon="flask">
          Experiments
        </RailLink>
        <RailLink to={paths.allTraces} icon="trace">
          Traces
        </RailLink>
        <RailLink to={paths.registry} icon="layers">
          Models
        </RailLink>
        <RailLink to={paths.prompts} icon="prompt">
          Prompts
        </RailLink>
        <RailLink to={paths.catalog} icon="catalog">
          Catalog
        </RailLink>
        <RailLink to={paths.settings} icon="settings">
          Settings
        </RailLink>
        <Recent />
        <span className="grow" />
        <div className="rail-foot">
          <Account />
          <ThemeMenu />
        </div>
      </nav>
      {open && <button type="button" className="scrim" aria-label="Close the menu" onClick={() => onMenu(false)} />}
    </>
  );
}

function RailLink({ to, icon, exact, children }: { to: string; icon: IconName; exact?: boolean; children: string }) {
  return (
    <Link to={to} className="rail-link" activeOptions={{ exact: exact ?? false, includeSearch: false }}>
      <Icon name={icon} /> {children}
    </Link>
  );
}

/** The experiments something last happened in. */
function Recent() {
  const { workspace } = useSession();
  const recent = useQuery({
    enabled: workspace !== undefined,
    queryKey: ["experiments", "recent"],
    queryFn: ({ signal }) => searchExperiments({ order: "last_update_time DESC", limit: 8 }, signal),
  });
  const found = recent.data?.experiments ?? [];
  if (found.length === 0) return null;
  return (
    <div className="recent">
      <h2>Recent</h2>
      <ul>
        {found.map((each) => (
          <li key={each.experiment_id}>
            <Link
              to={paths.experiment}
              params={{ experimentId: each.experiment_id }}
              className="rail-link ellipsis"
              title={each.name}
              activeOptions={{ includeSearch: false }}
            >
              <span className="ellipsis">{splitName(each.name).leaf}</span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

function WorkspaceSwitch() {
  const { who, workspace } = useSession();
  const navigate = useNavigate();
  if (who.workspaces.length < 2 && workspace) {
    return (
      <p className="workspace-name" title={workspace.description || undefined}>
        {workspace.name}
      </p>
    );
  }
  return (
    <div className="workspace-switch">
      <Menu label={<span className="grow ellipsis">{workspace?.name ?? "Choose a workspace"}</span>}>
        {(close) =>
          who.workspaces.map((each) => (
            <MenuItem
              key={each.id}
              chosen={each.id === workspace?.id}
              onClick={() => {
                close();
                const named = each.name === DEFAULT_WORKSPACE ? undefined : each.name;
                void navigate({ to: paths.home, search: { workspace: named, o: undefined } });
              }}
            >
              {each.name} <span className="muted">{each.role.toLowerCase()}</span>
            </MenuItem>
          ))
        }
      </Menu>
    </div>
  );
}

function Account() {
  const { who, workspace } = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const place = useRouterState({ select: (state) => state.location.href });
  const leave = async () => {
    if (who.by === "SESSION") await signOut().catch(toastError); // one that has ended already is no trouble: the page asks anew
    setToken("");
    await queries.resetQueries();
  };
  return (
    <Menu name={`Signed in as ${who.name}`} label={<span className="ellipsis">{who.name}</span>} icon="user" kind="ghost" small>
      {(close) => (
        <>
          <p className="menu-note">
            Signed in as <b>{who.name}</b>
            <br />
            {who.is_admin ? "Administrator" : `Role ${workspace?.role ?? "none"} here`} · Lakeward {who.version}
          </p>
          <MenuItem icon="link" onClick={() => window.open("/openapi.json", "_blank", "noopener")}>
            API description
          </MenuItem>
          {who.by === "LOCAL" ? (
            <MenuItem icon="user" onClick={() => void navigate({ to: paths.signIn, search: { next: place } })}>
              Sign in as somebody else
            </MenuItem>
          ) : (
            <MenuItem
              icon="user"
              onClick={() => {
                close();
                void leave();
              }}
            >
              Sign out
            </MenuItem>
          )}
        </>
      )}
    </Menu>
  );
}

const THEMES: Record<Theme, { word: string; icon: IconName }> = {
  auto: { word: "As the system", icon: "auto" },
  light: { word: "Light", icon: "sun" },
  dark: { word: "Dark", icon: "moon" },
};

function ThemeMenu() {
  const chosen = useSyncExternalStore(onTheme, theme);
  return (
    <Menu label="" name="Colours" icon={THEMES[chosen].icon} kind="ghost" small align="end">
      {(close) =>
        (Object.keys(THEMES) as Theme[]).map((each) => (
          <MenuItem
            key={each}
            icon={THEMES[each].icon}
            chosen={each === chosen}
            onClick={() => {
              setTheme(each);
              close();
            }}
          >
            {THEMES[each].word}
          </MenuItem>
        ))
      }
    </Menu>
  );
}
