// TTL, hop limit, TOS, traffic class and ECN, in both directions, against what a
// C program sets and sees.

import { assertEquals } from "@std/assert";
import type { Family } from "../../../lib/socket/option.ts";
import { CLIENT, FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";

/** The requests for the server, by its socket. */
const ASKED: Record<Family, string[]> = {
  dual: [FOUR[1], `::ffff:${FOUR[1]}`, SIX[1]],
  ipv4: [FOUR[1], `::ffff:${FOUR[1]}`],
  ipv6: [SIX[1]],
};

/** DSCP 10 and both bits of ECN: congestion was experienced. */
const TRAFFIC_CLASS = 10 << 2 | 3;

for (const [family, addresses] of Object.entries(ASKED)) {
  Deno.test(`TTL and traffic class: as they arrive, on a socket for ${family}`, async () => {
    await using lab = await UdpLab.open();
    const server = lab.bind({
      family: family as Family,
      receiveTtl: true,
      receiveTrafficClass: true,
    });
    const port = String(server.address.port);
    for (const queried of addresses) {
      for (
        const [ttl, trafficClass] of [[1, 0], [9, TRAFFIC_CLASS], [255, 255]]
      ) {
        const set = ["-t", String(ttl), "-q", String(trafficClass)];
        const requesting = lab.ask("-w", "1", ...set, queried, port, "q");
        const datagram = await server.receive({ timeout: 5000 });
        await requesting;
        assertEquals(
          [datagram.ttl, datagram.trafficClass, datagram.ecn],
          [ttl, trafficClass, trafficClass & 3],
          queried,
        );
      }
    }
  });
}

Deno.test("TTL and traffic class: absent unless requested", async () => {
  await using lab = await UdpLab.open();
  for (
    const [which, option] of Object.entries({
      ttl: { receiveTtl: true },
      trafficClass: { receiveTrafficClass: true },
      neither: {},
    })
  ) {
    const server = lab.bind(option);
    const requesting = lab.ask(
      "-w1",
      FOUR[0],
      String(server.address.port),
      "q",
    );
    const datagram = await server.receive({ timeout: 5000 });
    await requesting;
    const has = ["ttl", "trafficClass", "ecn"].map((key) => key in datagram);
    const [ttl, trafficClass] = [which === "ttl", which === "trafficClass"];
    assertEquals(has, [ttl, trafficClass, trafficClass]);
  }
});

/** What a socket has to send, and the destination. */
const PEERS: Record<Family, string[]> = {
  dual: [CLIENT.four, CLIENT.six],
  ipv4: [CLIENT.four],
  ipv6: [CLIENT.six],
};

for (const [family, peers] of Object.entries(PEERS)) {
  Deno.test(`TTL and traffic class: as they are sent, by a socket for ${family}`, async () => {
    await using lab = await UdpLab.open();
    const plain = lab.bind({ family: family as Family });
    const set = lab.bind({
      family: family as Family,
      ttl: 9,
      trafficClass: TRAFFIC_CLASS,
    });
    for (const address of peers) {
      const { port, heard } = await lab.hear(["-n", "6", "::", "0"]);
      const to = { address, port };
      const seen = async () =>
        (await heard()).split(" ").slice(3, 5).map(Number);
      await plain.send("x", to);
      assertEquals(await seen(), [64, 0], address);
      await set.send("x", to);
      assertEquals(await seen(), [9, TRAFFIC_CLASS], address);
      // Of one datagram, and of that one alone.
      await plain.send("x", to, { ttl: 200, trafficClass: 255 });
      assertEquals(await seen(), [200, 255], address);
      await set.send("x", to, { ttl: 1 });
      assertEquals(await seen(), [1, TRAFFIC_CLASS], address);
      await set.send("x", to, { trafficClass: 0 });
      assertEquals(await seen(), [9, 0], address);
      await plain.send("x", to);
      assertEquals(await seen(), [64, 0], address);
    }
  });
}

Deno.test("TTL and traffic class: to a connected peer, whose family decides", async () => {
  await using lab = await UdpLab.open();
  for (const address of [CLIENT.four, CLIENT.six, `::ffff:${CLIENT.four}`]) {
    const { port, heard } = await lab.hear(["-n", "1", "::", "0"]);
    const socket = lab.bind();
    socket.connect({ address, port });
    const source = address === CLIENT.six ? SIX[1] : FOUR[2];
    await socket.send("x", undefined, { ttl: 7, trafficClass: 44, source });
    const [from, , , ttl, tos] = (await heard()).split(" ");
    assertEquals(
      [from.replace("::ffff:", ""), ttl, tos],
      [source, "7", "44"],
      address,
    );
  }
});

Deno.test("TTL: of multicast it is one of its own", async () => {
  await using lab = await UdpLab.open();
  for (const group of ["239.1.2.3", "ff15::1234"]) {
    const { port, heard } = await lab.hear(
      ["-n", "2", "-i", "wire", "-m", group, "::", "0"],
    );
    const to = { address: group, port };
    for (const multicastTtl of [undefined, 5]) {
      const socket = lab.bind({ ttl: 9, multicastTtl });
      socket.multicastInterface("wire");
      await socket.send("x", to);
      const [, , , ttl] = (await heard()).split(" ");
      assertEquals(ttl, String(multicastTtl ?? 1), group);
    }
  }
});
