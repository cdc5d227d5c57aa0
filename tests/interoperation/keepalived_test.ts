// Two echo servers with a virtual address that keepalived moves between them.

import { assertEquals } from "@std/assert";
import { Running } from "../support/command.ts";
import { Lab, type Netns } from "../support/netns.ts";
import { RunningProgram } from "../support/program.ts";

const VIRTUAL = "192.0.2.100";

/** Starts keepalived with its files in a folder of its own. */
async function keepalived(
  netns: Netns,
  folder: string,
  priority: number,
): Promise<RunningProgram> {
  await Deno.mkdir(folder);
  await Deno.writeTextFile(
    `${folder}/keepalived.conf`,
    `global_defs {
  vrrp_version 3
}
vrrp_instance virtual {
  state BACKUP
  interface eth0
  virtual_router_id 7
  priority ${priority}
  advert_int 0.2
  virtual_ipaddress {
    ${VIRTUAL}/24
  }
}
`,
  );
  return new RunningProgram(
    { netns },
    ...["keepalived", "--dont-fork", "--log-console", "--vrrp"],
    ...["--use-file", `${folder}/keepalived.conf`],
    ...["--pid", `${folder}/pid`, "--vrrp_pid", `${folder}/vrrp`],
  );
}

/** Waits until a monitor reports the virtual address. */
async function hasAddress(monitor: Running): Promise<void> {
  for (;;) {
    const { event, data } = await monitor.object();
    if (event === "new" && data?.local === VIRTUAL) return;
  }
}

Deno.test("echo replies from the address that keepalived moves here", async () => {
  await using lab = await Lab.open("lan", "one", "two", "client");
  const folder = await Deno.makeTempDir({ prefix: "netplumb-keepalived-" });
  try {
    await lab.lan.batch(`
      link add br0 type bridge
      link set br0 up`);
    for (const [at, role] of (["one", "two", "client"] as const).entries()) {
      await lab.veth(role, "eth0", "lan", role);
      await lab.lan.ip(`link set ${role} master br0`);
      await lab[role].ip(`address add 192.0.2.${at + 1}/24 dev eth0`);
    }
    const servers = [lab.one, lab.two];
    const start = (...command: string[]) =>
      servers.map((netns) => new Running(netns, ...command));
    await using stack = new AsyncDisposableStack();
    const use = <T extends AsyncDisposable>(all: T[]) =>
      all.map((one) => stack.use(one));
    const echoes = use(start("echo", "--port", "7777", "--json"));
    for (const echo of echoes) {
      assertEquals((await echo.object()).event, "listening");
    }
    const monitors = use(start("monitor", "address", "--json", "--snapshot"));
    // The snapshot has the server's own address.
    for (const monitor of monitors) await monitor.line();
    use([await keepalived(lab.one, `${folder}/one`, 200)]);
    await hasAddress(monitors[0]);
    use([await keepalived(lab.two, `${folder}/two`, 100)]);

    const ask = async (server: number) => {
      // nc drops replies from any other address.
      const reply = await lab.client.run(
        "nc",
        ["-u", "-W", "1", "-w", "10", VIRTUAL, "7777"],
        { stdin: "hello" },
      );
      assertEquals(reply, "hello");
      const { local, reply: sent } = await echoes[server].object();
      assertEquals([local.address, sent.source], [VIRTUAL, VIRTUAL]);
    };
    await ask(0);
    // Nothing announces that: the other server has to notice.
    await lab.lan.ip("link set one down");
    await hasAddress(monitors[1]);
    await ask(1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
