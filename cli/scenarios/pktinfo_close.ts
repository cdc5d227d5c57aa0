// 2015: a UDP receive that outlives close().
//
// The report blamed IP_PKTINFO. The cause is a blocking descriptor: the thread
// in recvmsg() holds a reference to the socket, so close() only frees the
// descriptor number.

import { SystemError } from "../../ffi/errno.ts";
import { libc, unwrap } from "../../ffi/libc.ts";
import {
  IP_PKTINFO,
  IPPROTO_IP,
  sockaddr_in,
} from "../../ffi/uapi/netinet_in.ts";
import {
  AF_INET,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
} from "../../ffi/uapi/sys_socket.ts";
import { bindSocket, socketName } from "../../lib/socket/open.ts";
import { setOption } from "../../lib/socket/option.ts";
import { UdpSocket } from "../../lib/udp/mod.ts";
import { BlockedThread, type CloseOptions } from "./blocked_thread.ts";
import {
  closeText,
  closeWhileWaiting,
  libraryReceiver,
  type Receiver,
} from "./close_while_waiting.ts";
import type { Observation, Runner, Scenario } from "./runner.ts";
import { TestNetwork } from "./test_network.ts";
import { AMPLE, IMMEDIATE, PENDING, seen, within } from "./waiting.ts";

const DEVICE = "foo0";
const ADDRESS = "9.9.9.9";
const ANY = "0.0.0.0";

/** Receives on a port of 0.0.0.0. */
interface Server {
  readonly receiver: Receiver;
  readonly port: number;
}

/** A thread in recvmsg(). */
async function blockingServer(
  network: TestNetwork,
  packetInfo: boolean,
  options?: CloseOptions,
): Promise<Server> {
  const { socket, close } = libc();
  const type = SOCK_DGRAM | SOCK_CLOEXEC;
  const fd = network.enter(() => unwrap(socket(AF_INET, type, 0), "socket"));
  try {
    if (packetInfo) setOption(fd, IPPROTO_IP, { IP_PKTINFO }, 1);
    const any = sockaddr_in.build({ sin_family: AF_INET });
    bindSocket(fd, any, () => ({ tried: "bind a UDP socket" }));
    const { buffer } = socketName(fd, sockaddr_in.size);
    const { sin_port } = sockaddr_in.get(new DataView(buffer), 0);
    const receiver = await BlockedThread.start("recvmsg", fd, options);
    return { receiver, port: sin_port };
  } catch (error) {
    close(fd);
    throw error;
  }
}

function libraryServer({ namespace }: TestNetwork): Server {
  const socket = UdpSocket.bind({ namespace, address: ANY });
  const receiver = libraryReceiver(
    async () => (await socket.receive()).data.length > 0,
    () => socket.close(),
  );
  return { receiver, port: socket.address.port };
}

/** Binds the port again; an error where the kernel refuses. */
function bind({ namespace }: TestNetwork, port: number) {
  try {
    return UdpSocket.bind({ namespace, address: ANY, port });
  } catch (error) {
    if (error instanceof SystemError) return error;
    throw error;
  }
}

interface Outcome {
  /** Milliseconds from close() to the end of the receive; null for never. */
  readonly ended: number | null;
  /** The errno of binding the port again; null if it succeeds. */
  readonly bindError: string | null;
  /** Which socket receives the datagram sent after close(). */
  readonly receivedBy: "the closed socket" | "the new socket" | "no socket";
}

/** Receives, deletes the interface, closes, binds the port again. */
async function closeAndRebind(
  network: TestNetwork,
  { receiver, port }: Server,
  limit: number,
  isExpected: (outcome: Outcome) => boolean,
): Promise<Observation> {
  await network.veth(DEVICE, "foo1");
  await network.address(DEVICE, `${ADDRESS}/32`);
  const { namespace } = network;
  await using client = UdpSocket.bind({ namespace, address: ANY });

  const first = receiver.receive();
  await client.send("first", { address: ADDRESS, port });
  if (!await first) throw new Error("nothing can be received");

  const pending = receiver.receive();
  await receiver.waiting();
  await network.delete(DEVICE);
  const closed = await closeWhileWaiting(receiver, pending, limit);

  const successor = bind(network, port);
  const refused = successor instanceof SystemError;
  await client.send("second", { address: "127.0.0.1", port });
  // A terminated worker posts no result, but its thread leaves the call.
  const received = refused
    ? await seen(() => receiver.thread()?.call !== closed.thread?.call)
    : await within(successor.receive(), AMPLE) !== null;
  if (!refused) await successor.close();
  const bindError = refused ? successor.code : null;
  const receivedBy = !received
    ? "no socket"
    : refused
    ? "the closed socket"
    : "the new socket";
  return {
    ok: isExpected({ ended: closed.ended, bindError, receivedBy }),
    observed: [
      closeText(closed, limit),
      refused
        ? `binding the port again fails with ${bindError}`
        : "the port can be bound again",
      `the next datagram is received by ${receivedBy}`,
    ].join("; "),
    measured: { ...closed, bindError, receivedBy },
  };
}

function isStuck({ ended, bindError, receivedBy }: Outcome): boolean {
  return ended === null && bindError === "EADDRINUSE" &&
    receivedBy === "the closed socket";
}

function isReleased({ ended, bindError, receivedBy }: Outcome): boolean {
  return ended !== null && bindError === null &&
    receivedBy === "the new socket";
}

async function run(runner: Runner): Promise<void> {
  const network = await runner.setup(
    "a network namespace",
    async () => runner.use(await TestNetwork.create()),
  );
  const blocking = async (packetInfo: boolean, options?: CloseOptions) => {
    const server = await blockingServer(network, packetInfo, options);
    await using _ = runner.use(server.receiver);
    return await closeAndRebind(network, server, PENDING, isStuck);
  };
  await runner.problem(
    `a thread blocks in recvmsg() on ${ANY} with IP_PKTINFO; ${DEVICE} ` +
      `(${ADDRESS}) is deleted; another thread calls close()`,
    "the receive stays pending, the port stays in use, and the closed socket " +
      "receives the next datagram",
    () => blocking(true),
  );
  await runner.problem(
    "the same without IP_PKTINFO",
    "the same: the cause is the blocking descriptor, not the option",
    () => blocking(false),
  );
  await runner.problem(
    "the same with Worker.terminate() before close()",
    "the thread of the terminated worker stays in recvmsg() and keeps the port " +
      "in use",
    () => blocking(true, { terminate: true }),
  );
  await runner.fix(
    `UdpSocket.receive() is pending; ${DEVICE} is deleted; close()`,
    "the receive ends immediately, the port can be bound again, and the new " +
      "socket receives the next datagram",
    async () => {
      const server = runner.fault === "blocking-receive"
        ? await blockingServer(network, true)
        : libraryServer(network);
      await using _ = runner.use(server.receiver);
      return await closeAndRebind(network, server, IMMEDIATE, isReleased);
    },
  );
}

export const pktinfoClose: Scenario = {
  name: "pktinfo-close",
  year: 2015,
  program: "a Go program",
  title: "a UDP receive that outlives close()",
  report:
    "A server listened on 0.0.0.0 with IP_PKTINFO to learn the destination " +
    "address of each request. Its interface was deleted and its socket closed, " +
    "but the pending receive never returned.",
  faults: [{
    name: "blocking-receive",
    summary: "receive with a blocking recvmsg() instead of UdpSocket",
  }],
  run,
};
