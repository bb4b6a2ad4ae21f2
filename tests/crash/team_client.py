"""A process of a team's that is no worker: it asks, and hears from Redis what a worker elsewhere answered and appended."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from typing import Any

import django


async def main() -> dict[str, Any]:
    from channels.layers import get_channel_layer

    from lifecycle.wire import Request
    from podhub import wake
    from podhub.runs.clusters import create_cluster
    from podhub.runs.queue import asubmit, submit

    wake.carry_on(asyncio.get_running_loop())
    cluster = await asyncio.to_thread(create_cluster, "team")
    layer = get_channel_layer()
    assert layer
    channel = await layer.new_channel()
    await layer.group_add(wake.group(cluster.pk), channel)

    def config_map(number: int) -> Request:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"m{number}"}}
        return Request("create", "configmaps", namespace="default", body=body)

    codes, took, heard = [], [], 0
    for number in range(20):
        began = time.perf_counter()
        answer = await asubmit(cluster, config_map(number))
        took.append(time.perf_counter() - began)
        codes.append(answer.code)
        while heard < (answer.changed or 0):
            heard = (await asyncio.wait_for(layer.receive(channel), 5))["head"]
    together = await asyncio.gather(*(asubmit(cluster, config_map(number)) for number in range(100, 200)))
    blocking = await asyncio.to_thread(submit, cluster, config_map(300))
    return {
        "codes": sorted({*codes, *(answer.code for answer in together), blocking.code}),
        "median": statistics.median(took),
        "worst": max(took),
        "heard": heard,
    }


if __name__ == "__main__":
    django.setup()
    print(json.dumps(asyncio.run(main())))
