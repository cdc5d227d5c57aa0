// TUN and TAP devices.

import { assertEquals } from "@std/assert";
import { buildUdp } from "../../../lib/packet/build.ts";
import { addTunAddress } from "../../../lib/rtnetlink/tun.ts";
import { PacketBatch } from "../../../lib/tun/batch.ts";
import { Tun } from "../../../lib/tun/device.ts";
import type { PacketRejectedError } from "../../../lib/tun/errors.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";
import { BEYOND, HERE, udpPayload } from "../../support/tun.ts";
import { Made, op, type Operation } from "../operation.ts";
import { elsewhere } from "./namespace.ts";

const TIMEOUT = { timeout: 5000 };

/** A device that is up, and a socket of the machine behind it. */
export class Device implements AsyncDisposable {
  readonly batch = new PacketBatch(8);
  readonly payloads: string[] = [];
  readonly #port: number;

  private constructor(readonly tun: Tun, readonly socket: UdpSocket) {
    this.#port = socket.address.port;
  }

  static async up(...payloads: string[]): Promise<Device> {
    const tun = Tun.open({ namespace: elsewhere() });
    await addTunAddress(tun, `${HERE}/24`);
    tun.up();
    const socket = UdpSocket.bind({ namespace: elsewhere(), address: HERE });
    for (const payload of payloads) {
      await socket.send(payload, { address: BEYOND, port: 9 });
    }
    return new Device(tun, socket);
  }

  /** A packet for the socket. */
  packet(payload: string): Uint8Array<ArrayBuffer> {
    return buildUdp({ source: BEYOND, destination: HERE }, {
      sourcePort: 9,
      destinationPort: this.#port,
      payload: new TextEncoder().encode(payload),
    });
  }

  /** All that came to the socket. */
  async arrived(...expected: string[]): Promise<void> {
    for (const payload of expected) {
      const { data } = await this.socket.receive(TIMEOUT);
      assertEquals(new TextDecoder().decode(data), payload);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.socket.close();
    await this.tun.close().catch(() => {});
  }
}

/** For operations that read the device's namespace before they enter it. */
const THERE = {
  "ioctl TUNGETIFF, readlink, open, setns": "error",
  "setns 3": "retried",
  "ioctl TUNGETDEVNETNS": { EPERM: "ignored", others: "error" },
  close: "ignored",
} as const;
const READING = {
  read: { EINTR: "retried", EAGAIN: "retried", others: "error" },
} as const;
const NETLINK = {
  "bind, getsockname": "error",
  send: { EINTR: "retried", others: "error" },
  setsockopt: "ignored",
  recvfrom: { EINTR: "retried", EAGAIN: "retried", others: "indeterminate" },
} as const;

export const tun: readonly Operation[] = [
  op({
    name: "Tun.open",
    prepare: () => (elsewhere(), new Made<Tun>()),
    act: (made) => made.keep(Tun.open({ namespace: elsewhere() })),
    check: (tun) => assertEquals(tun.state().up, false),
    outcomes: {
      "open, setns, ioctl TUNSETIFF, fcntl, ioctl TUNSETOFFLOAD, readlink":
        "error",
      "setns 3": "retried",
      "ioctl TUNGETDEVNETNS": { EPERM: "ignored", others: "error" },
      close: "ignored",
    },
  }),
  op({
    name: "Tun.state",
    prepare: () => Device.up(),
    act: ({ tun }) => tun.state(),
    check: (state) => assertEquals([state.up, state.mtu], [true, 1500]),
    outcomes: {
      ...THERE,
      "socket, ioctl SIOCGIFINDEX, ioctl SIOCGIFMTU, ioctl SIOCGIFFLAGS":
        "error",
    },
  }),
  op({
    name: "Tun.up, down",
    prepare: () => Tun.open({ namespace: elsewhere() }),
    act: (tun) => tun.up(),
    check: (_, tun) => assertEquals(tun.state().up, true),
    outcomes: {
      ...THERE,
      socket: "error",
      setsockopt: "ignored",
      send: { EINTR: "retried", others: "error" },
      recv: { EINTR: "retried", others: "indeterminate" },
    },
  }),
  op({
    name: "Tun.setMtu",
    prepare: () => Device.up(),
    act: ({ tun }) => tun.setMtu(1400),
    check: (_, { tun }) => assertEquals(tun.state().mtu, 1400),
    outcomes: { ...THERE, "socket, ioctl SIOCSIFMTU": "error" },
  }),
  op({
    name: "Tun.setCarrier",
    prepare: () => Device.up(),
    act: ({ tun }) => tun.setCarrier(true),
    outcomes: { "ioctl TUNSETCARRIER": "error" },
  }),
  op({
    name: "Tun.setPersist",
    prepare: () => Device.up(),
    act: ({ tun }) => tun.setPersist(false),
    check: (_, { tun }) => assertEquals(tun.state().persistent, false),
    outcomes: { "ioctl TUNSETPERSIST": "error" },
  }),
  op({
    name: "addTunAddress",
    prepare: () => Device.up(),
    act: ({ tun }) => addTunAddress(tun, "10.9.1.1/24"),
    async check() {
      await using _there = UdpSocket.bind({
        namespace: elsewhere(),
        address: "10.9.1.1",
      });
    },
    outcomes: {
      ...THERE,
      ...NETLINK,
      "socket, ioctl SIOCGIFINDEX, ioctl SIOCGIFMTU, ioctl SIOCGIFFLAGS":
        "error",
      "setns 6": "retried",
      "close 9": { EINTR: "ignored", others: "closed" },
    },
  }),
  op({
    name: "Tun.read",
    prepare: () => Device.up("a"),
    act: ({ tun }) => tun.read(TIMEOUT),
    check: (packet) => assertEquals(udpPayload(packet), "a"),
    outcomes: READING,
  }),
  op({
    name: "Tun.readMany",
    prepare: () => Device.up("a", "b"),
    async act({ tun, batch, payloads }) {
      while (payloads.length < 2) {
        const count = await tun.readMany(batch, TIMEOUT);
        for (let at = 0; at < count; at++) {
          payloads.push(udpPayload(batch.packet(at)));
        }
      }
      return payloads;
    },
    check: (payloads) => assertEquals(payloads, ["a", "b"]),
    next: ({ tun, batch }) => tun.readMany(batch, TIMEOUT),
    outcomes: {
      read: { EINTR: "retried", EAGAIN: "retried", others: "error" },
      "read 3": { EINTR: "retried", others: "deferred" },
    },
  }),
  op({
    name: "for await of Tun",
    prepare: () => Device.up("a"),
    async act({ tun }) {
      for await (const packet of tun.packets(TIMEOUT)) return packet;
    },
    check: (packet) => assertEquals(udpPayload(packet!), "a"),
    outcomes: READING,
  }),
  op({
    name: "Tun.write",
    prepare: () => Device.up(),
    act: (device) => device.tun.write(device.packet("a")),
    check: (_, device) => device.arrived("a"),
    outcomes: {
      write: { EINTR: "retried", EAGAIN: "retried", others: "error" },
    },
  }),
  op({
    name: "Tun.writeMany",
    async prepare() {
      const device = await Device.up();
      for (const payload of ["a", "b", "c"]) {
        device.batch.push(device.packet(payload));
      }
      return device;
    },
    async act({ tun, batch }) {
      const failures: { error: PacketRejectedError }[] = [];
      await tun.writeMany(batch, {
        onRejected: (error) => failures.push({ error }),
      });
      return { failures };
    },
    check: (_, device) => device.arrived("a", "b", "c"),
    outcomes: {
      write: { EINTR: "retried", EAGAIN: "retried", others: "partial" },
    },
  }),
  op({
    name: "Tun.close",
    prepare: () => Device.up(),
    act: ({ tun }) => tun.close(),
    // Closed in another thread, whose errno is lost; the number is free anyway.
    outcomes: { close: "ignored" },
  }),
];
