import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { ApiError } from "~/api/client";
import { FIRST_PAGE, type RunSearch, runHead, runList } from "~/api/runs";
import { merge } from "./flat";

/** How often the first page is asked again while somebody looks: often while runs are going on, seldom otherwise. */
const LIVELY = 3_000;
const QUIET = 10_000;

/**
 * All runs of a search that are loaded so far, kept fresh; `more` loads the next page. Where `awaited` and there is none
 * yet, somebody else waits for the first.
 */
export function useRuns(search: RunSearch, awaited: boolean) {
  const list = useInfiniteQuery(runList(search));
  const first = list.data?.pages[0]?.runs;
  const running = first?.some((run) => run.info.status === "RUNNING") ?? true;
  const head = useQuery({
    ...runHead(search, running ? LIVELY : QUIET),
    enabled: list.isSuccess && !(awaited && first?.length === 0),
    initialData: list.data?.pages[0], // what has just come is not asked for once more
    initialDataUpdatedAt: list.dataUpdatedAt,
  });
  const runs = useMemo(() => {
    const pages = list.data?.pages.map((page) => page.runs) ?? [];
    const fresh = head.data?.runs ?? [];
    // When everything fits on the first page, the head is the whole truth: what is no longer there is gone.
    if (head.data && !head.data.next_page_token && fresh.length < FIRST_PAGE && pages.length === 1) return merge(fresh, []);
    return merge(fresh, pages);
  }, [list.data, head.data]);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = list;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
  const refused = list.error instanceof ApiError && list.error.status === 400 ? list.error.message : "";
  return { runs, list, more, refused, complete: !hasNextPage };
}
