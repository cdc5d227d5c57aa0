// The interface is deleted during a receive: close() still ends that, the
// port is free at once, and no ghost swallows what the next owner is sent.

import { assertEquals, assertRejects } from "@std/assert";
import { ClosedError } from "../../../lib/errors.ts";
import type { BindOptions } from "../../../lib/udp/options.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";
import { Lab } from "../../support/netns.ts";
import { atOnce, leavesNoDescriptor } from "../../support/timing.ts";

const CASES: Record<string, BindOptions> = {
  "all addresses, both families": {},
  "an IPv4 address of it": { address: "198.51.100.1" },
  "an IPv6 address of it": { address: "2001:db8::1" },
  "a link-local address of it": { address: "fe80::1%gone" },
  "the interface itself": { interface: "gone" },
  "the error queue, GRO and time stamps too": {
    receiveErrors: true,
    gro: true,
    receiveTimestamp: true,
    receiveOverflow: true,
  },
};

/** A namespace with an interface that is about to go. */
async function labWithInterface() {
  const lab = await Lab.open("host");
  try {
    await lab.host.batch(`
      link add gone type veth peer name enog
      link set gone up
      link set enog up
      address add 198.51.100.1/24 dev gone
      address add 2001:db8::1/64 dev gone nodad
      address add fe80::1/64 dev gone nodad
    `);
    return lab;
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

/** The port's next owner, bound at once; hears what is sent to it. */
async function nextOwner(namespace: string, port: number): Promise<void> {
  await using next = UdpSocket.bind({ namespace, port });
  await using peer = UdpSocket.bind({ namespace });
  for (const address of ["127.0.0.1", "::1"]) {
    const heard = next.receive({ timeout: 5000 });
    await peer.send(address, { address, port });
    assertEquals(new TextDecoder().decode((await heard).data), address);
  }
}

for (const [name, options] of Object.entries(CASES)) {
  Deno.test(`device removal: a receive with packet info on ${name}`, async () => {
    await using lab = await labWithInterface();
    const namespace = lab.host.name;
    await leavesNoDescriptor(async () => {
      const socket = UdpSocket.bind({ namespace, ...options });
      const { port } = socket.address;
      const receiving = socket.receive();
      receiving.catch(() => {});
      await lab.host.ip("link del gone");
      const error = await atOnce(async () => {
        const rejected = assertRejects(() => receiving, ClosedError);
        await socket.close();
        return await rejected;
      });
      assertEquals(error.code, "ECLOSED");
      await nextOwner(namespace, port);
    });
  });
}

Deno.test("device removal: everything else that waits ends too", async () => {
  await using lab = await labWithInterface();
  const namespace = lab.host.name;
  await leavesNoDescriptor(async () => {
    const socket = UdpSocket.bind({ namespace, receiveErrors: true });
    const { port } = socket.address;
    socket.join("239.1.2.3", "gone");
    const iterating = (async () => {
      for await (const _ of socket) throw new Error("nothing was sent");
    })();
    const errors = socket.errors().next();
    const receiving = assertRejects(() => socket.receive(), ClosedError);
    await lab.host.ip("link del gone");
    await atOnce(async () => {
      await socket.close();
      // Iterating ends, as it does whenever a socket is closed.
      await iterating;
      assertEquals(await errors, { value: undefined, done: true });
      await receiving;
    });
    await nextOwner(namespace, port);
  });
});

Deno.test("device removal: the socket itself goes on without it", async () => {
  await using lab = await labWithInterface();
  const namespace = lab.host.name;
  await using socket = UdpSocket.bind({ namespace });
  const receiving = socket.receive({ timeout: 5000 });
  await lab.host.ip("link del gone");
  const to = { address: "127.0.0.1", port: socket.address.port };
  await socket.send("still here", to);
  const { local, data } = await receiving;
  assertEquals(new TextDecoder().decode(data), "still here");
  assertEquals(local, {
    address: "127.0.0.1",
    source: "127.0.0.1",
    ifindex: 1,
  });
});
