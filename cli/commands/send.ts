// netplumb send: asks a UDP service and sees from where the answer comes.

import { lookup } from "node:dns/promises";
import {
  formatAddress,
  isMapped,
  parseAddress,
  tryParseAddress,
} from "../../lib/net/ip_address.ts";
import { TimeoutError } from "../../lib/errors.ts";
import { interfaceIndex } from "../../lib/net/interface_index.ts";
import type { Datagram } from "../../lib/udp/datagram.ts";
import { type Endpoint, formatEndpoint } from "../../lib/socket/sockaddr.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import {
  address,
  count,
  duration,
  host,
  interfaceName,
  remotePort,
  word,
} from "../arguments.ts";
import { subcommand } from "../command.ts";
import { Exit } from "../failure.ts";
import { log } from "../log.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { perform } from "../perform.ts";

export const send = subcommand(
  "Exits with 1 when an answer is missing, or comes from another address or " +
    "port than the one asked: the mark of a service on a host with many " +
    "addresses that leaves the choice of the source to the routes.",
)
  .type("port", remotePort)
  .type("address", address)
  .type("interface", interfaceName)
  .type("count", count)
  .type("duration", duration)
  .type("host", host)
  .type("text", word)
  .arguments("<host:host> <port:port> [text:text]", [
    "Address or name to ask.",
    "Port to ask.",
    'What to send; "netplumb" if nothing is given.',
  ])
  .group("From where")
  .option("--source <address:address>", "Local address to ask from.", {
    defaultText: "as the routes say",
  })
  .option("--interface <if:interface>", "Interface to ask through.", {
    defaultText: "as the routes say",
  })
  .option(
    "--connect",
    "Connect the socket: refusals by ICMP fail at once, strangers go unheard.",
  )
  .group("How often")
  .option("--count <n:count>", "How many datagrams, one after the other.", {
    default: 1,
  })
  .option("--timeout <time:duration>", "How long to wait for each answer.", {
    default: 1000,
    defaultText: "1s",
  })
  .example("Ask once", "netplumb send 192.0.2.2 8888 hello")
  .example(
    "Measure round trips from a certain address",
    "netplumb send 192.0.2.2 8888 --source 192.0.2.1 --count 10",
  )
  .action((options, host, port, text = "netplumb") =>
    perform(options, async ({ output, signal }) => {
      const to = await resolve(host, port);
      await using socket = UdpSocket.bind({
        // Written mapped, it is asked through an IPv6 socket.
        family: to.mapped ? "dual" : to.ipv4 ? "ipv4" : "ipv6",
        address: options.source,
        packetInfo: false,
      });
      if (options.connect) socket.connect(to.endpoint);
      const tally = new Tally(formatEndpoint(to.endpoint));
      const message = {
        data: new TextEncoder().encode(text),
        to: options.connect ? undefined : to.endpoint,
        ...(options.interface === undefined
          ? {}
          : { interface: interfaceIndex(options.interface) }),
      };
      for (let sequence = 1; sequence <= options.count; sequence++) {
        const started = performance.now();
        const { failures } = await socket.sendMany([message], { signal });
        if (failures.length > 0) throw failures[0].error;
        try {
          const { timeout } = options;
          const answer = await socket.receive({ signal, timeout });
          const milliseconds = performance.now() - started;
          tally.answered(output, sequence, answer, milliseconds, to.endpoint);
        } catch (error) {
          if (!(error instanceof TimeoutError)) throw error;
          tally.unanswered(output, sequence, options.timeout);
        }
      }
      tally.summary(output);
      if (!tally.right) Deno.exitCode = Exit.refused;
    })
  );

async function resolve(host: string, port: number) {
  const literal = tryParseAddress(host);
  const { address, zone } = literal ??
    parseAddress((await byName(host)).address);
  const mapped = address.length === 16 && isMapped(address);
  const endpoint: Endpoint = {
    address: formatAddress(mapped ? address.slice(12) : address),
    port,
    ...(zone === undefined ? {} : { scope: interfaceIndex(zone) }),
  };
  return { endpoint, mapped, ipv4: mapped || address.length === 4 };
}

async function byName(host: string): Promise<{ address: string }> {
  try {
    return await lookup(host);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : error;
    throw new Error(
      `${printable(host)}: no address is known by that name (${code})`,
    );
  }
}

/** What came of the questions so far. */
class Tally {
  #sent = 0;
  #answered = 0;
  #elsewhere = 0;
  readonly #times: number[] = [];
  readonly #decoder = new TextDecoder();

  constructor(readonly whom: string) {}

  get right(): boolean {
    return this.#answered === this.#sent && this.#elsewhere === 0;
  }

  answered(
    output: Output,
    sequence: number,
    { data, peer }: Datagram,
    milliseconds: number,
    to: Endpoint,
  ): void {
    this.#sent++;
    this.#answered++;
    this.#times.push(milliseconds);
    const expected = peer.address === to.address && peer.port === to.port;
    if (!expected) this.#elsewhere++;
    output.event(
      {
        event: "answer",
        sequence,
        bytes: data.length,
        peer,
        expected,
        milliseconds: Number(milliseconds.toFixed(3)),
        text: this.#decoder.decode(data),
      },
      ({ bytes, text, milliseconds }) =>
        `${bytes} bytes from ${formatEndpoint(peer)} in ${milliseconds} ms: ${
          printable(text)
        }`,
    );
    if (!expected) {
      log.error(
        `asked ${this.whom}, answered from ${formatEndpoint(peer)}: ` +
          "the service does not reply from the address it was asked on",
      );
    }
  }

  unanswered(output: Output, sequence: number, timeout: number): void {
    this.#sent++;
    output.event(
      { event: "timeout", sequence, milliseconds: timeout },
      () => `no answer from ${this.whom} within ${timeout} ms`,
    );
  }

  summary(output: Output): void {
    const [sent, answered, elsewhere] = [
      this.#sent,
      this.#answered,
      this.#elsewhere,
    ];
    if (output.json) {
      output.object({ event: "summary", sent, answered, elsewhere });
    } else if (sent > 1) {
      const sorted = this.#times.toSorted((a, b) => a - b);
      const median = sorted[sorted.length >> 1]?.toFixed(3) ?? "-";
      log.info(
        `${sent} sent, ${answered} answered, median round trip ${median} ms`,
      );
    }
  }
}
