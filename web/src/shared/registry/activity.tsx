import { useInfiniteQuery } from "@tanstack/react-query";
import { Fragment, type ReactNode } from "react";
import { type Activity, activityOf } from "~/api/lineage";
import { Ago, Empty, Failure, Loading } from "~/ui/bits";
import { Button } from "~/ui/button";

/** Who did what to a model or prompt, and when. */
export function ActivityLog({ name }: { name: string }) {
  const log = useInfiniteQuery(activityOf(name));
  if (log.isPending) return <Loading />;
  if (log.isLoadingError) return <Failure error={log.error} retry={() => void log.refetch()} />;
  const all = log.data.pages.flatMap((page) => page.activities ?? []);
  if (all.length === 0) return <Empty icon="clock" title="Nothing has happened yet" />;
  return (
    <div className="scroll version-body" tabIndex={0} role="region" aria-label="Activity">
      <ol className="activity">
        {all.map((each) => (
          <li key={each.activity_id}>
            <span>
              <b>{each.user_id || "somebody"}</b> {told(each)}
              {each.version && <span className="pill">version {each.version}</span>}
            </span>
            <span className="muted small">
              <Ago ms={each.timestamp} />
            </span>
          </li>
        ))}
      </ol>
      {log.hasNextPage && (
        <Button small blocked={log.isFetchingNextPage && "On their way"} onClick={() => void log.fetchNextPage()}>
          Show earlier activity
        </Button>
      )}
    </div>
  );
}

/** In words: what was done, to what, and what it was before. */
function told({ action, key, value, before, version }: Activity): ReactNode {
  const what = key !== undefined && <code>{action.startsWith("alias") ? `@${key}` : key}</code>;
  const now = value && <Value text={value} />;
  const was = before && (
    <Fragment>
      , it was <Value text={before} />
    </Fragment>
  );
  switch (action) {
    case "created":
      return version ? "made the version" : "made it";
    case "deleted":
      return version ? "deleted the version" : "deleted it";
    case "renamed":
      return <>renamed it to {now}{was}</>;
    case "described":
      return value ? <>described it: {now}</> : "took the description away";
    case "tag_set":
      return <>set the tag {what} to {now}{was}</>;
    case "tag_deleted":
      return <>removed the tag {what}{was}</>;
    case "alias_set":
      return <>put {what} on version {value}{before && `, it was on version ${before}`}</>;
    case "alias_deleted":
      return <>took {what} away{before && `, it was on version ${before}`}</>;
    case "stage_set":
      return <>moved it to {now}{was}</>;
    case "commented":
      return <>commented: {now}</>;
    case "comment_edited":
      return <>changed a comment to {now}{was}</>;
    case "comment_deleted":
      return <>deleted a comment{was}</>;
    case "transition_requested":
      return <>asked to move it to {now}</>;
    case "transition_approved":
    case "transition_rejected":
    case "transition_cancelled":
      return <>{action.replace("transition_", "")} what {key} asked for: to move it to {now}</>;
    default:
      return <>{action.replaceAll("_", " ")} {what} {now}{was}</>;
  }
}

const LONGEST = 80;

function Value({ text }: { text: string }) {
  return <q title={text}>{text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}</q>;
}
