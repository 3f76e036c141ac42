"""Start again on the data that the other scenarios left, and find it there."""

from benchmarks.goals import Line
from benchmarks.measure import Bench, Wrong, single
from benchmarks.scenarios.runs import pages
from benchmarks.wire import connections

LINES = (Line("restart", "start to first answer, on the data of this run", "s"),)


async def run(bench: Bench) -> None:
    bench.server.stop(database=False)
    bench.server.start()
    single(bench, "restart", [bench.server.first_answer_seconds], cpu=bench.server.first_answer_cpu)
    if "corpus" not in bench.shared:
        return
    experiment, size = bench.shared["corpus"]
    async with connections(bench.port, 1, bench.calls.greeting()) as (connection,):
        found = sum([len(page) async for page in pages(bench, connection, experiment)])
    if found != size:
        raise Wrong(f"after the restart {found} runs are there of {size}")
