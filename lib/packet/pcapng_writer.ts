import {
  type PcapngDirection,
  PcapngEncoder,
  type PcapngInterface,
  type PcapngSection,
  type PcapngStatistics,
} from "./pcapng.ts";

/** Where a capture goes: a `Deno.FsFile` or anything with its `write`. */
export interface ByteSink {
  /** Writes some of the bytes and returns how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Writes a pcapng capture into a file or a stream. Packets are gathered until
 * {@link PcapngWriter.flush}; packets may be added while it writes. The file or
 * stream stays open, it is the caller's.
 *
 * Source: draft-ietf-opsawg-pcapng.
 *
 * @example
 * ```ts
 * import { PcapngWriter } from "@netplumb/netplumb";
 *
 * const path = await Deno.makeTempFile({ suffix: ".pcapng" });
 * using file = await Deno.open(path, { write: true });
 * const writer = new PcapngWriter(file);
 * const tun0 = writer.addInterface({ linkType: "ip", name: "tun0" });
 * writer.addPacket(tun0, 1700000000, 0, new Uint8Array(20));
 * await writer.flush();
 * await Deno.remove(path);
 * ```
 */
export class PcapngWriter {
  readonly #encoder: PcapngEncoder;
  readonly #write: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>;
  #spare: Uint8Array<ArrayBuffer> | undefined;
  #writing: Promise<void> = Promise.resolve();

  /**
   * Starts a capture.
   *
   * @param sink Where the capture goes.
   * @param section Metadata of the section.
   */
  constructor(
    sink: ByteSink | WritableStream<Uint8Array>,
    section: PcapngSection = {},
  ) {
    this.#encoder = new PcapngEncoder(section);
    this.#write = sink instanceof WritableStream
      ? (bytes) => writeToStream(sink, bytes)
      : (bytes) => writeAll(sink, bytes);
  }

  /** Bytes gathered and not yet written. */
  get pending(): number {
    return this.#encoder.length;
  }

  /**
   * Describes an interface; packets refer to it.
   *
   * @returns Its number, from 0 on.
   */
  addInterface(description: PcapngInterface): number {
    return this.#encoder.addInterface(description);
  }

  /**
   * Adds a packet, cut to the interface's snap length.
   *
   * @param interfaceId The number of its interface.
   * @param seconds Since 1970-01-01 UTC.
   * @param nanoseconds 0 to 999,999,999.
   * @param packet The captured bytes.
   * @param direction Which way it went, if known.
   * @param originalLength How long it was, in bytes, if it was cut before.
   * @throws {ArgumentError} if the interface does not exist or a number is out of range.
   */
  addPacket(
    interfaceId: number,
    seconds: number,
    nanoseconds: number,
    packet: Uint8Array,
    direction?: PcapngDirection,
    originalLength?: number,
  ): void {
    this.#encoder.addPacket(
      interfaceId,
      seconds,
      nanoseconds,
      packet,
      direction,
      originalLength,
    );
  }

  /**
   * Adds an interface's counters, usually once at the end.
   *
   * @param interfaceId The number of the interface.
   * @param seconds The time of the counters since 1970-01-01 UTC.
   * @param nanoseconds 0 to 999,999,999.
   * @param statistics The counters.
   * @throws {ArgumentError} if the interface does not exist or a number is out of range.
   */
  addStatistics(
    interfaceId: number,
    seconds: number,
    nanoseconds: number,
    statistics: PcapngStatistics,
  ): void {
    this.#encoder.addStatistics(
      interfaceId,
      seconds,
      nanoseconds,
      statistics,
    );
  }

  /**
   * Writes what was gathered.
   *
   * @returns When all of it is written; rejects with the error of the sink.
   */
  flush(): Promise<void> {
    const written = this.#writing.then(async () => {
      if (this.#encoder.length === 0) return;
      const bytes = this.#encoder.take(this.#spare);
      this.#spare = undefined;
      await this.#write(bytes);
      this.#spare = bytes;
    });
    // A failure is this flush's, the next one writes what came after.
    this.#writing = written.catch(() => {});
    return written;
  }
}

async function writeAll(sink: ByteSink, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const count = await sink.write(bytes.subarray(at));
    // A sink that accepts nothing would make this loop endless.
    if (!(count > 0)) {
      throw new Error(`the capture's sink took ${at} of ${bytes.length} bytes`);
    }
    at += count;
  }
}

async function writeToStream(
  stream: WritableStream<Uint8Array>,
  bytes: Uint8Array,
): Promise<void> {
  const writer = stream.getWriter();
  try {
    await writer.ready;
    // A stream may keep what it is given, and the buffer is used again.
    await writer.write(bytes.slice());
  } finally {
    writer.releaseLock();
  }
}
