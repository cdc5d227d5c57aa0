// UDP: calls that do less than requested, or nothing forever.

import { assertEquals, assertRejects } from "@std/assert";
import { EAGAIN, EINTR, ENOBUFS } from "../../../ffi/errno.ts";
import { TimeoutError } from "../../../lib/errors.ts";
import type { SendResult } from "../../../lib/udp/errors.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";
import { failing, type Fault, Faults } from "../../support/faults.ts";
import type { FaultCase } from "../operation.ts";
import { Pair, queued } from "../operations/udp.ts";
import { stranded } from "./stranded.ts";

/** Datagrams of a length each, so that none leave together. */
const WORDS = Array.from({ length: 40 }, (_, index) => "x".repeat(index + 1));

/** At most so many of the messages that the call was to take. */
const fewer = (most: number): Fault => (call, args) => {
  (args as unknown[])[2] = Math.min(most, args[2] as number);
  return call();
};

/** Sends the words while something goes wrong; gives what came of it. */
async function sent(
  fault: Fault,
  times: number,
  nth = 1,
): Promise<{ result: SendResult; arrived: string[]; happened: number }> {
  await using pair = new Pair();
  using faults = new Faults();
  faults.arm({ call: "sendmmsg", nth, times, fault });
  const to = pair.there.address;
  const result = await pair.here.sendMany(WORDS.map((data) => ({ data, to })));
  faults.disarm();
  const { happened } = faults;
  return { result, arrived: queued(pair.there), happened };
}

/** Does something that waits while a call never gets anywhere. */
async function endless(
  call: string,
  act: (pair: Pair, timeout: number, signal?: AbortSignal) => Promise<unknown>,
): Promise<void> {
  await using pair = await Pair.queried("a");
  using faults = new Faults();
  faults.arm({ call, times: Infinity, fault: failing(EAGAIN) });
  await assertRejects(() => act(pair, 20), TimeoutError);
  const controller = new AbortController();
  const pending = act(pair, 5000, controller.signal);
  setTimeout(() => controller.abort(new RangeError("enough")), 5);
  await assertRejects(() => pending, RangeError);
}

export const udp: readonly FaultCase[] = [
  {
    operation: "UdpSocket.sendMany",
    fault: "sendmmsg sends two datagrams a call",
    outcome: "all arrive, once and in order",
    async run() {
      const { result, arrived, happened } = await sent(fewer(2), Infinity);
      assertEquals(result, { sent: 40, failures: [] });
      assertEquals([arrived, happened], [WORDS, 20]);
    },
  },
  {
    operation: "UdpSocket.sendMany",
    fault: "sendmmsg sends seven datagrams and refuses the eighth: ENOBUFS",
    outcome: "the eighth is reported by its index, the others arrive in order",
    async run() {
      let calls = 0;
      const { result, arrived } = await sent(
        (call, args) =>
          calls++ === 0 ? fewer(7)(call, args) : failing(ENOBUFS)(call, args),
        2,
      );
      assertEquals(result.sent, 39);
      const [{ index, error }] = result.failures;
      assertEquals([index, error.code], [7, "ENOBUFS"]);
      assertEquals(arrived, WORDS.toSpliced(7, 1));
    },
  },
  {
    operation: "UdpSocket.sendMany",
    fault: "sendmmsg: EINTR 1,000 times",
    outcome: "all arrive, once and in order",
    async run() {
      const { result, arrived } = await sent(failing(EINTR), 1000);
      assertEquals([result.sent, arrived], [40, WORDS]);
    },
  },
  {
    operation: "UdpSocket.sendMany",
    fault: "sendmmsg: EAGAIN 100 times although poll reports POLLOUT",
    outcome: "all arrive, once and in order",
    async run() {
      const { result, arrived } = await sent(failing(EAGAIN), 100);
      assertEquals([result.sent, arrived], [40, WORDS]);
    },
  },
  {
    operation: "UdpSocket.send, sendMany",
    fault: "sendmmsg: EAGAIN permanently although poll reports POLLOUT",
    outcome: "timeout and signal end it",
    run: () =>
      endless(
        "sendmmsg",
        ({ here, there }, timeout, signal) =>
          here.send("x", there.address, { timeout, signal }),
      ),
  },
  {
    operation: "UdpSocket.receive, receiveMany",
    fault: "recvmmsg: EAGAIN permanently although poll reports data",
    outcome: "timeout and signal end it",
    run: () =>
      endless(
        "recvmmsg",
        ({ here }, timeout, signal) => here.receive({ timeout, signal }),
      ),
  },
  {
    operation: "UdpSocket.receiveMany",
    fault: "recvmmsg returns one datagram a call",
    outcome: "all are received, once and in order",
    async run() {
      await using pair = await Pair.queried(...WORDS);
      using faults = new Faults();
      faults.arm({ call: "recvmmsg", times: Infinity, fault: fewer(1) });
      const got: string[] = [];
      while (got.length < WORDS.length) {
        const count = await pair.here.receiveMany(pair.received);
        assertEquals(count, 1);
        got.push(new TextDecoder().decode(pair.received.data(0)));
      }
      assertEquals(got, WORDS);
    },
  },
  {
    operation: "UdpSocket.bind, in another namespace",
    fault: "setns back to the first namespace: EPERM permanently",
    outcome:
      "throws a SystemError with the namespace that the thread is in; the socket is closed",
    run: () =>
      stranded((namespace) => UdpSocket.bind({ address: "::1", namespace })),
  },
];
