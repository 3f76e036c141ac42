"""Assessments of traces and spans."""

from lakeward.kit.clock import now_ms
from lakeward.runtime.http import EDIT, READ, Call, Routes
from lakeward.tracing import assessments
from lakeward.tracing.converted import assessment_record, update_fields
from lakeward.tracing.securable import of_trace
from lakeward.tracing.wire import assessments as wire

routes = Routes("traces", ("/api/3.0/mlflow", "/ajax-api/3.0/mlflow"))

_TRACE = of_trace("trace_id")


@routes.post("/traces/{trace_id}/assessments", allow=EDIT.on(_TRACE))
async def create_assessment(call: Call, req: wire.CreateAssessment) -> wire.AssessmentResponse:
    given = assessment_record(req.assessment, req.trace_id, call.actor.name, now_ms())
    made = await assessments.create(call.tx, call.workspace, req.trace_id, given)
    return wire.AssessmentResponse(wire.Assessment.of(made))


@routes.get("/traces/{trace_id}/assessments/{assessment_id}", allow=READ.on(_TRACE))
async def get_assessment(call: Call, req: wire.AssessmentById) -> wire.AssessmentResponse:
    found = await assessments.get(call.tx, call.workspace, req.trace_id, req.assessment_id)
    return wire.AssessmentResponse(wire.Assessment.of(found))


@routes.patch("/traces/{trace_id}/assessments/{assessment_id}", allow=EDIT.on(_TRACE))
async def update_assessment(call: Call, req: wire.UpdateAssessment) -> wire.AssessmentResponse:
    fields, given = update_fields(req.assessment, req.update_mask)
    changed = await assessments.update(call.tx, call.workspace, req.trace_id, req.assessment_id, fields, given)
    return wire.AssessmentResponse(wire.Assessment.of(changed))


@routes.delete("/traces/{trace_id}/assessments/{assessment_id}", allow=EDIT.on(_TRACE))
async def delete_assessment(call: Call, req: wire.AssessmentById) -> None:
    await assessments.delete(call.tx, call.workspace, req.trace_id, req.assessment_id)
