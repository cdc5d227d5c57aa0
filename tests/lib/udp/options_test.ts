// Options of a socket's interface and permissions, as the kernel reports
// or as a peer sees.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { libc } from "../../../ffi/libc.ts";
import {
  SO_MARK,
  SO_RCVBUF,
  SO_SNDBUF,
  SOL_SOCKET,
} from "../../../ffi/uapi/sys_socket.ts";
import type { Family } from "../../../lib/socket/option.ts";
import type { BindOptions } from "../../../lib/udp/options.ts";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import type { UdpSocket } from "../../../lib/udp/socket.ts";
import { script, without } from "../../support/script.ts";
import {
  CLIENT,
  FOUR,
  LINK_LOCAL,
  SIX,
  UdpLab,
} from "../../support/udp_lab.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** An option of type int of SOL_SOCKET. */
function option(socket: UdpSocket, name: number): number {
  const value = new Int32Array(1);
  const size = new Int32Array([4]);
  libc().getsockopt(socket.handle.fd, SOL_SOCKET, name, value, size);
  return value[0];
}

Deno.test("options: address and family decide what is bound, and who is heard", async () => {
  await using lab = await UdpLab.open();
  const all = [FOUR[0], FOUR[1], SIX[1]];
  const four = [FOUR[0], FOUR[1]];
  const cases: [BindOptions, Family, string, string[]][] = [
    [{}, "dual", "::", all],
    [{ family: "dual" }, "dual", "::", all],
    [{ family: "ipv4" }, "ipv4", "0.0.0.0", four],
    [{ family: "ipv6" }, "ipv6", "::", [SIX[1]]],
    [{ address: "::" }, "dual", "::", all],
    [{ address: "0.0.0.0" }, "ipv4", "0.0.0.0", four],
    [{ address: "::", family: "ipv6" }, "ipv6", "::", [SIX[1]]],
    [{ address: "0.0.0.0", family: "dual" }, "dual", "::", all],
    [{ address: FOUR[1] }, "ipv4", FOUR[1], [FOUR[1]]],
    [{ address: `::ffff:${FOUR[1]}` }, "ipv4", FOUR[1], [FOUR[1]]],
    [{ address: FOUR[1], family: "dual" }, "dual", FOUR[1], [FOUR[1]]],
    [{ address: SIX[1] }, "ipv6", SIX[1], [SIX[1]]],
  ];
  const batch = new ReceiveBatch();
  for (const [options, family, address, heard] of cases) {
    const socket = lab.bind(options);
    const { port } = socket.address;
    assertEquals([socket.family, socket.address], [family, { address, port }]);
    for (const queried of all) {
      await lab.ask("-w", "1", queried, String(port), "q");
    }
    await socket.receiveMany(batch, { timeout: 5000 });
    const seen = Array.from(
      { length: batch.count },
      (_, slot) => batch.describe(slot).local!.address,
    );
    assertEquals(seen, heard, JSON.stringify(options));
    await socket.close();
  }
});

Deno.test("options: a link-local address is bound on its interface", async () => {
  await using lab = await UdpLab.open();
  const scope = await lab.index();
  for (const zone of ["wire", String(scope)]) {
    const socket = lab.bind({ address: `${LINK_LOCAL}%${zone}` });
    const { port } = socket.address;
    assertEquals(socket.address, { address: LINK_LOCAL, port, scope });
    const requesting = lab.ask(`${LINK_LOCAL}%wire`, String(port), "q");
    await socket.reply(await socket.receive({ timeout: 5000 }), "a");
    assertEquals(await requesting, [`${LINK_LOCAL} ${port} a`]);
  }
  const lost = assertThrows(
    () => lab.bind({ address: LINK_LOCAL }),
    SystemError,
  );
  assertEquals([lost.syscall, lost.code], ["bind", "EINVAL"]);
  assert(lost.advice?.includes("fe80::1%eth0"));
});

Deno.test("options: interface hears and sends on that one alone", async () => {
  await using lab = await UdpLab.open();
  await lab.lab.veth("server", "other", "client", "other");
  await lab.server.ip("address add 198.51.100.1/24 dev other");
  await lab.client.ip("address add 198.51.100.2/24 dev other");
  const socket = lab.bind({ interface: "other" });
  const port = String(socket.address.port);
  await lab.ask("-w", "1", "-s", CLIENT.four, FOUR[0], port, "by wire");
  await lab.ask("-w", "1", "198.51.100.1", port, "by other");
  const { data } = await socket.receive({ timeout: 5000 });
  assertEquals(text(data), "by other");
  const error = assertThrows(
    () => lab.bind({ interface: "none" }),
    SystemError,
  );
  assertEquals([error.code, error.tried], [
    "ENODEV",
    "bind a UDP socket to interface none",
  ]);
});

Deno.test("options: freeBind takes an address that comes later", async () => {
  await using lab = await UdpLab.open();
  const address = "192.0.2.50";
  const error = assertThrows(() => lab.bind({ address }), SystemError);
  assertEquals([error.syscall, error.code], ["bind", "EADDRNOTAVAIL"]);
  assert(error.advice?.includes("`ip address` lists"));
  const socket = lab.bind({ address, freeBind: true });
  await lab.server.ip(`address add ${address}/24 dev wire`);
  await lab.ask("-w", "1", address, String(socket.address.port), "q");
  assertEquals(text((await socket.receive({ timeout: 5000 })).data), "q");
});

Deno.test("options: broadcast allows it", async () => {
  await using lab = await UdpLab.open();
  const { port, heard } = await lab.hear(["0.0.0.0", "0"]);
  const to = { address: "192.0.2.255", port };
  const error = await assertRejects(
    () => lab.bind().send("x", to),
    SystemError,
  );
  assertEquals([error.code, error.advice], [
    "EACCES",
    "Sending to a broadcast address needs the broadcast option",
  ]);
  await lab.bind({ broadcast: true }).send("to all", to);
  assertEquals((await heard()).endsWith("to all"), true);
});

Deno.test("options: mark is what the rules of routing look at", async () => {
  await using lab = await UdpLab.open();
  await lab.server.ip("rule add fwmark 0xfedcba98 prohibit");
  const to = { address: CLIENT.four, port: 9 };
  const marked = lab.bind({ mark: 0xfedcba98 });
  assertEquals(option(marked, SO_MARK) >>> 0, 0xfedcba98);
  const error = await assertRejects(() => marked.send("x", to), SystemError);
  assertEquals(error.code, "EACCES");
  await lab.bind({ mark: 1 }).send("x", to);
});

Deno.test("options: queue sizes, doubled by the kernel, beyond the limit for those who may", async () => {
  await using lab = await UdpLab.open();
  const limit = Number(
    await Deno.readTextFile("/proc/sys/net/core/rmem_max"),
  );
  const socket = lab.bind({ receiveBuffer: limit + 4096, sendBuffer: 100_000 });
  assertEquals(option(socket, SO_RCVBUF), 2 * (limit + 4096));
  assertEquals(option(socket, SO_SNDBUF), 200_000);
  const { stdout, code } = await script(
    `
    import { UdpSocket } from "lib:udp/mod.ts";
    import { libc } from "ffi:libc.ts";
    const socket = UdpSocket.bind({
      address: "127.0.0.1",
      receiveBuffer: ${limit + 4096},
    });
    const value = new Int32Array(1);
    libc().getsockopt(socket.handle.fd, 1, ${SO_RCVBUF}, value, new Int32Array([4]));
    console.log(value[0]);
    try {
      UdpSocket.bind({ mark: 1 });
    } catch ({ code, capability }) {
      console.log(code, capability);
    }
    try {
      UdpSocket.bind({ port: 7 });
    } catch ({ code, capability }) {
      console.log(code, capability);
    }`,
    { under: without("net_admin", "net_raw", "net_bind_service") },
  );
  assertEquals([code, stdout.trim().split("\n")], [0, [
    String(2 * limit),
    "EPERM CAP_NET_ADMIN",
    "EACCES CAP_NET_BIND_SERVICE",
  ]]);
});

Deno.test("options: in a namespace names and zones are those of the namespace", async () => {
  await using lab = await UdpLab.open();
  // Here, where the calling thread is, "wire" has another number or is not there.
  const scope = await lab.index();
  const socket = lab.bind();
  const { port, heard } = await lab.hear(["-n", "3", "::", "0"]);
  const { linkLocal } = CLIENT;
  // The same address may be on another link, where this peer is not.
  await lab.lab.veth("server", "other", "client", "other");
  const other = await lab.index("other");
  await socket.send("lost", { address: linkLocal, port, scope: other });
  await socket.send("lost", { address: `${linkLocal}%other`, port });
  await socket.send("zone", { address: `${linkLocal}%wire`, port });
  await socket.send("scope", { address: linkLocal, port, scope });
  const to = { address: CLIENT.six, port };
  await socket.send("name", to, { interface: "wire" });
  for (const word of ["zone", "scope", "name"]) {
    assertEquals((await heard()).endsWith(` ${word}`), true);
  }
  const absent = await assertRejects(
    () => socket.send("x", to, { interface: "eth99" }),
    SystemError,
  );
  assertEquals([absent.code, absent.tried], ["ENODEV", "find interface eth99"]);
});
