// netplumb ensure as a service: sd_notify, --status, --watch.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { netplumb, RunningScript } from "../support/command.ts";
import { Lab } from "../support/netns.ts";
import { RunningProgram } from "../support/program.ts";

const MANAGER = new URL("../support/notified.py", import.meta.url).pathname;

/** What a service manager receives. */
async function manager(stack: AsyncDisposableStack, socket: string) {
  const program = stack.use(
    new RunningProgram({}, "python3", MANAGER, socket),
  );
  assertEquals(await program.line(), "bound");
  return {
    /** The next datagram with this key. */
    async next(key: string): Promise<Record<string, string>> {
      for (;;) {
        const fields = await program.object();
        if (key in fields) return fields;
      }
    },
  };
}

Deno.test("ensure as a service: systemd, --status, --watch", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await using stack = new AsyncDisposableStack();
  const directory = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(directory, { recursive: true }));
  const file = `${directory}/net.json`;
  const write = async (mtu: unknown, ...more: object[]) => {
    const links = [{ name: "br0", kind: "bridge", mtu }, ...more];
    const namespaces = { [one.name]: { links } };
    // As editors and configuration management do.
    await Deno.writeTextFile(`${file}~`, JSON.stringify({ namespaces }));
    await Deno.rename(`${file}~`, file);
  };
  await write(1400);
  const systemd = await manager(stack, `${directory}/notify`);
  const start = (socket: string) =>
    new RunningScript(
      {
        env: {
          NOTIFY_SOCKET: socket,
          WATCHDOG_USEC: "200000",
        },
      },
      "ensure",
      file,
      "--watch",
      "--json",
    );
  const running = stack.use(start(`${directory}/notify`));
  const status = async (...args: string[]) => {
    const words = ["ensure", file, "--status", ...args];
    return await netplumb(undefined, ...words);
  };

  const ready = await systemd.next("READY");
  assertEquals([ready.READY, ready.STATUS], [
    "1",
    "no problems, 0 corrections",
  ]);
  await systemd.next("WATCHDOG");
  await one.ip("link set br0 mtu 1300");
  assertEquals(
    (await systemd.next("STATUS")).STATUS,
    "no problems, 1 correction",
  );

  await write(1450, { name: "e9", addresses: ["192.0.2.1/24"] });
  const { RELOADING, MONOTONIC_USEC, now } = await systemd.next("RELOADING");
  assertEquals(RELOADING, "1");
  const age = Number(now) - Number(MONOTONIC_USEC);
  assert(age >= 0 && age < 10_000_000, `${age} microseconds`);
  assertEquals((await systemd.next("READY")).READY, "1");
  assertEquals((await one.json("link show br0"))[0].mtu, 1450);
  await systemd.next("STATUS");

  const { code, stdout } = await status("--json");
  const { pid, problems, lastCorrections, ...rest } = JSON.parse(stdout);
  assertEquals(code, 4);
  assertEquals([rest.file, rest.corrections, rest.rejected], [file, 1, false]);
  assertEquals(
    problems.map((one: Record<string, string>) => `${one.event} ${one.name}`),
    ["missing e9"],
  );
  const [{ name, differences, milliseconds }] = lastCorrections;
  assertEquals(
    [name, differences, milliseconds > 0],
    ["br0", [{ key: "mtu", is: "1300", wanted: "1400" }], true],
  );
  assertStringIncludes(
    (await status()).stdout,
    `${file}: 1 problem, 1 correction; process ${pid}\n`,
  );
  const second = await netplumb(undefined, "ensure", file);
  assertEquals(second.code, 1);
  assertStringIncludes(second.stderr, "another ensure reconciles the network");

  assertEquals((await netplumb(undefined, "ensure", file, "--down")).code, 1);
  assertEquals((await one.json("link show br0")).length, 1);

  running.kill("SIGTERM");
  assertEquals((await systemd.next("STOPPING")).STOPPING, "1");
  assertEquals((await running.end()).code, 0);
  const stopped = await status("--json");
  assertEquals(stopped.code, 1);
  assertStringIncludes(
    JSON.parse(stopped.stderr).message,
    "no ensure is running with ",
  );

  // The socket of a process that was killed is replaced.
  const abstract = `@netplumb-test-${crypto.randomUUID()}`;
  const other = await manager(stack, abstract);
  const killed = stack.use(start(abstract));
  assertEquals((await other.next("READY")).READY, "1");
  await killed.stop("SIGKILL");
  const again = stack.use(start(abstract));
  assertEquals((await other.next("READY")).READY, "1");
  assertEquals((await status()).code, 4);
  await again.stop();
  await netplumb(undefined, "ensure", file, "--down");
});
