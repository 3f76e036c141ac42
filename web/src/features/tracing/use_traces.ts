import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { ApiError } from "~/api/client";
import { TRACES_AT_FIRST, traceHead, traceList, type TraceSearch } from "~/api/traces";
import type { TraceInfo } from "~/api/trace_types";

const EVERY = 5_000;

/** All traces of a search that are loaded so far, with new ones as they come; `more` loads the next page. */
export function useTraces(search: TraceSearch) {
  const list = useInfiniteQuery(traceList(search));
  const head = useQuery({ ...traceHead(search, EVERY), enabled: list.isSuccess });
  const traces = useMemo(() => {
    const pages = list.data?.pages.map((page) => page.traces) ?? [];
    const fresh = head.data?.traces ?? [];
    // When everything fits on the first page, the head is the whole truth: what is no longer there is gone.
    if (head.data && !head.data.next_page_token && fresh.length < TRACES_AT_FIRST && pages.length === 1) return fresh;
    return merged([fresh, ...pages]);
  }, [list.data, head.data]);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = list;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
  const refused = list.error instanceof ApiError && list.error.status === 400 ? list.error.message : "";
  return { traces, list, more, refused, complete: !hasNextPage };
}

/** Each once, as it was said first. */
function merged(parts: readonly (readonly TraceInfo[])[]): TraceInfo[] {
  const found = new Map<string, TraceInfo>();
  for (const part of parts) for (const trace of part) if (!found.has(trace.trace_id)) found.set(trace.trace_id, trace);
  return [...found.values()];
}
