import { queryOptions } from "@tanstack/react-query";
import { get } from "./client";
import type { WhoAmI } from "./types";

export const whoAmI = queryOptions({
  queryKey: ["whoami"],
  queryFn: ({ signal }) => get<WhoAmI>("/api/2.0/lakeward/whoami", undefined, { signal, anywhere: true }),
  staleTime: 60_000,
  retry: (count, error) => !("status" in error && error.status === 401) && count < 2,
});
