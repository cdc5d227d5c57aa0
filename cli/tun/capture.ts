// Packets into a pcapng file, or to stdout for another program.

import type { LinkType } from "../../lib/packet/decode.ts";
import type { PcapngStatistics } from "../../lib/packet/pcapng.ts";
import { type ByteSink, PcapngWriter } from "../../lib/packet/pcapng_writer.ts";
import { realTime, type Timestamp } from "../../lib/clock.ts";
import { createFile } from "../create_file.ts";
import type { Direction, Sink } from "./sink.ts";

/** A capture of one interface. */
export class Capture implements Sink, AsyncDisposable {
  readonly #file: Disposable | undefined;
  readonly #writer: PcapngWriter;
  readonly #interface: number;
  readonly #start = realTime();
  #packets = 0;

  /** A capture in a new file. */
  static async toFile(
    path: string,
    name: string,
    linkType: LinkType,
  ): Promise<Capture> {
    const file = await createFile(path, "--write");
    return new Capture(file, name, linkType, file);
  }

  /**
   * Starts a capture.
   *
   * @param sink Where it goes.
   * @param file What to close at its end.
   */
  constructor(
    sink: ByteSink,
    name: string,
    linkType: LinkType,
    file?: Disposable,
  ) {
    this.#file = file;
    this.#writer = new PcapngWriter(sink, {
      os: `Linux ${Deno.osRelease()}`,
      hardware: Deno.build.arch,
      application: "netplumb",
    });
    this.#interface = this.#writer.addInterface({ linkType, name });
  }

  packet(packet: Uint8Array, direction: Direction, time: Timestamp): void {
    this.#packets++;
    const { seconds, nanoseconds } = time;
    this.#writer.addPacket(
      this.#interface,
      seconds,
      nanoseconds,
      packet,
      direction,
    );
  }

  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /** Adds what is known at the end. */
  finish(dropped: number | undefined): Promise<void> {
    const end = realTime();
    const statistics: PcapngStatistics = {
      start: this.#start,
      end,
      received: this.#packets,
      dropped,
    };
    this.#writer.addStatistics(
      this.#interface,
      end.seconds,
      end.nanoseconds,
      statistics,
    );
    return this.#writer.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#writer.flush();
    } finally {
      this.#file?.[Symbol.dispose]();
    }
  }
}
