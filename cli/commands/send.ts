// netplumb send: sends UDP datagrams and checks the source of the replies.

import { lookup } from "node:dns/promises";
import {
  formatAddress,
  isMapped,
  isMulticast,
  parseAddress,
  tryParseAddress,
} from "../../lib/net/ip_address.ts";
import { SystemError } from "../../ffi/errno.ts";
import { ArgumentError, TimeoutError } from "../../lib/errors.ts";
import { interfaceIndex } from "../../lib/net/interface_index.ts";
import type { Endpoint } from "../../lib/socket/sockaddr.ts";
import type { ErrorEvent } from "../../lib/socket/error_queue.ts";
import type { Message } from "../../lib/udp/message.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import {
  address,
  count,
  duration,
  file,
  hexBytes,
  host,
  interfaceName,
  remotePort,
  wholeNumber,
  word,
} from "../arguments.ts";
import { subcommand } from "../command.ts";
import { Exit } from "../failure.ts";
import { printable } from "../output/printable.ts";
import { perform } from "../perform.ts";
import { readPayload } from "../send/payload.ts";
import { Tally } from "../send/tally.ts";

const BROADCAST = "255.255.255.255";

export const send = subcommand(
  "The exit code is 1 if a reply is missing or its source is not the address and " +
    "port of the request, as with services on multihomed hosts that do not set " +
    "the source address. A multicast or broadcast request waits for the whole " +
    "timeout and accepts replies from any address.",
)
  .type("port", remotePort)
  .type("address", address)
  .type("interface", interfaceName)
  .type("count", count)
  .type("duration", duration)
  .type("host", host)
  .type("text", word)
  .type("bytes", hexBytes)
  .type("file", file)
  .type("ttl", wholeNumber(1, 255))
  .arguments("<host:host> <port:port> [text:text]", [
    "Destination address or host name.",
    "Destination port.",
    "Text to send, or - for standard input (default: netplumb).",
  ])
  .group("Payload")
  .option(
    "--hex <bytes:bytes>",
    "Send these bytes, hexadecimal, optionally separated by spaces or colons.",
  )
  .option("--file <path:file>", "Send the content of this file.")
  .group("Source")
  .option("--source <address:address>", "Source address.")
  .option(
    "--interface <if:interface>",
    "Output interface, also for multicast and broadcast.",
  )
  .option(
    "--broadcast",
    `Send to a broadcast address; implied for ${BROADCAST}.`,
  )
  .option("--ttl <n:ttl>", "TTL and hop limit (default: 64, multicast 1).")
  .option(
    "--connect",
    "Connect the socket: datagrams of other peers are not received.",
  )
  .group("Requests")
  .option(
    "--count <n:count>",
    "Number of datagrams, sent one after the other.",
    {
      default: 1,
    },
  )
  .option("--timeout <time:duration>", "Time to wait for each reply.", {
    default: 1000,
    defaultText: "1s",
  })
  .example("Send one datagram", "netplumb send 192.0.2.2 8888 hello")
  .example(
    "Measure round trips from a source address",
    "netplumb send 192.0.2.2 8888 --source 192.0.2.1 --count 10",
  )
  .example(
    "Send a multicast DNS query for the services of a link",
    "netplumb send 224.0.0.251 5353 --interface eth0 --hex " +
      "000000000001000000000000095f7365727669636573075f646e732d7364045f756470056c6f63616c00000c0001",
  )
  .action((options, host, port, text) =>
    perform(options, async ({ output, signal }) => {
      const { hex, file } = options;
      const data = await readPayload({ text, hex, file });
      const to = await resolve(host, port);
      const broadcast = options.broadcast ?? to.endpoint.address === BROADCAST;
      const group = broadcast || to.multicast;
      if (group && options.connect) {
        throw new ArgumentError(
          "--connect",
          host,
          "possible for a multicast or broadcast address, which sends no reply",
        );
      }
      await using socket = UdpSocket.bind({
        // A mapped address needs an IPv6 socket.
        family: to.mapped ? "dual" : to.ipv4 ? "ipv4" : "ipv6",
        address: options.source,
        packetInfo: false,
        receiveErrors: true,
        broadcast,
        ttl: options.ttl,
        multicastTtl: options.ttl,
        peer: options.connect ? to.endpoint : undefined,
      });
      const message = {
        data,
        to: options.connect ? undefined : to.endpoint,
        interface: options.interface === undefined
          // The kernel ignores the zone of a group that is not link-local.
          ? to.multicast ? to.endpoint.scope : undefined
          : interfaceIndex(options.interface),
      };
      const tally = new Tally(output, to.endpoint, group);
      const exchange = new Exchange(socket, message, tally, signal);
      try {
        for (let sequence = 1; sequence <= options.count; sequence++) {
          await exchange.query(sequence, options.timeout);
        }
      } finally {
        await exchange.end();
      }
      tally.summary();
      if (!tally.complete) Deno.exitCode = Exit.refused;
    })
  );

/** Queries to one destination, one after the other. */
class Exchange {
  readonly #errors: AsyncGenerator<ErrorEvent, void, void>;
  /** The next error of the socket, for this query or a later one. */
  #nextError: Promise<ErrorEvent | void> | undefined;

  constructor(
    readonly socket: UdpSocket,
    readonly message: Message,
    readonly tally: Tally,
    readonly signal: AbortSignal,
  ) {
    this.#errors = socket.errors();
  }

  /** Sends a query and waits for the reply, or for all replies of a group. */
  async query(sequence: number, timeout: number): Promise<void> {
    const { socket, tally, signal } = this;
    const started = performance.now();
    const { failures } = await socket.sendMany([this.message], { signal });
    if (failures.length > 0) throw sendFailure(failures[0].error, tally.group);
    tally.recordQuery();
    for (let replies = 0;; replies++) {
      const left = Math.max(started + timeout - performance.now(), 0);
      const outcome = await this.#outcome(left);
      if (outcome === undefined) {
        if (replies === 0) tally.recordTimeout(sequence, timeout);
        return;
      }
      if ("origin" in outcome) return tally.recordRefusal(sequence, outcome);
      const milliseconds = performance.now() - started;
      tally.recordReply(sequence, outcome, milliseconds, replies === 0);
      if (!tally.group) return;
    }
  }

  /** A reply, an error that concerns the destination, or undefined for neither. */
  async #outcome(timeout: number) {
    const { socket, tally, signal } = this;
    const enough = new AbortController();
    const reply = socket.receive({
      signal: AbortSignal.any([signal, enough.signal]),
      timeout,
    });
    try {
      for (;;) {
        this.#nextError ??= this.#errors.next().then(({ value }) => value);
        const outcome = await Promise.race([reply, this.#nextError]);
        if (outcome === undefined) return undefined;
        if (!("origin" in outcome)) return outcome;
        this.#nextError = undefined;
        // With several receivers, one error is not the result.
        if (!tally.group && concerns(outcome, tally.to)) {
          enough.abort();
          await reply.catch(() => {});
          return outcome;
        }
      }
    } catch (error) {
      if (error instanceof TimeoutError) return undefined;
      throw error;
    }
  }

  async end(): Promise<void> {
    await this.#errors.return();
  }
}

/** The error of a send, with the option that may help. */
function sendFailure(error: Error, group: boolean): Error {
  if (!(error instanceof SystemError) || error.code !== "EACCES" || group) {
    return error;
  }
  const { syscall, errno, tried } = error;
  const advice = "Sending to a broadcast address needs --broadcast";
  return new SystemError(syscall, errno, { tried, advice });
}

/** Whether an error is about datagrams to a destination. */
function concerns({ origin, peer }: ErrorEvent, to: Endpoint): boolean {
  return origin !== "local" &&
    (peer === undefined || peer.address === to.address);
}

async function resolve(host: string, port: number) {
  const literal = tryParseAddress(host);
  const { address, zone } = literal ??
    parseAddress((await byName(host)).address);
  const mapped = address.length === 16 && isMapped(address);
  const plain = mapped ? address.slice(12) : address;
  const endpoint: Endpoint = {
    address: formatAddress(plain),
    port,
    ...(zone === undefined ? {} : { scope: interfaceIndex(zone) }),
  };
  const ipv4 = plain.length === 4;
  return { endpoint, mapped, ipv4, multicast: isMulticast(plain) };
}

async function byName(host: string): Promise<{ address: string }> {
  try {
    return await lookup(host);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : error;
    throw new Error(
      `${printable(host)}: name resolution failed (${code})`,
    );
  }
}
