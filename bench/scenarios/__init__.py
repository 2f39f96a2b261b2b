"""What is measured, one file each.

A scenario is a module with `TITLE` and `measure(bench) -> Finding`. To add one: write the module, name it in `ALL`, and
put `{{its name}}` where its tables shall stand in `benchmarks.template.md`.
"""

from scenarios import graph, live, memory, metadata, oci, pull, push

ALL = {"push": push, "pull": pull, "metadata": metadata, "graph": graph, "live": live, "oci": oci, "memory": memory}
