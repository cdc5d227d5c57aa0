// The source of datagrams that are not replies, from each kind of socket; a C peer
// says whom it heard.

import { assertEquals } from "@std/assert";
import type { Family } from "../../../lib/socket/option.ts";
import {
  CLIENT,
  FOUR,
  LINK_LOCAL,
  SIX,
  UdpLab,
} from "../../support/udp_lab.ts";

const SOURCES: Record<Family, string[]> = {
  dual: [...FOUR, `::ffff:${FOUR[2]}`, ...SIX],
  ipv4: [...FOUR, `::ffff:${FOUR[2]}`],
  ipv6: SIX,
};

for (const [family, sources] of Object.entries(SOURCES)) {
  Deno.test(`source: the requested one, on a socket for ${family}`, async () => {
    await using lab = await UdpLab.open();
    const socket = lab.bind({ family: family as Family });
    const count = String(2 * sources.length);
    const { port, heard } = await lab.hear(["-n", count, "::", "0"]);
    for (const source of sources) {
      const plain = source.replace("::ffff:", "");
      const address = plain.includes(":") ? CLIENT.six : CLIENT.four;
      for (const on of [undefined, "wire"]) {
        await socket.send("x", { address, port }, { source, interface: on });
        const [seen] = (await heard()).split(" ");
        assertEquals(seen.replace("::ffff:", ""), plain);
      }
    }
  });
}

Deno.test("source: a link-local one, to a link-local peer", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const { port, heard } = await lab.hear(["::", "0"]);
  const to = { address: `${CLIENT.linkLocal}%wire`, port };
  await socket.send("x", to, { source: LINK_LOCAL });
  assertEquals((await heard()).split(" ")[0], LINK_LOCAL);
});

Deno.test("source: what is sent to oneself", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const { port } = socket.address;
  // It passes the loopback interface; the kernel reports that of the address.
  const ifindex = await lab.index();
  for (const [address, source] of [[FOUR[0], FOUR[3]], [SIX[0], SIX[1]]]) {
    await socket.send("x", { address, port }, { source });
    const { peer, local } = await socket.receive({ timeout: 5000 });
    assertEquals(peer, { address: source, port });
    assertEquals(local, { address, source: address, ifindex });
  }
});
