// A DNS server for a few names on a multihomed host: it replies from the
// destination address of the query.
//
//   deno run -A examples/dns_responder.ts --port 5353 www.example=192.0.2.80
//   dig @127.0.0.2 -p 5353 www.example

import { UdpSocket } from "@netplumb/netplumb";
import { parseArgs } from "@std/cli/parse-args";

const args = parseArgs(Deno.args, { string: ["port"] });
const table = new Map<string, Uint8Array[]>();
for (const record of args._) {
  const [name, addresses] = String(record).split("=");
  const all = (addresses ?? "").split(",").map((one) =>
    Uint8Array.from(one.split("."), Number)
  );
  if (all.some(({ length }) => length !== 4)) {
    throw new Error(`${record}: not NAME=IPv4-ADDRESS[,IPv4-ADDRESS...]`);
  }
  table.set(name.toLowerCase(), all);
}

const TYPE_A = 1, TYPE_OPT = 41, CLASS_IN = 1;
const NAME_ERROR = 3, NOT_IMPLEMENTED = 4;
/** Maximum size of a reply in bytes: without EDNS, and with it (RFC 6891). */
const PLAIN = 512, LARGEST = 4096;

/**
 * RFC 1035, section 4: the question section of a query, if it has one entry.
 */
function parse(query: Uint8Array) {
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
  const end = at + 5;
  const edns = query.length >= end + 11 && query[end] === 0 &&
    view.getUint16(end + 1) === TYPE_OPT;
  return {
    name: labels.join(".").toLowerCase(),
    type: view.getUint16(at + 1),
    class: view.getUint16(at + 3),
    end,
    edns,
    // The maximum size that the client receives unfragmented.
    most: edns
      ? Math.min(Math.max(view.getUint16(end + 3), PLAIN), LARGEST)
      : PLAIN,
  };
}

/** The reply to a query; undefined for an invalid one. */
function replyTo(query: Uint8Array): Uint8Array | undefined {
  const entry = parse(query);
  // A response gets no reply: two servers would reply to each other forever.
  if (!entry || query[2] & 0x80) return;
  const addresses = table.get(entry.name);
  const error = query[2] & 0x78 ? NOT_IMPLEMENTED : addresses ? 0 : NAME_ERROR;
  const match = entry.type === TYPE_A && entry.class === CLASS_IN;
  const opt = entry.edns
    ? [0, 0, TYPE_OPT, LARGEST >> 8, 0, 0, 0, 0, 0, 0, 0]
    : [];
  // The name of the question section, A, IN, a minute, four bytes.
  const records = (match && addresses || []).map((
    address,
  ) => [0xc0, 12, 0, TYPE_A, 0, CLASS_IN, 0, 0, 0, 60, 0, 4, ...address]);
  const truncated = entry.end + 16 * records.length + opt.length > entry.most;
  const sections = truncated ? [opt] : [...records, opt];
  const reply = Uint8Array.from(
    [...query.subarray(0, entry.end), ...sections.flat()],
  );
  reply[2] = query[2] & 0x79 | 0x84 | (truncated ? 2 : 0); // authoritative response
  reply[3] = error;
  const count = truncated ? 0 : records.length;
  reply.set([0, 1, count >> 8, count & 255, 0, 0, 0, entry.edns ? 1 : 0], 4);
  return reply;
}

await using socket = UdpSocket.bind({
  port: Number(args.port ?? 53),
  // A forged ICMP message must not cause fragmentation.
  pathMtuDiscovery: "omit",
});
Deno.addSignalListener("SIGINT", () => socket.close());
console.log(`answering for ${table.size} names on port ${socket.address.port}`);
const reported = new Set<string>();
for await (const query of socket) {
  const reply = replyTo(query.data);
  if (!reply) continue;
  console.log(
    `${query.peer.address} queries ${query.local?.address}:`,
    JSON.stringify(parse(query.data)!.name),
  );
  // An error of one client, for example a forged one, is reported once for each
  // kind and does not end the service.
  await socket.reply(query, reply).catch(({ code, message }) => {
    if (!reported.has(code)) console.error(message);
    reported.add(code);
  });
}
