// Options that a kernel does not have: default options degrade, those that the
// caller requested fail with advice. libc refuses in the kernel's place.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { SystemError, UdpSocket } from "../../../mod.ts";
import { failing, type Fault, Faults } from "../../support/faults.ts";
import { script } from "../../support/script.ts";

const EPERM = 1;
const ENOPROTOOPT = 92;
const EAFNOSUPPORT = 97;
const IPPROTO_IP = 0;
const IPPROTO_IPV6 = 41;
const IP_MULTICAST_ALL = 49;
const IPV6_V6ONLY = 26;
const IPV6_MULTICAST_ALL = 29;
const IPV6_RECVPKTINFO = 49;

/** A kernel that does not have some options. */
function lacking(...options: [level: number, option: number][]): Fault {
  const refuse = failing(ENOPROTOOPT);
  return (call, args) =>
    options.some(([level, option]) => args[1] === level && args[2] === option)
      ? refuse(call, args)
      : call();
}

function arm(faults: Faults, fault: Fault): void {
  faults.arm({ call: "setsockopt", times: Infinity, fault });
}

Deno.test("default options: a socket is bound without those that the kernel lacks", async () => {
  using faults = new Faults();
  arm(
    faults,
    lacking(
      [IPPROTO_IP, IP_MULTICAST_ALL],
      [IPPROTO_IPV6, IPV6_MULTICAST_ALL],
      [IPPROTO_IPV6, IPV6_V6ONLY],
    ),
  );
  // The second socket uses the cached result.
  for (let round = 0; round < 2; round++) {
    await using server = UdpSocket.bind();
    assertEquals([...server.missingOptions].sort(), [
      "IPV6_MULTICAST_ALL",
      "IPV6_V6ONLY",
      "IP_MULTICAST_ALL",
    ]);
    await using client = UdpSocket.bind({ address: "127.0.0.1" });
    assertEquals(client.missingOptions, ["IP_MULTICAST_ALL"]);
    const { port } = server.address;
    await client.send("query", { address: "127.0.0.2", port });
    const query = await server.receive({ timeout: 5000 });
    await server.reply(query, "reply");
    const { peer } = await client.receive({ timeout: 5000 });
    assertEquals(peer.address, "127.0.0.2");
  }
  faults.disarm();
  const queried = faults.trace.filter((call) => call === "setsockopt").length;
  assert(queried < 20, `${queried}`);
});

Deno.test("default options: what the caller requested is refused, with advice", () => {
  using faults = new Faults();
  for (
    const [options, option, name] of [
      [
        { multicastOnlyJoined: true },
        [IPPROTO_IP, IP_MULTICAST_ALL],
        "IP_MULTICAST_ALL",
      ],
      [{ family: "dual" }, [IPPROTO_IPV6, IPV6_V6ONLY], "IPV6_V6ONLY"],
      [
        { packetInfo: true },
        [IPPROTO_IPV6, IPV6_RECVPKTINFO],
        "IPV6_RECVPKTINFO",
      ],
    ] as const
  ) {
    arm(faults, lacking([option[0], option[1]]));
    const error = assertThrows(() => UdpSocket.bind(options), SystemError);
    assertEquals(error.code, "ENOPROTOOPT");
    assert(error.message.includes(`does not have ${name}`), error.message);
  }
});

Deno.test("default options: another refusal is no lack", () => {
  using faults = new Faults();
  const refuse = failing(EPERM);
  arm(
    faults,
    (call, args) => args[2] === IPV6_RECVPKTINFO ? refuse(call, args) : call(),
  );
  assertEquals(assertThrows(() => UdpSocket.bind(), SystemError).code, "EPERM");
});

Deno.test("default options: without IPv6 in the kernel the default is IPv4", async () => {
  using faults = new Faults();
  const refuse = failing(EAFNOSUPPORT);
  const AF_INET6 = 10;
  faults.arm({
    call: "socket",
    times: Infinity,
    fault: (call, args) => args[0] === AF_INET6 ? refuse(call, args) : call(),
  });
  await using server = UdpSocket.bind({ port: 0, receiveTtl: true });
  assertEquals([server.family, server.address.address], ["ipv4", "0.0.0.0"]);
  await using client = UdpSocket.bind({ address: "127.0.0.1" });
  const { port } = server.address;
  await client.send("query", { address: "127.0.0.3", port });
  const query = await server.receive({ timeout: 5000 });
  assertEquals(query.local?.address, "127.0.0.3");
  await server.reply(query, "reply");
  assertEquals((await client.receive()).peer.address, "127.0.0.3");
  for (
    const options of [
      { family: "dual" },
      { family: "ipv6" },
      { address: "::" },
      { address: "::1" },
    ] as const
  ) {
    const error = assertThrows(() => UdpSocket.bind(options), SystemError);
    assertEquals([error.syscall, error.code], ["socket", "EAFNOSUPPORT"]);
    assert(error.message.includes('family "ipv4"'), error.message);
  }
});

Deno.test("default options: a misspelt option in plain JavaScript is refused", async () => {
  const { code, stderr } = await script(`
    import { UdpSocket } from "lib:../mod.ts";
    const options: object = { hostname: "127.0.0.1" };
    UdpSocket.bind(options);`);
  assert(code !== 0);
  assert(
    stderr.includes('options: "hostname" is not one of address, port'),
    stderr,
  );
});
