// ensure --try: the state before comes back unless the trial is confirmed, seen
// by `ip`.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { netplumb, Running } from "../support/command.ts";
import { Lab, type Netns, output } from "../support/netns.ts";

/** What `ip` shows of a namespace, and a sysctl. */
async function everything(netns: Netns): Promise<string> {
  const commands = ["-d link", "address", "route", "-6 route", "rule"];
  const shown = await Promise.all([
    ...commands.map((command) => netns.ip(`-o ${command}`)),
    netns.run("sysctl", ["net.ipv4.ip_forward"]),
    netns.run("tc", ["qdisc", "show"]),
  ]);
  return shown.join("\n").split("\n").filter((line) => !/fe80/.test(line))
    .map((line) => line.replace(/^\d+:|(?<=^qdisc \w+ )\w+:/, ""))
    .toSorted().join("\n").replaceAll(/valid_lft .*|gc_timer .*/g, "");
}

interface Tried extends AsyncDisposable {
  readonly host: Netns;
  /** The namespace that the file adds. */
  readonly made: string;
  readonly file: string;
}

async function opened(): Promise<Tried> {
  const lab = await Lab.open("host");
  const { host } = lab;
  const made = `${host.name}-made`;
  await host.batch(`
    link add e0 type veth peer name e1
    link set e0 mtu 1400 up
    link set e1 up
    link add d0 address 02:00:00:00:00:80 type veth peer name d0x
    link add d1 address 02:00:00:00:00:81 type veth peer name d1x
    link add d2 address 02:00:00:00:00:82 type veth peer name d2x
    link add old0 type bridge
    link add br1 type bridge
    link set e1 master br1
    address add 192.0.2.1/24 dev e0
    address add 192.0.2.2/24 dev e0
    route add default via 192.0.2.9
    rule add priority 70 from 10.0.0.0/8 lookup 70`);
  await host.run("tc", "qdisc add dev e0 root pfifo limit 77".split(" "));
  const file = await Deno.makeTempFile({ suffix: ".json" });
  const namespaces = {
    [host.name]: {
      exclusive: ["addresses", "routes", "rules"],
      sysctls: { "net.ipv4.ip_forward": 1 },
      links: [
        {
          name: "e0",
          mtu: 1300,
          address: "02:00:00:00:00:77",
          master: "br0",
          addresses: ["192.0.2.1/24"],
          qdisc: { kind: "pfifo", options: { limit: 5 } },
        },
        { name: "br0", kind: "bridge", up: true, addresses: ["10.0.0.1/8"] },
        {
          name: "e1",
          up: false,
          qdisc: { kind: "bfifo", options: { limit: 5000 } },
        },
        // Devices that exchange names, get another one, and are moved.
        { name: "d1", identify: { address: "02:00:00:00:00:80" } },
        { name: "d0", identify: { address: "02:00:00:00:00:81" } },
        {
          name: "lan0",
          identify: { address: "02:00:00:00:00:82" },
          netns: made,
        },
      ],
      routes: [{ to: "198.51.100.0/24", via: "192.0.2.7" }],
    },
    [made]: { links: [{ name: "lo", up: true }] },
  };
  await Deno.writeTextFile(file, JSON.stringify({ namespaces }));
  return {
    host,
    made,
    file,
    async [Symbol.asyncDispose]() {
      await netplumb(undefined, "ensure", file, "--down");
      await output("ip", ["netns", "delete", made]);
      await lab[Symbol.asyncDispose]();
      await Deno.remove(file);
    },
  };
}

const exists = async (name: string) =>
  (await output("ip", ["netns", "list"])).stdout.includes(name);

/** Waits for another process to restore the state. */
async function restored(
  host: Netns,
  before: string,
  made: string,
): Promise<void> {
  const end = performance.now() + 60_000;
  for (;;) {
    const now = await everything(host);
    if (now === before && !await exists(made)) return;
    if (performance.now() > end) assertEquals(now, before);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const started = async (file: string, ...options: string[]) => {
  const running = new Running(
    undefined,
    ...["ensure", file, "--json", ...options],
  );
  while ((await running.object()).event !== "trial");
  return running;
};

Deno.test("ensure --try restores the state when it is not confirmed in time", async () => {
  await using tried = await opened();
  const { host, made, file } = tried;
  const before = await everything(host);
  const { code, stdout, stderr } = await netplumb(
    undefined,
    ...["ensure", file, "--once", "--try", "100ms"],
  );
  assertEquals(code, 4, stderr);
  assertStringIncludes(stdout, `add namespace ${made}\n`);
  assertStringIncludes(stdout, "not confirmed: restoring the state before\n");
  assertEquals(await everything(host), before);
  assert(!await exists(made));
});

Deno.test("ensure --try restores the state after a signal, and when it is killed", async () => {
  await using tried = await opened();
  const { host, made, file } = tried;
  const before = await everything(host);
  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    await using running = await started(file, "--try", "60s");
    assert(before !== await everything(host));
    assert(await exists(made));
    // Another run with the file, meanwhile.
    const status = await netplumb(undefined, "ensure", file, "--status");
    assertStringIncludes(status.stdout, "on trial");
    running.kill(signal);
    await restored(host, before, made);
    if (signal === "SIGINT") assertEquals((await running.end()).code, 4);
  }
});

Deno.test("ensure --try keeps what is confirmed, by --confirm or by SIGUSR1", async () => {
  await using tried = await opened();
  const { host, made, file } = tried;
  const confirm = () => netplumb(undefined, "ensure", file, "--confirm");
  const none = await confirm();
  assertEquals(none.code, 1);
  assertStringIncludes(none.stderr, "no trial of");
  {
    await using running = await started(file, "--once", "--try", "60s");
    assertEquals((await confirm()).code, 0);
    const { code, stdout } = await running.end();
    assertEquals([code, stdout], [0, '{"event":"confirmed"}\n']);
  }
  assert(await exists(made));
  const [{ mtu }] = await host.json("link show e0");
  assertEquals(mtu, 1300);
  await using running = await started(file, "--try", "60s");
  running.kill("SIGUSR1");
  while ((await running.object()).event !== "confirmed");
  // The reconcile loop follows.
  await host.ip("link set e0 mtu 1350");
  while ((await running.object()).event !== "corrected");
  assertEquals((await host.json("link show e0"))[0].mtu, 1300);
  assertEquals((await running.stop()).code, 0);
});
