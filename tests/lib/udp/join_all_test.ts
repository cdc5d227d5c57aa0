// Multicast on all interfaces, those that appear later included: `ip maddress`
// says where the host is a member, another namespace sends.

import { assertEquals, assertRejects } from "@std/assert";
import { monitor } from "../../../lib/rtnetlink/monitor/monitor.ts";
import {
  type JoinAllOptions,
  joinOnAllInterfaces,
  type MembershipEvent,
} from "../../../lib/udp/join_all.ts";
import type { UdpSocket } from "../../../lib/udp/socket.ts";
import { UdpLab } from "../../support/udp_lab.ts";

const GROUPS = ["224.0.0.251", "ff02::fb"];
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Joins in the server's namespace; the events as they come. */
function joining(lab: UdpLab, socket: UdpSocket, options: JoinAllOptions = {}) {
  const end = new AbortController();
  const links = monitor(
    { objects: ["link"], snapshot: true, namespace: lab.server.name },
    { signal: end.signal },
  );
  const events: MembershipEvent[] = [];
  let wake = () => {};
  const joined = joinOnAllInterfaces(socket, GROUPS, links, {
    ...options,
    onChange(event) {
      events.push(event);
      wake();
    },
  });
  return {
    /** Waits for the next events, so many; gives them in words. */
    async next(count: number): Promise<string[]> {
      while (events.length < count) {
        await new Promise<void>((resolve) => wake = resolve);
      }
      return events.splice(0, count).map(({ event, interface: on, group }) =>
        `${event} ${on.name} ${group}`
      ).toSorted();
    },
    async stop(): Promise<void> {
      end.abort("stopped");
      assertEquals(await joined.catch((reason) => reason), "stopped");
    },
  };
}

async function isMember(lab: UdpLab, group: string, dev: string) {
  const [{ maddr }] = await lab.server.json<{
    maddr: { address?: string }[];
  }>(`maddress show dev ${dev}`);
  return maddr.some(({ address }) => address === group);
}

/** Sends to a group through an interface of the client. */
async function call(lab: UdpLab, port: number, group: string, dev: string) {
  const sender = lab.bind({}, "client");
  const to = { address: group, port };
  await sender.send(`${group} ${dev}`, to, { interface: dev });
  await sender.close();
}

Deno.test("join on all interfaces: those there are, and those that come and go", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const { port } = socket.address;
  const all = joining(lab, socket);
  assertEquals(
    await all.next(2),
    GROUPS.map((group) => `joined wire ${group}`),
  );
  await lab.lab.veth("server", "late", "client", "late");
  await lab.client.ip("address add 198.51.100.2/24 dev late");
  assertEquals(
    await all.next(2),
    GROUPS.map((group) => `joined late ${group}`),
  );
  for (const dev of ["wire", "late"]) {
    for (const group of GROUPS) {
      assertEquals(await isMember(lab, group, dev), true);
      await call(lab, port, group, dev);
      const { data } = await socket.receive({ timeout: 5000 });
      assertEquals(text(data), `${group} ${dev}`);
    }
  }
  assertEquals(
    await isMember(lab, GROUPS[0]!, "lo"),
    false,
    "no IFF_MULTICAST",
  );
  await lab.server.ip("link delete late");
  assertEquals(await all.next(2), GROUPS.map((group) => `left late ${group}`));
  await all.stop();
});

Deno.test("join on all interfaces: memberships of deleted interfaces are given back", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const all = joining(lab, socket);
  await all.next(2);
  // More than the 20 memberships that a socket may have.
  for (let n = 0; n < 25; n++) {
    await lab.server.ip("link add dummy0 type veth peer name dummy1");
    const joined = await all.next(4);
    assertEquals(joined.filter((event) => !/^joined/.test(event)), []);
    await lab.server.ip("link delete dummy0");
    const left = await all.next(4);
    assertEquals(left.filter((event) => !/^left/.test(event)), []);
  }
  await all.stop();
});

Deno.test("join on all interfaces: only those that are accepted", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  await lab.lab.veth("server", "other", "client", "other");
  const all = joining(lab, socket, { accept: ({ name }) => name === "other" });
  assertEquals(
    await all.next(2),
    GROUPS.map((group) => `joined other ${group}`),
  );
  assertEquals(await isMember(lab, GROUPS[0]!, "wire"), false);
  await all.stop();
});

Deno.test("join on all interfaces: a group that cannot be joined is reported and tried again", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind({ family: "ipv4" });
  const all = joining(lab, socket);
  assertEquals(await all.next(2), [
    "failed wire ff02::fb",
    "joined wire 224.0.0.251",
  ]);
  await lab.server.ip("link set wire alias changed");
  assertEquals(await all.next(1), ["failed wire ff02::fb"]);
  await all.stop();
});

Deno.test("join on all interfaces: ends with its socket, and with an error of the events", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const link = { ifindex: 1, name: "lo", flags: 0 };
  async function* events() {
    yield await Promise.resolve({ event: "new", object: "link", data: link });
    throw new Error("no more");
  }
  await assertRejects(
    () => joinOnAllInterfaces(socket, GROUPS, events()),
    Error,
    "no more",
  );
  await socket.close();
  await joinOnAllInterfaces(socket, GROUPS, events());
});
