import { expect, test } from "vitest";
import type { Run } from "~/api/types";
import { codeOf, commitPage, differencePage, pageOf } from "./code";

const run = (tags: Record<string, string>) =>
  ({ info: {}, data: { tags: Object.entries(tags).map(([key, value]) => ({ key, value })) } }) as unknown as Run;

test("repositories become pages, whatever way they are fetched", () => {
  for (const each of ["git@github.com:team/repo.git", "ssh://git@github.com/team/repo", "https://ana@github.com/team/repo.git/", "https://github.com/team/repo"]) {
    expect(pageOf(each)).toBe("https://github.com/team/repo");
  }
  expect(pageOf("ssh://git@git.example.org:2222/team/repo.git")).toBe("https://git.example.org/team/repo");
  expect(pageOf("/home/ana/repo")).toBeUndefined();
  expect(pageOf("javascript:alert(1)")).toBeUndefined();
});

test("commits and the difference between two of them have addresses", () => {
  const [before, after] = ["a1", "b2"].map((commit) => codeOf(run({ "mlflow.source.git.repoURL": "git@gitlab.com:t/r.git", "mlflow.source.git.commit": commit })));
  expect(commitPage(before!)).toBe("https://gitlab.com/t/r/-/commit/a1");
  expect(differencePage(before!, after!)).toBe("https://gitlab.com/t/r/-/compare/a1...b2");
  expect(differencePage(before!, before!)).toBeUndefined();
  expect(differencePage(before!, codeOf(run({})))).toBeUndefined();
  expect(codeOf(run({ "mlflow.source.git.diff": "+ x" })).dirty).toBe(true);
  expect(codeOf(run({})).dirty).toBeUndefined();
});
