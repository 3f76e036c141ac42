"""Issues of applications, found in their traces."""

from lakeward.access import Listed
from lakeward.experiments import EXPERIMENT, of_experiment
from lakeward.runtime.http import EDIT, READ, Call, Routes
from lakeward.tracing import issues
from lakeward.tracing.securable import of_issue
from lakeward.tracing.wire import issues as wire

routes = Routes("traces", ("/api/3.0/mlflow", "/ajax-api/3.0/mlflow"))

_ISSUE = of_issue("issue_id")


@routes.post("/issues", allow=EDIT.on(of_experiment("experiment_id")))
async def create_issue(call: Call, req: wire.CreateIssue) -> wire.IssueResponse:
    made = await issues.create(
        call.tx,
        call.workspace,
        req.experiment_id,
        name=req.name,
        description=req.description,
        status=req.status,
        severity=req.severity or None,
        root_causes=req.root_causes,
        categories=req.categories,
        source_run_id=req.source_run_id or None,
        created_by=req.created_by or call.actor.name,
    )
    return wire.IssueResponse(wire.Issue.of(made))


@routes.get("/issues/{issue_id}", allow=READ.on(_ISSUE))
async def get_issue(call: Call, req: wire.IssueById) -> wire.IssueResponse:
    return wire.IssueResponse(wire.Issue.of(await issues.get(call.tx, call.workspace, req.issue_id)))


@routes.patch("/issues/{issue_id}", allow=EDIT.on(_ISSUE))
async def update_issue(call: Call, req: wire.UpdateIssue) -> wire.IssueResponse:
    changed = await issues.update(
        call.tx, call.workspace, req.issue_id,
        name=req.name, description=req.description, status=req.status, severity=req.severity,
    )  # fmt: skip
    return wire.IssueResponse(wire.Issue.of(changed))


@routes.post("/issues/search", allow=READ.on(Listed(EXPERIMENT)), tx="read")
async def search_issues(call: Call, req: wire.SearchIssues) -> wire.SearchIssuesResponse:
    found, token = await issues.search(
        call.tx, call.workspace, req.experiment_id, req.filter_string, req.max_results, req.page_token,
        sight=call.sight, counted=req.include_trace_count,
    )  # fmt: skip
    return wire.SearchIssuesResponse([wire.Issue.of(each) for each in found], token)
