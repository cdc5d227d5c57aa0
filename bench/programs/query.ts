// A UdpSocket for each query: bind, send, receive, close. Each line of stdin is
// the number of queries; the reply is the time.
//
//   query.ts PORT CONCURRENT

import { lines } from "../harness/lines.ts";
import { library } from "./library.ts";

const { UdpSocket } = library;
const [port, concurrent] = Deno.args.map(Number);
const server = { address: "127.0.0.1", port };
const data = new Uint8Array(64);

async function query(): Promise<void> {
  await using socket = UdpSocket.bind({ family: "ipv4" });
  await socket.send(data, server);
  await socket.receive();
}

async function queries(count: number): Promise<void> {
  let left = count;
  const one = async () => {
    while (left-- > 0) await query();
  };
  await Promise.all(Array.from({ length: concurrent }, one));
}

console.log("ready");
for await (const line of lines(Deno.stdin.readable)) {
  const begin = performance.now();
  await queries(Number(line));
  const seconds = (performance.now() - begin) / 1e3;
  console.log(JSON.stringify({ seconds }));
}
