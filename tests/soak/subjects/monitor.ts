// A monitor of everything in its namespace; by order, one of another namespace
// until that is gone.

import { Monitor } from "../../../lib/rtnetlink/monitor/monitor.ts";
import { arrived, sayMemory, visits } from "../subject.ts";

const counts = { events: 0, overruns: 0, ignored: 0, visits: 0 };
const monitor = await Monitor.open({ snapshot: true });
sayMemory(() => ({
  ...counts,
  known: monitor.all("link").length + monitor.all("route").length,
}));

visits(async (namespace, signal) => {
  await using other = await Monitor.open({ namespace, snapshot: true });
  arrived();
  try {
    for (;;) counts.events += (await other.receive({ signal })).length;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  counts.visits++;
});
for (;;) {
  for (const { event } of await monitor.receive()) {
    counts.events++;
    if (event === "overrun") counts.overruns++;
    if (event === "ignored") counts.ignored++;
  }
}
