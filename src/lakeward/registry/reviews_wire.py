"""Requests and responses of comments and of requests for transitions, named as upstream."""

from collections.abc import Sequence
from typing import Self

import msgspec

from lakeward.registry import wire
from lakeward.registry.records import APPROVED, CANCELLED, REJECTED
from lakeward.registry.records import Activity as ActivityRecord
from lakeward.registry.records import Comment as CommentRecord
from lakeward.registry.records import TransitionRequest as RequestRecord
from lakeward.runtime.http import Int64

_TYPES = {APPROVED: "APPROVED_REQUEST", REJECTED: "REJECTED_REQUEST", CANCELLED: "CANCELLED_REQUEST"}


class Comment(msgspec.Struct, omit_defaults=True):
    id: str
    version: str
    comment: str
    user_id: str
    creation_timestamp: int
    last_updated_timestamp: int
    available_actions: list[str] = []

    @classmethod
    def of(cls, record: CommentRecord, actions: Sequence[str] = ()) -> Self:
        return cls(
            id=str(record.id),
            version=str(record.version),
            comment=record.comment,
            user_id=record.creator,
            creation_timestamp=record.created_at,
            last_updated_timestamp=record.updated_at,
            available_actions=list(actions),
        )


class CommentResponse(msgspec.Struct):
    comment: Comment


class CreateComment(msgspec.Struct):
    name: str
    version: str | int
    comment: str = ""


class UpdateComment(msgspec.Struct):
    id: str
    comment: str = ""


class CommentById(msgspec.Struct):
    id: str


class ListComments(msgspec.Struct):
    name: str
    version: str
    max_results: Int64 | None = None
    page_token: str | None = None


class ListCommentsResponse(msgspec.Struct, omit_defaults=True):
    comments: list[Comment]
    next_page_token: str | None = None


# ── requests for transitions ─────────────────────────────────────────────────────────────────────────────────────────


class Activity(msgspec.Struct, omit_defaults=True):
    """A request that is open, or what became of one. `user_id` is who asked, or who decided."""

    activity_type: str
    id: str
    user_id: str
    creation_timestamp: int
    last_updated_timestamp: int
    from_stage: str
    to_stage: str
    comment: str = ""
    available_actions: list[str] = []

    @classmethod
    def asked(cls, record: RequestRecord, actions: Sequence[str]) -> Self:
        return cls(
            activity_type="REQUESTED_TRANSITION",
            id=str(record.id),
            user_id=record.creator,
            creation_timestamp=record.created_at,
            last_updated_timestamp=record.created_at,
            from_stage=record.from_stage,
            to_stage=record.to_stage,
            comment=record.comment,
            available_actions=list(actions),
        )

    @classmethod
    def decided(cls, record: ActivityRecord, comment: str) -> Self:
        return cls(
            activity_type=_TYPES[record.action],
            id=str(record.id),
            user_id=record.actor,
            creation_timestamp=record.at,
            last_updated_timestamp=record.at,
            from_stage=record.before or "",
            to_stage=record.value or "",
            comment=comment,
        )


class ActivityResponse(msgspec.Struct):
    activity: Activity


class TransitionRequestResponse(msgspec.Struct):
    request: Activity


class ListTransitionRequestsResponse(msgspec.Struct):
    requests: list[Activity]


class CreateTransitionRequest(msgspec.Struct):
    name: str
    version: str | int
    stage: str
    comment: str = ""


class ListTransitionRequests(msgspec.Struct):
    name: str
    version: str


class ApproveTransitionRequest(wire.TransitionStage):
    comment: str = ""


class RejectTransitionRequest(CreateTransitionRequest):
    pass


class DeleteTransitionRequest(msgspec.Struct):
    name: str
    version: str | int
    stage: str
    creator: str
    comment: str = ""
