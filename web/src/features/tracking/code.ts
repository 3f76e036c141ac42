/** Which code made a run, and where it can be read. Pure. */

import type { Run } from "~/api/types";
import { tagOf } from "~/format";

export interface Code {
  /** The repository as a page; undefined for what no browser opens. */
  page: string | undefined;
  repository: string | undefined;
  branch: string | undefined;
  commit: string | undefined;
  /** What was not committed, as a diff; or only that there was something. */
  changes: string | undefined;
  dirty: boolean | undefined;
}

/** `git@host:team/repo.git`, `ssh://git@host/team/repo` and `https://name@host/team/repo.git` as a page. */
export function pageOf(repository: string): string | undefined {
  const found = /^(?:https?:\/\/(?:[^@/]+@)?|ssh:\/\/(?:[^@/]+@)?|[\w.-]+@)([\w.-]+)(?::\d+)?[:/](.+?)(?:\.git)?\/?$/.exec(repository.trim());
  return found ? `https://${found[1]}/${found[2]}` : undefined;
}

export function codeOf({ data: { tags } }: Run): Code {
  const repository = tagOf(tags, "mlflow.source.git.repoURL") ?? tagOf(tags, "mlflow.databricks.gitRepoUrl");
  const dirty = tagOf(tags, "mlflow.source.git.dirty")?.toLowerCase();
  const changes = tagOf(tags, "mlflow.source.git.diff");
  return {
    repository,
    page: repository && pageOf(repository),
    branch: tagOf(tags, "mlflow.source.git.branch") ?? tagOf(tags, "mlflow.databricks.gitRepoReference"),
    commit: tagOf(tags, "mlflow.source.git.commit") ?? tagOf(tags, "mlflow.databricks.gitRepoCommit"),
    changes,
    dirty: changes ? true : dirty === undefined ? undefined : dirty === "true",
  };
}

const inGitLab = (page: string) => (/^https:\/\/[^/]*gitlab/.test(page) ? `${page}/-` : page);

export function commitPage({ page, commit }: Code): string | undefined {
  if (!page || !commit) return undefined;
  return page.startsWith("https://bitbucket.org/") ? `${page}/commits/${commit}` : `${inGitLab(page)}/commit/${commit}`;
}

/** Where the difference between two versions of the same repository is shown. */
export function differencePage(before: Code, after: Code): string | undefined {
  if (!before.page || before.page !== after.page || !before.commit || !after.commit || before.commit === after.commit) return undefined;
  if (before.page.startsWith("https://bitbucket.org/")) return `${before.page}/branches/compare/${after.commit}%0D${before.commit}`;
  return `${inGitLab(before.page)}/compare/${before.commit}...${after.commit}`;
}
