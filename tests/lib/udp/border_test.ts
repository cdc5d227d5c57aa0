// Objects at the border of the program: JSON, postMessage and console.log.

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  Monitor,
  NetlinkConnection,
  ReceiveBatch,
  RouteSocket,
  SendBatch,
  StopEvent,
  type SystemError,
  Tun,
  UdpSocket,
} from "../../../mod.ts";
import { Lab } from "../../support/netns.ts";
import { UdpLab } from "../../support/udp_lab.ts";

const LOOPBACK = { address: "127.0.0.1" };

Deno.test("border: a datagram with a time stamp is JSON", async () => {
  await using socket = UdpSocket.bind({ ...LOOPBACK, receiveTimestamp: true });
  await socket.send("x", socket.address);
  const datagram = await socket.receive({ timeout: 5000 });
  const parsed = JSON.parse(JSON.stringify(datagram));
  assertEquals(parsed.timestamp, String(datagram.timestamp));
  assertEquals(parsed.peer, datagram.peer);
  assertEquals(parsed.local, datagram.local);
  // And as it was for another thread.
  assertEquals(structuredClone(datagram).timestamp, datagram.timestamp);
  assert(!Object.keys(datagram).includes("toJSON"));
});

Deno.test("border: errors keep name, code and fields as JSON", async () => {
  const errors: Error[] = [];
  const collect = async (run: () => unknown) => {
    try {
      await run();
    } catch (error) {
      errors.push(error as Error);
    }
  };
  const socket = UdpSocket.bind(LOOPBACK);
  await collect(() => UdpSocket.bind({ port: 70_000 }));
  await collect(() => UdpSocket.bind({ address: "203.0.113.1" }));
  await collect(() => socket.receive({ timeout: 1 }));
  await socket.close();
  await collect(() => socket.receive());
  const posted = errors.map((error) =>
    structuredClone((error as SystemError).toJSON())
  );
  assertEquals(
    posted.map(({ name, code }) => [name, code]),
    [
      ["ArgumentError", "EARGUMENT"],
      ["SystemError", "EADDRNOTAVAIL"],
      ["TimeoutError", "ETIMEDOUT"],
      ["ClosedError", "ECLOSED"],
    ],
  );
  assertEquals(posted[1].syscall, "bind");
  for (const [n, error] of errors.entries()) {
    assertEquals(posted[n].message, error.message);
    assertEquals(JSON.parse(JSON.stringify(error)).name, error.name);
  }
});

Deno.test("border: what owns a descriptor cannot be posted as an empty object", async () => {
  await using lab = await Lab.open("host");
  const namespace = lab.host.name;
  await using stack = new AsyncDisposableStack();
  const owners = [
    stack.use(UdpSocket.bind(LOOPBACK)),
    stack.use(StopEvent.create()),
    stack.use(Tun.open({ namespace })),
    stack.use(await Monitor.open({ namespace })),
    stack.use(RouteSocket.open({ namespace })),
    stack.use(NetlinkConnection.open({ protocol: 0 })),
  ];
  for (const owner of owners) {
    const error = assertThrows(() => structuredClone(owner), DOMException);
    assertEquals(error.name, "DataCloneError");
    assert(
      /postItsHandleAndAttach|cannotBePosted/.test(error.message),
      error.message,
    );
  }
});

Deno.test("border: console.log shows name, state and counters", async () => {
  await using lab = await UdpLab.open();
  const namespace = lab.server.name;
  const socket = lab.bind({ port: 7000 });
  await using tun = Tun.open({ namespace, name: "tun9" });
  await using monitor = await Monitor.open({ namespace });
  const batch = new ReceiveBatch({ size: 4 });
  const shown = (value: unknown) =>
    Deno.inspect(value, { breakLength: Infinity });
  assertEquals(
    shown(socket),
    'UdpSocket { closed: false, family: "dual", address: { address: "::", port: 7000 }, peer: undefined, dropped: 0 }',
  );
  assert(/^Tun \{ name: "tun9", mode: "tun"/.test(shown(tun)), shown(tun));
  const [queue] = tun.queues;
  assert(shown(queue).includes("packetsRead: 0"), shown(queue));
  assert(/^Monitor \{ namespaces: /.test(shown(monitor)), shown(monitor));
  assertEquals(
    shown(batch),
    "ReceiveBatch { size: 4, bufferSize: 65535, count: 0 }",
  );
  assertEquals(shown(new SendBatch(8)), "SendBatch { size: 8, count: 0 }");
  await socket.close();
  assertEquals(shown(socket), 'UdpSocket { closed: true, family: "dual" }');
});

Deno.test("border: the bits of a link that changed are not negative", async () => {
  await using lab = await Lab.open("host");
  await using monitor = await Monitor.open({
    namespace: lab.host.name,
    objects: ["link"],
  });
  await lab.host.ip("link add end0 type veth peer name end1");
  const [event] = await monitor.receive({ timeout: 5000 });
  assert(event.event === "new" && event.object === "link");
  // rtnl_newlink() announces with all bits set.
  assertEquals(event.data.change, 0xffffffff);
});

Deno.test("border: the name of an interface in the socket's own namespace", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const { port } = server.address;
  await lab.ask("-w", "1", "192.0.2.2", String(port), "q");
  const { local } = await server.receive({ timeout: 5000 });
  assertEquals(server.interfaceName(local!.ifindex), "wire");
  await lab.server.ip("link set wire down");
  await lab.server.ip("link set wire name renamed");
  assertEquals(server.interfaceName(local!.ifindex), "renamed");
  assertEquals(server.interfaceName(4711), undefined);
});
