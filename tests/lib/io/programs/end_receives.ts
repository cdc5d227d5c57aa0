// How long it takes to end receives that wait, all at once, and how they ended.
//
//   end_receives.ts close|abort|time|sockets COUNT ROUNDS

import { ClosedError, TimeoutError, UdpSocket } from "../../../../mod.ts";

const [way, count, rounds] = Deno.args;
const COUNT = Number(count);
const LOOPBACK = { address: "127.0.0.1" };
const REASON = new Error("the reason");

export interface Ended {
  /** The shortest time of the rounds, in milliseconds. */
  readonly milliseconds: number;
  /** Receives of a round that did not end as they should. */
  readonly wrong: number;
}

/** Waits for all; how many did not reject as expected. */
async function wrongEnds(
  receives: readonly Promise<unknown>[],
  expected: (error: unknown) => boolean,
): Promise<number> {
  let wrong = 0;
  for (const receive of receives) {
    try {
      await receive;
      wrong++;
    } catch (error) {
      if (!expected(error)) wrong++;
    }
  }
  return wrong;
}

function waiting(
  sockets: readonly UdpSocket[],
  options?: { signal?: AbortSignal; timeout?: number },
): Promise<unknown>[] {
  const receives = Array.from(
    { length: COUNT },
    (_, index) => sockets[index % sockets.length].receive(options),
  );
  for (const receive of receives) receive.catch(() => {});
  return receives;
}

const asleep = () => new Promise((resolve) => setTimeout(resolve, 50));

const WAYS: Record<string, () => Promise<Ended>> = {
  async close() {
    const socket = UdpSocket.bind(LOOPBACK);
    const receives = waiting([socket]);
    await asleep();
    const start = performance.now();
    await socket.close();
    const wrong = await wrongEnds(
      receives,
      (error) => error instanceof ClosedError,
    );
    return { milliseconds: performance.now() - start, wrong };
  },
  async sockets() {
    const sockets = Array.from(
      { length: COUNT },
      () => UdpSocket.bind(LOOPBACK),
    );
    const receives = waiting(sockets);
    await asleep();
    const start = performance.now();
    await Promise.all(sockets.map((socket) => socket.close()));
    const wrong = await wrongEnds(
      receives,
      (error) => error instanceof ClosedError,
    );
    return { milliseconds: performance.now() - start, wrong };
  },
  async abort() {
    await using socket = UdpSocket.bind(LOOPBACK);
    const controller = new AbortController();
    const receives = waiting([socket], controller);
    await asleep();
    const start = performance.now();
    controller.abort(REASON);
    const wrong = await wrongEnds(receives, (error) => error === REASON);
    return { milliseconds: performance.now() - start, wrong };
  },
  async time() {
    const TIMEOUT = 500;
    await using socket = UdpSocket.bind(LOOPBACK);
    const start = performance.now();
    const receives = waiting([socket], { timeout: TIMEOUT });
    const wrong = await wrongEnds(
      receives,
      (error) => error instanceof TimeoutError,
    );
    return { milliseconds: performance.now() - start - TIMEOUT, wrong };
  },
};

let milliseconds = Infinity;
let wrong = 0;
for (let round = 0; round < Number(rounds); round++) {
  const ended = await WAYS[way]();
  milliseconds = Math.min(milliseconds, ended.milliseconds);
  wrong += ended.wrong;
}
console.log(JSON.stringify({ milliseconds, wrong } satisfies Ended));
