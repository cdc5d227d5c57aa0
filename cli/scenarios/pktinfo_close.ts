// 2015: a UDP receive that outlives close().
//
// The report blamed IP_PKTINFO. What it takes is a descriptor that blocks: the
// thread in recvmsg() holds the socket open, whatever happens to the number.

import { SystemError } from "../../ffi/errno.ts";
import { ClosedError } from "../../lib/errors.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import {
  blocking,
  closeUnder,
  type Closing,
  describeClosing,
  polling,
  type Waiter,
} from "./stage/closing.ts";
import { Scene } from "./stage/scene.ts";
import { AMPLE, AT_ONCE, PATIENCE, seen, within } from "./stage/patience.ts";
import type { Scenario } from "./stage/scenario.ts";
import type { Observation, Stage } from "./stage/stage.ts";

const DEVICE = "foo0";
const ADDRESS = "9.9.9.9";
/** Somebody who listens on 0.0.0.0. */
interface Listener extends Waiter {
  readonly port: number;
}

/** A receive in a thread of its own, by a plain recvmsg(). */
async function recvmsg(
  network: Scene,
  options: { readonly packetInfo: boolean; readonly terminate?: boolean },
): Promise<Listener> {
  const { packetInfo, terminate = false } = options;
  const order = { kind: "udp", packetInfo } as const;
  const ending = terminate ? ["terminate", "close"] as const : undefined;
  const waiter = await blocking(network, order, ending);
  return { ...waiter, port: waiter.blocker.port };
}

function netplumb({ namespace }: Scene): Listener {
  const socket = UdpSocket.bind({ namespace, address: "0.0.0.0" });
  return {
    ...polling,
    port: socket.address.port,
    async receive() {
      try {
        return (await socket.receive()).data.length > 0;
      } catch (error) {
        if (error instanceof ClosedError) return false;
        throw error;
      }
    },
    close: () => socket.close(),
    [Symbol.asyncDispose]: () => socket.close(),
  };
}

/** What closing under a receive came to. */
interface Ordeal extends Closing {
  /** How binding the port again was refused; null where it was not. */
  readonly refused: string | null;
  /** Who got the datagram that came after close(). */
  readonly taker: "the closed socket" | "the new socket" | "nobody";
}

/** The story: receive, lose the interface, close, bind the port again. */
async function ordeal(
  network: Scene,
  listener: Listener,
  patience: number,
): Promise<Ordeal> {
  await network.veth(DEVICE, "foo1");
  await network.address(DEVICE, `${ADDRESS}/32`);
  const { namespace } = network;
  await using client = UdpSocket.bind({ namespace, address: "0.0.0.0" });
  const ask = (text: string, address: string) =>
    client.send(text, { address, port: listener.port });

  const first = listener.receive();
  await ask("first", ADDRESS);
  if (!await first) throw new Error("nothing can be received");

  const pending = listener.receive();
  await listener.waiting();
  await network.delete(DEVICE);
  const outcome = await closeUnder(listener, pending, patience);

  const successor = bind(network, listener.port);
  if (successor instanceof SystemError) {
    await ask("second", "127.0.0.1");
    // A terminated worker can tell nothing any more, but its thread is seen.
    const swallowed = await seen(
      () => listener.where()?.call !== outcome.where?.call,
    );
    return {
      ...outcome,
      refused: successor.code,
      taker: swallowed ? "the closed socket" : "nobody",
    };
  }
  await using _ = successor;
  await ask("second", "127.0.0.1");
  const got = await within(successor.receive(), AMPLE);
  return {
    ...outcome,
    refused: null,
    taker: got.ended ? "the new socket" : "nobody",
  };
}

function bind({ namespace }: Scene, port: number): UdpSocket | SystemError {
  try {
    return UdpSocket.bind({ namespace, address: "0.0.0.0", port });
  } catch (error) {
    if (error instanceof SystemError) return error;
    throw error;
  }
}

function observe(
  outcome: Ordeal,
  patience: number,
  held: boolean,
): Observation {
  return {
    held,
    happened: [
      describeClosing(outcome, patience),
      outcome.refused === null
        ? "the port is free"
        : `binding the port again gives ${outcome.refused}`,
      `the next datagram goes to ${outcome.taker}`,
    ].join("; "),
    measured: { ...outcome },
  };
}

function isStuck({ ended, refused, taker }: Ordeal): boolean {
  return ended === null && refused === "EADDRINUSE" &&
    taker === "the closed socket";
}

function isFree({ ended, refused, taker }: Ordeal): boolean {
  return ended !== null && refused === null && taker === "the new socket";
}

async function play(stage: Stage): Promise<void> {
  const network = await stage.setup(
    "a network of its own",
    async () => stage.use(await Scene.create()),
  );
  await stage.trap(
    `recvmsg() blocks in a thread, on 0.0.0.0 with IP_PKTINFO; ${DEVICE} ` +
      `(${ADDRESS}) is deleted; another thread calls close()`,
    "the receive goes on, the port stays taken, and the next datagram " +
      "vanishes into the closed socket",
    async () => {
      await using listener = stage.use(
        await recvmsg(network, { packetInfo: true }),
      );
      const outcome = await ordeal(network, listener, PATIENCE);
      return observe(outcome, PATIENCE, isStuck(outcome));
    },
  );
  await stage.trap(
    "the same without IP_PKTINFO",
    "the same: not the option is to blame, but the descriptor that blocks",
    async () => {
      await using listener = stage.use(
        await recvmsg(network, { packetInfo: false }),
      );
      const outcome = await ordeal(network, listener, PATIENCE);
      return observe(outcome, PATIENCE, isStuck(outcome));
    },
  );
  await stage.trap(
    "the same with Worker.terminate() before close()",
    "the worker is gone for Deno, but its thread is still in the receive and " +
      "holds the port",
    async () => {
      await using listener = stage.use(
        await recvmsg(network, { packetInfo: true, terminate: true }),
      );
      const outcome = await ordeal(network, listener, PATIENCE);
      const { ended, where, refused } = outcome;
      const held = ended === null && where?.call === "recvmsg" &&
        refused === "EADDRINUSE";
      return observe(outcome, PATIENCE, held);
    },
  );
  await stage.cure(
    `UdpSocket.receive() is pending; ${DEVICE} is deleted; close()`,
    "the receive is over at once, the port is free, and the next datagram " +
      "goes to whoever binds it",
    async () => {
      await using listener = stage.use(
        stage.fault === "blocking-receive"
          ? await recvmsg(network, { packetInfo: true })
          : netplumb(network),
      );
      const outcome = await ordeal(network, listener, AT_ONCE);
      return observe(outcome, AT_ONCE, isFree(outcome));
    },
  );
}

export const pktinfoClose: Scenario = {
  name: "pktinfo-close",
  year: 2015,
  who: "a Go program",
  title: "a UDP receive that outlives close()",
  story:
    "A server listened on 0.0.0.0 with IP_PKTINFO to learn which address was " +
    "asked. Its interface was deleted, its socket closed, and its receive " +
    "never came back.",
  faults: [{
    name: "blocking-receive",
    summary: "receive with a blocking recvmsg() instead of UdpSocket",
  }],
  play,
};
