// ensure --wait, the lock of a namespace, and the words check and validate.

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { inNamespace } from "../../lib/netns/namespace.ts";
import { denoRun } from "../support/command.ts";
import { Lab, type Netns, type Output, output } from "../support/netns.ts";

function run(
  netns: Netns,
  configuration: unknown,
  command: string,
  ...args: string[]
): Promise<Output> {
  const words = [command, "-", ...args];
  if (command !== "validate") words.push("--in", netns.name);
  return output(Deno.execPath(), [...denoRun(), ...words], {
    stdin: JSON.stringify(configuration),
    env: { NO_COLOR: "1" },
  });
}

const veth = (name: string, peer: object, rest: object = {}) => ({
  ...{ name, kind: "veth", up: true, options: { peer } },
  ...rest,
});

Deno.test("ensure --wait waits for carriers, bridges and addresses", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  const configuration = {
    links: [
      // Forwards after twice the delay: 4 s.
      {
        name: "br0",
        kind: "bridge",
        up: true,
        options: { stp_state: true, forward_delay: 200 },
      },
      veth("p0", { name: "p1", up: true }, { master: "br0" }),
      veth("v0", { name: "v1", up: true }, { addresses: ["2001:db8::1/64"] }),
    ],
  };
  const states = async () => {
    const [port] = await one.json<
      { linkinfo: { info_slave_data: { state: string } } }
    >("-d link show p0");
    return [
      port.linkinfo.info_slave_data.state,
      (await one.ip("address show tentative")).includes("2001:db8::1"),
    ];
  };
  const early = await run(one, configuration, "ensure", "--once");
  assertEquals([early.code, early.stderr], [0, ""]);
  const short = await run(
    one,
    configuration,
    "ensure",
    ...["--once", "--wait", "1ms", "--json"],
  );
  const unready = short.stdout.trim().split("\n").map((line) =>
    JSON.parse(line)
  ).filter(({ event }) => event === "unready");
  assertEquals(short.code, 4);
  assert(unready.some(({ name }) => name === "p0"), short.stdout);
  const waited = await run(
    one,
    configuration,
    "ensure",
    ...["--once", "--wait", "60s"],
  );
  assertEquals([waited.code, waited.stdout], [0, "no change\n"]);
  assertEquals(await states(), ["forwarding", false]);

  await one.ip("link set v1 down");
  const other = { links: [{ name: "v0", up: true }] };
  const late = await run(one, other, "ensure", "--once", "--wait", "1ms");
  assertEquals(late.code, 4);
  assertStringIncludes(late.stdout, "? link v0: no carrier\n");
});

Deno.test("ensure --wait waits for devices and namespaces, and configures them", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  const later = `${one.name}-later`;
  const configuration = {
    links: [{ name: "v0", up: true, addresses: ["192.0.2.1/24"] }],
    namespaces: {
      [later]: { create: false, links: [{ name: "lo", up: true }] },
    },
  };
  const short = await run(one, configuration, "ensure", "--once", "--wait=1ms");
  assertEquals([short.code, short.stdout], [
    4,
    `? namespace ${later} does not exist, and is not created\n` +
    "? link v0 does not exist and has no kind to create it\nno change\n" +
    `? link v0: does not exist\n? namespace ${later}: does not exist\n`,
  ]);
  const waiting = run(one, configuration, "ensure", "--once", "--wait");
  try {
    await one.batch(`
      link add v0 type veth peer name v1
      link set v1 up`);
    await output("ip", ["netns", "add", later]);
    const { code, stdout, stderr } = await waiting;
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(stdout, "+ add address 192.0.2.1/24 of v0\n");
    assertStringIncludes(
      stdout,
      `~ ${later}: change link lo: is down, wanted up\n`,
    );
  } finally {
    await output("ip", ["netns", "delete", later]);
  }
});

Deno.test("two runs of ensure do not change a namespace at the same time", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  const configuration = { links: [{ name: "br0", kind: "bridge" }] };
  const address = { transport: "unix", path: "\0netplumb-ensure" } as const;
  const listener = inNamespace(one.name, () => Deno.listen(address));
  let isOver = false;
  const running = run(one, configuration, "ensure", "--once").finally(() => {
    isOver = true;
  });
  // The plan is read without the lock.
  const differs = await run(one, configuration, "check");
  assertEquals(
    [differs.code, differs.stdout],
    [4, "+ add link br0 (bridge)\n1 added, 0 changed, 0 removed\n"],
  );
  assert(!isOver);
  listener.close();
  assertEquals((await running).code, 0);
  const exclusive = { ...configuration, exclusive: ["links"] };
  const same = await run(one, exclusive, "check");
  assertEquals(same.code, 0);
  assertMatch(
    same.stdout,
    /^no change\nnot removed: links docker0, .*, cali\*/,
  );
  const down = await run(one, configuration, "ensure", "--down");
  assertEquals(down.stdout.split("\n")[0], "- delete link br0");
  const valid = await run(one, configuration, "validate");
  assertEquals([valid.code, valid.stdout], [0, "- is valid\n"]);
  const wrong = await run(one, { links: [{}] }, "validate", "--json");
  assertEquals(wrong.code, 2);
  assertEquals(JSON.parse(wrong.stdout.split("\n")[0]!).path, "links[0]");
});
