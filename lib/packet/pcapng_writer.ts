import {
  type PcapngDirection,
  PcapngEncoder,
  type PcapngInterface,
  type PcapngSection,
  type PcapngStatistics,
} from "./pcapng.ts";

/**
 * The destination of a capture: a `Deno.FsFile` or any object with its `write`.
 */
export interface ByteSink {
  /** Writes some of the bytes and returns how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Writes a pcapng capture to a file or a stream. Packets are buffered until
 * {@link PcapngWriter.flush}; packets can be added while it writes. The caller
 * closes the file or stream.
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
   * @param sink The destination.
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

  /** The number of buffered bytes. */
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
   * @param originalLength Its original length in bytes, if it was truncated
   *   before.
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
   * Writes the buffered packets.
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
    // An error is thrown by this flush; the next one writes later packets.
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
    // The stream may keep the chunk, and the buffer is reused.
    await writer.write(bytes.slice());
  } finally {
    writer.releaseLock();
  }
}
