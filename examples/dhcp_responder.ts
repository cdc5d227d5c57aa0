// Assigns addresses on one interface, as a DHCP server does: requests and
// replies are broadcasts, and are sent through no other interface.
//
//   sudo deno run -A examples/dhcp_responder.ts --interface veth0 \
//     --server 192.0.2.1 --first 192.0.2.100 --count 50 --mask 255.255.255.0

import { parseAddress, UdpSocket } from "@netplumb/netplumb";
import { parseArgs } from "@std/cli/parse-args";

const args = parseArgs(Deno.args, {
  string: ["interface", "server", "first", "mask", "count"],
  default: { mask: "255.255.255.0", count: "100" },
});
const [server, first, mask] = [args.server, args.first, args.mask]
  .map((text) => parseAddress(text ?? "").address);

// RFC 2131 and 2132
const DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5, NAK = 6;
const MASK = 1, WANTED = 50, LEASE = 51, TYPE = 53, SERVER = 54, END = 255;
const MAGIC = "63825363";

const leases = new Map<string, Uint8Array>();
/** The address of a client, always the same; undefined if all are in use. */
function lease(client: string): Uint8Array | undefined {
  const known = leases.get(client);
  if (known || leases.size >= Number(args.count)) return known;
  const address = first.slice();
  const view = new DataView(address.buffer);
  view.setUint32(0, view.getUint32(0) + leases.size);
  leases.set(client, address);
  return address;
}

function options(message: Uint8Array): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  for (let at = 240; at + 1 < message.length && message[at] !== END;) {
    const [code, length] = message.subarray(at);
    found.set(code, message.slice(at + 2, at + 2 + length));
    at += code === 0 ? 1 : 2 + length;
  }
  return found;
}

function replyTo(request: Uint8Array): Uint8Array | undefined {
  if (request[0] !== 1 || request.slice(236, 240).toHex() !== MAGIC) return;
  const given = options(request);
  const kind = given.get(TYPE)?.[0];
  if (kind !== DISCOVER && kind !== REQUEST) return;
  const chosen = given.get(SERVER) ?? server;
  if (chosen.join() !== server.join()) return; // another server
  const client = request.slice(28, 34).toHex();
  const address = lease(client);
  if (!address) return;
  const wanted = given.get(WANTED) ?? request.slice(12, 16);
  const right = kind === DISCOVER || wanted.join() === address.join();
  const type = kind === DISCOVER ? OFFER : right ? ACK : NAK;
  const word = type === OFFER ? "offer" : right ? "ack" : "nak";
  console.log(client, word, address.join("."));
  const reply = new Uint8Array(300);
  reply.set(request.subarray(0, 240)); // with its transaction id and link-layer address
  reply[0] = 2;
  if (right) reply.set(address, 16);
  // deno-fmt-ignore
  reply.set([TYPE, 1, type, SERVER, 4, ...server, MASK, 4, ...mask,
    LEASE, 4, 0, 0, 14, 16, END], 240);
  return reply;
}

const reported = new Set<string>();
/** Reports each kind of error once, without ending the service. */
function report({ code, message }: Error & { code?: string }): void {
  if (!reported.has(code ?? message)) console.error(message);
  reported.add(code ?? message);
}

const here = { address: "0.0.0.0", port: 67, interface: args.interface };
await using socket = UdpSocket.bind({ ...here, broadcast: true });
Deno.addSignalListener("SIGINT", () => socket.close());
console.log(`giving addresses on ${args.interface}`);
// The client does not have an address yet.
const everyone = { address: "255.255.255.255", port: 68 };
for await (const { data } of socket) {
  const reply = replyTo(data);
  if (!reply) continue;
  // The server's address may be missing for a moment, or a firewall drops it.
  await socket.send(reply, everyone, { source: args.server }).catch(report);
}
