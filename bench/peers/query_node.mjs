// Node's dgram with a socket for each query. Each line of stdin says how many
// queries; the answer is how long they took.
//
//   query_node.mjs PORT CONCURRENT

import { createSocket } from "node:dgram";
import { createInterface } from "node:readline";

const [port, concurrent] = process.argv.slice(2).map(Number);
const data = new Uint8Array(64);

function query() {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.on("error", reject);
    socket.on("message", () => socket.close(resolve));
    socket.bind(0, () => socket.send(data, port, "127.0.0.1"));
  });
}

async function queries(count) {
  let left = count;
  const one = async () => {
    while (left-- > 0) await query();
  };
  await Promise.all(Array.from({ length: concurrent }, one));
}

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const begin = performance.now();
  await queries(Number(line));
  const seconds = (performance.now() - begin) / 1e3;
  console.log(JSON.stringify({ seconds }));
}
