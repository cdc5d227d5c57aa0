// Memory handed to the kernel outlives every garbage collection until it is
// done: with gc() between all steps no byte of any datagram is lost.

import { assertEquals } from "@std/assert";
import { scriptLines } from "../../support/script.ts";
import { SLOWNESS } from "../../support/timing.ts";

const TIMEOUT = 5000 * SLOWNESS;

const PREAMBLE = `
  import { ReceiveBatch, SendBatch, UdpSocket } from "lib:udp/mod.ts";
  // Collects, and writes over what became free.
  const collect = () => {
    globalThis.gc();
    for (let n = 0; n < 20; n++) new Uint8Array(1000 * (n + 1)).fill(0xee);
  };
  // Bytes that only this datagram has.
  const fill = (n, length) =>
    Uint8Array.from({ length }, (_, at) => (n * 31 + at * 7) & 0xff);
  const check = (n, data, length) => {
    const expected = fill(n, length);
    if (data.length !== length || data.some((b, at) => b !== expected[at])) {
      throw new Error("datagram " + n + " is broken: " + data.slice(0, 8));
    }
  };
  const options = { address: "127.0.0.1", receiveBuffer: 2 ** 21 };
  const server = UdpSocket.bind(options);
  const client = UdpSocket.bind(options);`;

async function survives(body: string): Promise<void> {
  const lines = await scriptLines(
    `${PREAMBLE}
    ${body}
    await server.close();
    await client.close();
    console.log("whole");`,
    { v8: ["--expose-gc"], limit: 60 },
  );
  assertEquals(lines, ["whole"]);
}

Deno.test("collection: while waits are pending, between all calls", async () => {
  await survives(`
    let stop = false;
    const collecting = (async () => {
      while (!stop) {
        collect();
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    })();
    for (let n = 0; n < 150; n++) {
      const question = server.receive({ timeout: ${TIMEOUT} });
      collect();
      await client.send(fill(n, 1 + 9 * n), server.address);
      const queried = await question;
      collect();
      check(n, queried.data, 1 + 9 * n);
      if (queried.local.address !== "127.0.0.1") throw new Error("packet info");
      const answer = client.receive({ timeout: ${TIMEOUT} });
      await server.reply(queried, queried.data);
      const { data, peer } = await answer;
      check(n, data, 1 + 9 * n);
      if (peer.port !== server.address.port) throw new Error("peer");
    }
    stop = true;
    await collecting;`);
});

Deno.test("collection: answers outlive the batches they answer", async () => {
  await survives(`
    const answers = new SendBatch(64, 0);
    // Each answered batch is forgotten by everybody but the answers.
    const answerOne = async () => {
      const received = new ReceiveBatch({ size: 1, bufferSize: 3000 });
      await server.receiveMany(received, { timeout: ${TIMEOUT} });
      answers.reply(received, 0);
    };
    for (let round = 0; round < 4; round++) {
      for (let n = 0; n < 64; n++) {
        await client.send(fill(n + round, 2000 + n), server.address);
        await answerOne();
        if (n % 8 === 0) collect();
      }
      collect();
      const { sent, failures } = await server.sendMany(answers);
      if (sent !== 64) throw new Error(sent + " sent, " + failures[0].error);
      for (let n = 0; n < 64; n++) {
        check(n + round, (await client.receive({ timeout: ${TIMEOUT} })).data, 2000 + n);
      }
    }`);
});

Deno.test("collection: hundreds of pending waits, each on a socket of its own", async () => {
  await survives(`
    const sockets = Array.from(
      { length: 300 },
      () => UdpSocket.bind({ address: "127.0.0.1" }),
    );
    for (let round = 0; round < 3; round++) {
      const waiting = sockets.map((it) => it.receive({ timeout: ${TIMEOUT} }));
      for (let n = 0; n < sockets.length; n++) {
        await client.send(fill(n, 100 + n), sockets[n].address);
        if (n % 20 === 0) {
          collect();
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
      }
      collect();
      const heard = await Promise.all(waiting);
      heard.forEach(({ data }, n) => check(n, data, 100 + n));
    }
    for (const socket of sockets) await socket.close();`);
});
