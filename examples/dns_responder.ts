// A DNS server for a few names, right on a host with many addresses: every
// answer leaves from the address that was asked.
//
//   deno run -A examples/dns_responder.ts --port 5353 www.example=192.0.2.80
//   dig @127.0.0.2 -p 5353 www.example

import { UdpSocket } from "@netplumb/netplumb";
import { parseArgs } from "@std/cli/parse-args";

const args = parseArgs(Deno.args, { string: ["port"] });
const table = new Map<string, Uint8Array>();
for (const record of args._) {
  const [name, address] = String(record).split("=");
  const bytes = (address ?? "").split(".").map(Number);
  if (bytes.length !== 4) throw new Error(`${record}: not NAME=IPv4-ADDRESS`);
  table.set(name.toLowerCase(), Uint8Array.from(bytes));
}

const TYPE_A = 1, CLASS_IN = 1, NAME_ERROR = 3, NOT_IMPLEMENTED = 4;

/** RFC 1035, section 4: the question of a query, if it has exactly one. */
function question(query: Uint8Array) {
  const view = new DataView(query.buffer, query.byteOffset, query.length);
  if (query.length < 17 || view.getUint16(4) !== 1) return;
  const labels: string[] = [];
  let at = 12;
  while (query[at] > 0 && query[at] < 64) {
    const end = at + 1 + query[at];
    if (end + 5 > query.length) return;
    labels.push(new TextDecoder().decode(query.subarray(at + 1, end)));
    at = end;
  }
  return {
    name: labels.join(".").toLowerCase(),
    type: view.getUint16(at + 1),
    class: view.getUint16(at + 3),
    end: at + 5,
  };
}

/** The answer to a query, or nothing for what is none. */
function answer(query: Uint8Array): Uint8Array | undefined {
  const asked = question(query);
  // What is itself an answer is never answered: two servers would not end.
  if (!asked || query[2] & 0x80) return;
  const address = table.get(asked.name);
  const found = address && asked.type === TYPE_A && asked.class === CLASS_IN;
  const error = query[2] & 0x78 ? NOT_IMPLEMENTED : address ? 0 : NAME_ERROR;
  const reply = new Uint8Array(asked.end + (found ? 16 : 0));
  reply.set(query.subarray(0, asked.end));
  reply[2] = query[2] & 0x79 | 0x84; // an answer, with authority
  reply[3] = error;
  reply.set([0, 1, 0, found ? 1 : 0, 0, 0, 0, 0], 4);
  if (found) {
    // The name as in the question, A, IN, a minute, four bytes.
    reply.set([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address], asked.end);
  }
  return reply;
}

await using socket = UdpSocket.bind({ port: Number(args.port ?? 53) });
Deno.addSignalListener("SIGINT", () => socket.close());
console.log(`answering for ${table.size} names on port ${socket.address.port}`);
for await (const query of socket) {
  const reply = answer(query.data);
  if (!reply) continue;
  console.log(
    `${query.peer.address} asked ${query.local?.address} for`,
    JSON.stringify(question(query.data)!.name),
  );
  await socket.reply(query, reply).catch((error) =>
    console.error(error.message)
  );
}
