"""Webhooks: other programs are told what happens in a workspace, by signed HTTP requests.

Whoever manages a workspace says which address hears of which events; whoever manages a model may say so for that model.
Events are written to a queue in the database by the transaction they tell of, and sent by the worker: again and again
with growing pauses until the address takes them, each time under the same id, so that whoever hears of one twice can
tell. Secrets lie encrypted; addresses inside the network are refused unless the operator allows them.
"""

from lakeward.webhooks.sending import Dispatcher
from lakeward.webhooks.store import count_waiting
from lakeward.webhooks.tasks import sweep_deliveries

__all__ = ["Dispatcher", "count_waiting", "sweep_deliveries"]
