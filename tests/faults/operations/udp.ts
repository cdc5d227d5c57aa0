// UDP sockets.

import { assertEquals } from "@std/assert";
import { sockaddr_in } from "../../../ffi/uapi/netinet_in.ts";
import {
  AF_INET,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
} from "../../../ffi/uapi/sys_socket.ts";
import { parseIPv4 } from "../../../lib/net/ip_address.ts";
import { activationDescriptors } from "../../../lib/udp/open.ts";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import { SendBatch } from "../../../lib/udp/send_batch.ts";
import type { Datagram } from "../../../lib/udp/datagram.ts";
import type { BindOptions } from "../../../lib/udp/options.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";
import { realLibc } from "../../support/faults.ts";
import { Made, op, type Operation } from "../operation.ts";

const LOOPBACK = "127.0.0.1";
const TIMEOUT = { timeout: 5000 };

/** All that waits in a socket's queue. */
export function queued(socket: UdpSocket): string[] {
  const batch = new ReceiveBatch({ size: 128 });
  const count = socket.tryReceiveMany(batch);
  return Array.from(
    { length: count },
    (_, slot) => new TextDecoder().decode(batch.data(slot)),
  );
}

/** Two sockets, and what one of them was sent. */
export class Pair implements AsyncDisposable {
  readonly here: UdpSocket;
  readonly there = UdpSocket.bind({ address: LOOPBACK });
  /** The address of the other one. */
  readonly to = this.there.address;
  readonly received = new ReceiveBatch();
  readonly answers = new SendBatch();
  question!: Datagram;

  constructor(options: BindOptions = {}) {
    this.here = UdpSocket.bind({ address: LOOPBACK, ...options });
  }

  /** With datagrams queued here. */
  static async queried(...questions: string[]): Promise<Pair> {
    const pair = new Pair();
    for (const text of questions) {
      await pair.there.send(text, pair.here.address);
    }
    return pair;
  }

  /** With one datagram taken here. */
  static async requesting(): Promise<Pair> {
    const pair = await Pair.queried("question");
    pair.question = await pair.here.receive(TIMEOUT);
    return pair;
  }

  /** All that came there, none lost and none twice. */
  arrived(...expected: string[]): void {
    assertEquals(queued(this.there), expected);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What a close says is for the operation that it is.
    await this.here.close().catch(() => {});
    await this.there.close();
  }
}

/** A descriptor that another program has opened and bound. */
class Passed implements AsyncDisposable {
  readonly #fd = realLibc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  #socket: UdpSocket | undefined;

  constructor() {
    const any = sockaddr_in.build({
      sin_family: AF_INET,
      sin_addr: parseIPv4(LOOPBACK),
    });
    assertEquals(realLibc.bind(this.#fd, any, any.length), 0);
  }

  take(): UdpSocket {
    return this.#socket = UdpSocket.fromDescriptor(this.#fd);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket === undefined) realLibc.close(this.#fd);
    else await this.#socket.close();
  }
}

/** The variables of a service manager that passed descriptor 3. */
class Activated implements AsyncDisposable {
  static readonly #variables = {
    LISTEN_PID: `${Deno.pid}`,
    LISTEN_FDS: "1",
    LISTEN_FDNAMES: "dns",
  };

  constructor() {
    for (const [name, value] of Object.entries(Activated.#variables)) {
      Deno.env.set(name, value);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    Object.keys(Activated.#variables).forEach((name) => Deno.env.delete(name));
    return Promise.resolve();
  }
}

const text = ({ data }: { data: Uint8Array }) => new TextDecoder().decode(data);

const RECEIVING = {
  recvmmsg: { EINTR: "retried", EAGAIN: "retried", others: "error" },
} as const;

export const udp: readonly Operation[] = [
  op({
    name: "UdpSocket.bind",
    prepare: () => new Made<UdpSocket>(),
    act: (made) => made.keep(UdpSocket.bind({ address: LOOPBACK })),
    async check(socket) {
      await socket.send("x", socket.address);
      assertEquals(text(await socket.receive(TIMEOUT)), "x");
    },
    outcomes: { "socket, setsockopt, bind": "error" },
  }),
  op({
    name: "UdpSocket.connect",
    prepare: () => new Pair(),
    act: ({ here, to }) => here.connect(to),
    async check(_, pair) {
      await pair.here.send("x");
      pair.arrived("x");
    },
    outcomes: { "getpeername, connect": "error", getsockopt: "ignored" },
  }),
  op({
    name: "UdpSocket.disconnect",
    prepare() {
      const pair = new Pair();
      pair.here.connect(pair.to);
      return pair;
    },
    act: ({ here }) => here.disconnect(),
    check: (_, { here }) => assertEquals(here.peer, undefined),
    outcomes: { "getsockname, getpeername, connect, bind": "error" },
  }),
  op({
    name: "UdpSocket.fromDescriptor",
    prepare: () => new Passed(),
    act: (passed) => passed.take(),
    async check(socket) {
      await socket.send("x", { address: LOOPBACK, port: socket.address.port });
      assertEquals(text(await socket.receive(TIMEOUT)), "x");
    },
    outcomes: {
      "fcntl, setsockopt, getsockopt 1, getsockopt 2": "error",
      getsockopt: "ignored",
    },
  }),
  op({
    name: "activationDescriptors",
    prepare: () => new Activated(),
    act: () => activationDescriptors(),
    check: (found) => assertEquals(found.map(({ name }) => name), ["dns"]),
    outcomes: { fcntl: "error" },
  }),
  op({
    name: "UdpSocket.receive",
    prepare: () => Pair.queried("a"),
    act: ({ here }) => here.receive(TIMEOUT),
    check: (datagram) => assertEquals(text(datagram), "a"),
    outcomes: RECEIVING,
  }),
  op({
    name: "UdpSocket.receiveMany",
    prepare: () => Pair.queried("a", "b", "c"),
    act: ({ here, received }) => here.receiveMany(received, TIMEOUT),
    check(count, { received }) {
      const texts = Array.from(
        { length: count },
        (_, slot) => text(received.datagram(slot)),
      );
      assertEquals(texts, ["a", "b", "c"]);
    },
    outcomes: RECEIVING,
  }),
  op({
    name: "UdpSocket.tryReceiveMany",
    prepare: () => Pair.queried("a", "b"),
    act: ({ here, received }) => here.tryReceiveMany(received),
    check: (count) => assertEquals(count, 2),
    outcomes: {
      recvmmsg: { EINTR: "retried", EAGAIN: "would block", others: "error" },
    },
  }),
  op({
    name: "for await of UdpSocket",
    prepare: () => Pair.queried("a"),
    async act({ here }) {
      for await (const datagram of here.datagrams(TIMEOUT)) return datagram;
    },
    check: (datagram) => assertEquals(text(datagram!), "a"),
    outcomes: RECEIVING,
  }),
  op({
    name: "UdpSocket.send",
    prepare: () => new Pair(),
    act: ({ here, to }) => here.send("x", to),
    check: (_, pair) => pair.arrived("x"),
    outcomes: {
      sendmmsg: { EINTR: "retried", EAGAIN: "retried", others: "error" },
    },
  }),
  op({
    name: "UdpSocket.reply",
    prepare: () => Pair.requesting(),
    act: ({ here, question }) => here.reply(question, "x"),
    check: (_, pair) => pair.arrived("x"),
    outcomes: {
      sendmmsg: { EINTR: "retried", EAGAIN: "retried", others: "error" },
      // Those that look up the VRF of the query.
      "socket, getsockopt, bind, send, recv": "ignored",
    },
  }),
  op({
    name: "UdpSocket.sendMany",
    prepare: () => new Pair(),
    act: ({ here, to }) =>
      here.sendMany(["x", "yy", "z"].map((data) => ({ data, to }))),
    check(result, pair) {
      assertEquals(result, { sent: 3, failures: [] });
      pair.arrived("x", "yy", "z");
    },
    outcomes: {
      sendmmsg: { EINTR: "retried", EAGAIN: "retried", others: "partial" },
    },
  }),
  op({
    name: "UdpSocket.trySendMany",
    async prepare() {
      const pair = await Pair.queried("a", "bb");
      pair.here.tryReceiveMany(pair.received);
      pair.answers.reply(pair.received, 0);
      pair.answers.reply(pair.received, 1);
      return pair;
    },
    act: ({ here, answers }) => here.trySendMany(answers),
    check(result, pair) {
      assertEquals(result, { sent: 2, failures: [] });
      pair.arrived("a", "bb");
    },
    outcomes: {
      sendmmsg: { EINTR: "retried", EAGAIN: "would block", others: "partial" },
    },
  }),
  op({
    name: "UdpSocket.errors",
    async prepare() {
      const pair = new Pair({ receiveErrors: true });
      const { address } = pair.there;
      await pair.there.close();
      // The port is closed: ICMP reports it.
      await pair.here.send("x", address);
      return pair;
    },
    async act({ here }) {
      for await (const { code } of here.errors(TIMEOUT)) return code;
    },
    check: (code) => assertEquals(code, "ECONNREFUSED"),
    outcomes: { recvmmsg: "retried" },
  }),
  op({
    name: "UdpSocket.join",
    prepare: () => new Pair({ address: "0.0.0.0" }),
    act: ({ here }) => here.join("224.0.0.251", "lo"),
    outcomes: { "ioctl SIOCGIFINDEX, setsockopt": "error" },
  }),
  op({
    name: "UdpSocket.leave",
    prepare() {
      const pair = new Pair({ address: "0.0.0.0" });
      pair.here.join("224.0.0.251", "lo");
      return pair;
    },
    act: ({ here }) => here.leave("224.0.0.251", "lo"),
    outcomes: { "ioctl SIOCGIFINDEX, setsockopt": "error" },
  }),
  op({
    name: "UdpSocket.multicastInterface",
    prepare: () => new Pair(),
    act: ({ here }) => here.multicastInterface("lo"),
    outcomes: { "ioctl SIOCGIFINDEX, setsockopt": "error" },
  }),
  op({
    name: "UdpSocket.close",
    prepare: () => new Pair(),
    act: ({ here }) => here.close(),
    outcomes: { close: { EINTR: "ignored", others: "closed" } },
  }),
];
