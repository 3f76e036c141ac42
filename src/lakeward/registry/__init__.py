"""The registry: registered models and prompts, their versions, tags, stages and aliases.

A registered model has one name in each dialect and one counter: its versions are numbered 1, 2, 3… and no number ever
means two of them. An alias leads to one version and is moved in one statement. A version says where it came from as
text, so it outlives the run and the LoggedModel it names. A prompt is a registered model with a tag; models and prompts
share one namespace and never a list. Each change is written to an activity log by the statement that makes it.
"""

from lakeward.registry import adoption
from lakeward.registry.contents import MODELS
from lakeward.registry.exchange import sweep as sweep_exchange
from lakeward.registry.files import sweep as sweep_files
from lakeward.registry.records import ArrivingModel, ArrivingVersion, FilesId, ModelVersion, RegisteredModel
from lakeward.registry.securable import BY_ANY_NAME, REGISTERED_MODEL
from lakeward.registry.unity import get_in_any_dialect as get_version
from lakeward.registry.unity import get_model_in_any_dialect as get_model

__all__ = [
    "BY_ANY_NAME",
    "MODELS",
    "REGISTERED_MODEL",
    "ArrivingModel",
    "ArrivingVersion",
    "FilesId",
    "ModelVersion",
    "RegisteredModel",
    "adoption",
    "get_model",
    "get_version",
    "sweep_exchange",
    "sweep_files",
]
