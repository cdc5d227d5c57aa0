// return() and a signal end a loop that waits: what receives next misses nothing.

import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { Monitor, monitor, type Tun, UdpSocket } from "../../../mod.ts";
import { leavesNoDescriptor } from "../../support/timing.ts";
import { Lab } from "../../support/netns.ts";
import { TunLab, udpPayload } from "../../support/tun.ts";
import { within } from "./run_program.ts";

/** Milliseconds; what is ended ends in less than one. */
const SOON = 2000;
const DONE = { value: undefined, done: true } as const;

/** Ends an iterator while next() is pending, once before and once after it sleeps. */
async function endsPendingNext(
  begin: () => AsyncIterator<unknown, unknown, void>,
): Promise<void> {
  for (const asleep of [false, true]) {
    const iterator = begin();
    const pending = iterator.next();
    const other = iterator.next();
    if (asleep) await new Promise((resolve) => setTimeout(resolve, 10));
    const returned = iterator.return!();
    for (const end of [pending, other, returned]) {
      assertEquals(await within(SOON, end), DONE);
    }
    assertEquals(await within(SOON, iterator.next()), DONE);
  }
}

/** Ends what waits even where a test fails, so that it fails and does not hang. */
function udp(): UdpSocket {
  return UdpSocket.bind({ address: "127.0.0.1", receiveErrors: true });
}

const text = ({ data }: { data: Uint8Array }) => new TextDecoder().decode(data);

Deno.test("return(): ends a pending next() of a socket, of datagrams() and of errors()", async () => {
  await leavesNoDescriptor(async () => {
    await using socket = udp();
    await endsPendingNext(() => socket[Symbol.asyncIterator]());
    await endsPendingNext(() => socket.datagrams({ timeout: 60_000 }));
    const { signal } = new AbortController();
    await endsPendingNext(() => socket.datagrams({ signal }));
    await endsPendingNext(() => socket.errors());
    await socket.send("next", socket.address);
    assertEquals(text(await socket.receive({ timeout: SOON })), "next");
  });
});

Deno.test("return(): ends a pending next() of a device's packets() and batches()", async () => {
  await using lab = await TunLab.open();
  const { tun } = lab;
  await endsPendingNext(() => tun[Symbol.asyncIterator]());
  await endsPendingNext(() => tun.packets({ timeout: 60_000 }));
  await endsPendingNext(() => tun.batches());
  await lab.send("next");
  assertEquals(udpPayload(await tun.read({ timeout: SOON })), "next");
});

Deno.test("return(): ends a pending next() of a monitor", async () => {
  await using lab = await Lab.open("host");
  const options = {
    namespace: lab.host.name,
    objects: ["link"],
  } as const;
  await using opened = await Monitor.open(options);
  await endsPendingNext(() => opened[Symbol.asyncIterator]());
  await lab.host.ip("link add next0 type bridge");
  const [event] = await opened.receive({ timeout: SOON });
  assert("object" in event && event.object === "link");
  assertEquals(event.data.name, "next0");
  await endsPendingNext(() => monitor(options));
});

Deno.test("return(): of two loops over one socket the other goes on", async () => {
  await using socket = udp();
  const [one, two] = [socket.datagrams(), socket.datagrams()];
  const ended = one.next();
  const pending = two.next();
  await within(SOON, one.return());
  assertEquals(await within(SOON, ended), DONE);
  await socket.send("two", socket.address);
  const { value } = await within(SOON, pending);
  assertEquals(text(value!), "two");
  await two.return();
});

Deno.test("return(): leaves the datagrams that a loop was not given", async () => {
  await using socket = udp();
  for (let n = 0; n < 10; n++) await socket.send(`${n}`, socket.address);
  const loop = socket.datagrams();
  const taken = [text((await loop.next()).value!)];
  const waiting = socket.receive({ timeout: SOON });
  await loop.return();
  taken.push(text(await waiting));
  while (taken.length < 10) {
    taken.push(text(await socket.receive({ timeout: SOON })));
  }
  assertEquals(taken.join(""), "0123456789");
});

/** Streams that never have anything, by what they are made of. */
async function pipesEnd(
  iterable: AsyncIterable<unknown>,
): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const reason = new Error("enough");
  const piped = ReadableStream.from(iterable)
    .pipeTo(new WritableStream(), { signal });
  await new Promise((resolve) => setTimeout(resolve, 10));
  controller.abort(reason);
  const error = await assertRejects(() => within(SOON, piped));
  assertStrictEquals(error, reason);
}

Deno.test("streams: pipeTo() of a socket, a device and a monitor ends with its signal", async () => {
  await using lab = await TunLab.open();
  await using socket = udp();
  await using opened = await Monitor.open({ namespace: lab.host.name });
  await pipesEnd(socket);
  await pipesEnd(lab.tun);
  await pipesEnd(lab.tun.batches());
  await pipesEnd(opened);
});

Deno.test("streams: cancelling one of a socket ends a pending read", async () => {
  await using socket = udp();
  const reader = ReadableStream.from(socket).getReader();
  const pending = reader.read();
  await within(SOON, reader.cancel());
  assertEquals((await within(SOON, pending)).done, true);
});

/** Every iterator that takes a signal. */
const WITH_SIGNAL: Record<
  string,
  (
    the: { socket: UdpSocket; tun: Tun; namespace: string },
    signal: AbortSignal,
  ) => AsyncIterator<unknown, unknown, void>
> = {
  "datagrams()": ({ socket }, signal) => socket.datagrams({ signal }),
  "errors()": ({ socket }, signal) => socket.errors({ signal }),
  "packets()": ({ tun }, signal) => tun.packets({ signal }),
  "batches()": ({ tun }, signal) => tun.batches({ signal }),
  "monitor()": ({ namespace }, signal) =>
    monitor({ namespace, objects: ["link"] }, { signal }),
};

for (const [name, begin] of Object.entries(WITH_SIGNAL)) {
  Deno.test(`signal: ${name} throws its reason, then is done`, async () => {
    await using lab = await TunLab.open();
    await using socket = udp();
    const the = { socket, tun: lab.tun, namespace: lab.host.name };
    const reason = new Error("enough");
    for (const asleep of [false, true]) {
      const controller = new AbortController();
      const iterator = begin(the, controller.signal);
      const pending = iterator.next();
      if (asleep) await new Promise((resolve) => setTimeout(resolve, 10));
      controller.abort(reason);
      const error = await assertRejects(() => within(SOON, pending));
      assertStrictEquals(error, reason);
      assertEquals(await within(SOON, iterator.next()), DONE);
    }
    const aborted = begin(the, AbortSignal.abort(reason));
    const error = await assertRejects(() => within(SOON, aborted.next()));
    assertStrictEquals(error, reason);
  });
}
