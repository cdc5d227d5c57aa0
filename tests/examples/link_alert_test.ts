// Links that go, come back and flap, and a webhook in the same namespace.

import { assert, assertEquals } from "@std/assert";
import { inNamespace } from "../../lib/netns/namespace.ts";
import "../support/descriptors.ts";
import { Lab } from "../support/netns.ts";
import { example } from "./example.ts";

interface Alert {
  readonly link: string;
  readonly state: string;
  readonly was: string;
  readonly changes: number;
}

Deno.test("link_alert notifies a webhook of links that go down, come back and flap", async () => {
  await using lab = await Lab.open("host", "other");
  await lab.veth("host", "eth0", "other", "eth0");
  await lab.veth("host", "eth1", "other", "eth1");
  const alerts: Alert[] = [];
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  await using server = inNamespace(
    lab.host.name,
    () =>
      Deno.serve(options, async (request) => {
        assertEquals(request.method, "POST");
        alerts.push(await request.json());
        return new Response(null, { status: 204 });
      }),
  );
  await using alert = example(
    "link_alert",
    lab.host,
    `--webhook=http://127.0.0.1:${server.addr.port}/alert`,
    "--interface=eth0",
    "--settle=200",
  );
  assertEquals(await alert.line(), "watching eth0");
  const reported = async () => {
    const line = await alert.line();
    const { changes, ...rest } = alerts.shift()!;
    return { line, changes, ...rest } as Omit<Alert, "since"> & {
      line: string;
      since?: string;
    };
  };

  await lab.host.ip("link set eth1 down");
  await lab.host.ip("link set eth0 down");
  const { since: first, ...down } = await reported();
  assert(first);
  assertEquals(down, {
    line: "eth0 is down: reported, 204",
    link: "eth0",
    state: "down",
    was: "up",
    changes: 1,
  });
  await lab.host.ip("link set eth0 up");
  const { state, was } = await reported();
  assertEquals({ state, was }, { state: "up", was: "down" });

  await lab.host.batch("link set eth0 down\nlink set eth0 up\n".repeat(5));
  const flapped = await reported();
  assertEquals([flapped.state, flapped.was], ["up", "up"]);
  assert(flapped.changes >= 2, `${flapped.changes}`);

  await lab.host.ip("link delete eth0");
  assertEquals((await reported()).state, "down");
  const { code, stderr } = await alert.stop();
  assertEquals({ code, stderr, alerts }, { code: 0, stderr: "", alerts: [] });
});
