"""How fast Lakeward is, next to the three usual forms of the reference server, on this machine, in one run.

`python -m benchmarks` starts each server on a fresh directory, drives one after the other with the same bytes over
HTTP, checks through the public API that every acknowledged write is there, prints the ratios and writes
`docs/benchmarks.md`. Nothing in a timed region knows which server it talks to.

    forms        the servers: how each is started, when it answers, how it is stopped
    environments the virtual environments of the reference, from locked requirement files
    postgres     the PostgreSQL of the reference's third form
    processes    what a tree of processes costs: CPU, memory, peaks, from /proc
    wire         a cheap HTTP/1.1 client, so that the load takes little of the cores that are measured
    calls        the requests of the mlflow client, byte for byte
    turns        a process for each server, of which one at a time works
    copies       more rows in the reference's registry
    measure      closed loops, repetitions, medians, and the records of what came out
    scenarios/   one module per group of lines; each verifies what it wrote
    report       the table, and the page in docs/
"""
