"""Assessments of traces and spans."""

from lakeward.kit.clock import now_ms
from lakeward.runtime.http import EDIT, READ, Call, Routes
from lakeward.tracing import assessments
from lakeward.tracing.routes.converted import assessment_record
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
    fields = {_snake(each) for each in req.update_mask.split(",") if each}
    given = {
        "name": req.assessment.assessment_name,
        "rationale": req.assessment.rationale,
        "metadata": req.assessment.metadata,
        "error": req.assessment.failure(),
    }
    if fields & {"feedback", "expectation"}:
        given["kind"], given["value"] = req.assessment.kind_and_value()
    changed = await assessments.update(call.tx, call.workspace, req.trace_id, req.assessment_id, fields, given)
    return wire.AssessmentResponse(wire.Assessment.of(changed))


@routes.delete("/traces/{trace_id}/assessments/{assessment_id}", allow=EDIT.on(_TRACE))
async def delete_assessment(call: Call, req: wire.AssessmentById) -> None:
    await assessments.delete(call.tx, call.workspace, req.trace_id, req.assessment_id)


def _snake(name: str) -> str:
    """A path of a protobuf field mask, which JSON spells assessmentName."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name.strip())
