// The configurations in docs/fleet.md, checked by the programs that read them.

import { assertEquals } from "@std/assert";
import { parse } from "yaml";
import { output } from "../support/netns.ts";

const PAGE = await Deno.readTextFile(
  new URL("../../docs/fleet.md", import.meta.url),
);

/** The blocks of the page by the name in their first line. */
const FILES = new Map(
  [...PAGE.matchAll(/^```yaml\n# (\S+)\n([^]*?)^```$/gm)]
    .map(([, name, text]) => [name, text]),
);

Deno.test("docs/fleet.md: promtool accepts the configuration of Prometheus", async () => {
  const directory = await Deno.makeTempDir();
  try {
    for (const name of ["prometheus.yml", "netplumb-rules.yml"]) {
      await Deno.writeTextFile(`${directory}/${name}`, FILES.get(name)!);
    }
    await Deno.writeTextFile(`${directory}/netplumb.token`, "secret");
    const { code, stdout, stderr } = await output("promtool", [
      ...["check", "config", `${directory}/prometheus.yml`],
    ]);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(/3 rules found/.test(stdout), true, stdout);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("docs/fleet.md: each pipeline of the collector has its receivers", () => {
  const { receivers, exporters, service } = parse(FILES.get("collector.yaml")!);
  for (
    const pipeline of Object.values<Record<string, string[]>>(service.pipelines)
  ) {
    for (const name of pipeline.receivers) {
      assertEquals(name in receivers, true);
    }
    for (const name of pipeline.exporters) {
      assertEquals(name in exporters, true);
    }
  }
});
