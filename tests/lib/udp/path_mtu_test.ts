// Path MTU discovery: what each mode sends, refuses and learns over a path whose
// MTU is less than that of the interface. The packets that arrive are the oracle.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import {
  IP_MTU_DISCOVER,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_DONTFRAG,
  IPV6_MTU_DISCOVER,
} from "../../../ffi/uapi/netinet_in.ts";
import { ArgumentError } from "../../../lib/errors.ts";
import { getOption } from "../../../lib/socket/option.ts";
import type { PathMtuDiscovery } from "../../../lib/udp/socket_options.ts";
import { pathMtu } from "../../../lib/udp/open.ts";
import type { UdpSocket } from "../../../lib/udp/socket.ts";
import { FAR, MtuLab, ROUTER } from "../../support/mtu_lab.ts";
import { UdpLab } from "../../support/udp_lab.ts";
import { Wire } from "../../support/wire.ts";

/** Bytes of the headers before the payload. */
const HEADERS = { ipv4: 28, ipv6: 48 } as const;
const VERSIONS = ["ipv4", "ipv6"] as const;
/** Linux numbers of the modes: IP_PMTUDISC_DONT ... _OMIT. */
const MODES: PathMtuDiscovery[] = [
  "off",
  "want",
  "do",
  "probe",
  "interface",
  "omit",
];

const modesOf = ({ handle: { fd } }: UdpSocket) => [
  getOption(fd, IPPROTO_IP, { IP_MTU_DISCOVER }),
  getOption(fd, IPPROTO_IPV6, { IPV6_MTU_DISCOVER }),
];

Deno.test("path MTU discovery: a mode is set for both IP versions of a dual socket", async () => {
  await using lab = await UdpLab.open();
  const open = lab.bind();
  for (const [number, mode] of MODES.entries()) {
    const socket = lab.bind({ pathMtuDiscovery: mode });
    assertEquals(modesOf(socket), [number, number], mode);
    assertEquals(socket.options.pathMtuDiscovery, mode);
    open.options.pathMtuDiscovery = mode;
    assertEquals(modesOf(open), [number, number], mode);
  }
  const four = lab.bind({ family: "ipv4", pathMtuDiscovery: "probe" });
  assertEquals(
    getOption(four.handle.fd, IPPROTO_IP, { IP_MTU_DISCOVER }),
    MODES.indexOf("probe"),
  );
  assertEquals(four.options.pathMtuDiscovery, "probe");
  assertThrows(
    () => lab.bind({ pathMtuDiscovery: "on" as "do" }),
    ArgumentError,
    'pathMtuDiscovery: "on" is not one of off, want, do, probe',
  );
});

for (const version of VERSIONS) {
  const to = { address: FAR[version], port: 4000 };

  Deno.test(`path MTU discovery: "do" learns the MTU of an ${version} path, sizes adapt`, async () => {
    await using lab = await MtuLab.open();
    const server = lab.bind("far", { port: 4000 });
    const socket = lab.bind("near", {
      peer: to,
      pathMtuDiscovery: "do",
      receiveErrors: true,
    });
    const headers = HEADERS[version];
    assertEquals(socket.options.pathMtu, 1500);
    const size = () => socket.options.pathMtu - headers;
    await socket.send(new Uint8Array(size()));
    assertEquals((await server.receive({ timeout: 5000 })).data.length, size());

    await lab.narrow(1280);
    await socket.send(new Uint8Array(size()));
    const { value: error } = await socket.errors({ timeout: 5000 }).next();
    assertEquals(
      [error?.code, error?.info, error?.offender?.address, error?.peer],
      ["EMSGSIZE", 1280, ROUTER[version], to],
    );
    assertEquals(socket.options.pathMtu, 1280);
    const refused = await assertRejects(
      () => socket.send(new Uint8Array(size() + 1)),
      SystemError,
    );
    assertEquals(refused.code, "EMSGSIZE");
    await socket.send(new Uint8Array(size()));
    const { data } = await server.receive({ timeout: 5000 });
    assertEquals(data.length, 1280 - headers);

    // Every socket of the host knows it then.
    const { name: namespace } = lab.near;
    assertEquals(pathMtu(to, { namespace }), 1280);
    const gateway = { address: ROUTER[version], port: 0 };
    assertEquals(pathMtu(gateway, { namespace }), 1500);
  });

  Deno.test(`path MTU discovery: "probe" sends more than the path MTU of ${version}, up to the interface's`, async () => {
    await using lab = await MtuLab.open();
    await lab.narrow(1280);
    const socket = lab.bind("near", {
      pathMtuDiscovery: "probe",
      receiveErrors: true,
    });
    const headers = HEADERS[version];
    await using wire = await Wire.open(lab.router, "near");
    const errors = socket.errors({ timeout: 5000 });
    for (let n = 0; n < 2; n++) {
      await socket.send(new Uint8Array(1500 - headers), to);
      const packet = await wire.packet();
      assertEquals(packet.length, 1500);
      if (version === "ipv4") assertEquals(packet[6]! & 0x40, 0x40, "DF");
      const { value: error } = await errors.next();
      assertEquals([error?.code, error?.info], ["EMSGSIZE", 1280]);
      assertEquals(error?.origin, version === "ipv4" ? "icmp" : "icmp6");
    }
    const refused = await assertRejects(
      () => socket.send(new Uint8Array(1501 - headers), to),
      SystemError,
    );
    assertEquals(refused.code, "EMSGSIZE");
    await errors.return();
  });

  Deno.test(`path MTU discovery: the fragments that each mode sends over ${version}`, async () => {
    await using lab = await MtuLab.open();
    await using wire = await Wire.open(lab.router, "near");
    // More than the interface's MTU.
    const data = new Uint8Array(2000);
    for (const mode of MODES) {
      const socket = lab.bind("near", { pathMtuDiscovery: mode });
      const fragments = ["off", "want", "omit"].includes(mode);
      if (!fragments) {
        const error = await assertRejects(
          () => socket.send(data, to),
          SystemError,
        );
        assertEquals(error.code, "EMSGSIZE", mode);
      } else {
        await socket.send(data, to);
        const sizes = [await wire.packet(), await wire.packet()];
        assertEquals(sizes[0]!.length > 1280, true, mode);
      }
      // And what fits: with or without the don't fragment bit.
      await socket.send(new Uint8Array(100), to);
      const packet = await wire.packet();
      assertEquals(packet.length, 100 + HEADERS[version]);
      if (version === "ipv4") {
        const bit = ["want", "do", "probe"].includes(mode) ? 0x40 : 0;
        assertEquals(packet[6]! & 0x40, bit, mode);
      }
    }
  });
}

Deno.test("dontFragment: EMSGSIZE in place of fragments, for both IP versions of a dual socket", async () => {
  await using lab = await MtuLab.open();
  const fragmenting = lab.bind("near");
  const socket = lab.bind("near", { dontFragment: true });
  for (const version of VERSIONS) {
    const to = { address: FAR[version], port: 4000 };
    const data = new Uint8Array(2000);
    assertEquals(await fragmenting.send(data, to), 2000);
    const error = await assertRejects(
      () => socket.send(data, to),
      SystemError,
    );
    assertEquals(error.code, "EMSGSIZE");
  }
  const { fd } = socket.handle;
  assertEquals(getOption(fd, IPPROTO_IPV6, { IPV6_DONTFRAG }), 1);
  assertThrows(
    () => lab.bind("near", { dontFragment: true, pathMtuDiscovery: "omit" }),
    ArgumentError,
    'pathMtuDiscovery: "omit" is not do or probe',
  );
  lab.bind("near", {
    family: "ipv6",
    dontFragment: true,
    pathMtuDiscovery: "omit",
  });
});

Deno.test("path MTU: an unconnected socket says what to do", async () => {
  await using lab = await UdpLab.open();
  for (const family of ["dual", "ipv4"] as const) {
    const { options } = lab.bind({ family });
    const error = assertThrows(() => options.pathMtu, SystemError);
    assertEquals([error.code, error.advice], [
      "ENOTCONN",
      "Connect the socket, or call pathMtu() with the peer",
    ]);
  }
  // A mapped peer's path is an IPv4 one.
  const mapped = lab.bind({ peer: { address: "::ffff:192.0.2.100", port: 9 } });
  assertEquals(mapped.options.pathMtu, 1500);
});
