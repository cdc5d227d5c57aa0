// Writes packets to pcapng files or to stdout.

import type { LinkType } from "../../lib/packet/decode.ts";
import type { PcapngStatistics } from "../../lib/packet/pcapng.ts";
import { type ByteSink, PcapngWriter } from "../../lib/packet/pcapng_writer.ts";
import { realTime, type Timestamp } from "../../lib/clock.ts";
import { CaptureFile, numberedPath } from "./capture_file.ts";
import type { Direction, Sink } from "./sink.ts";

/** The destination of a capture. */
export interface CaptureTarget {
  /** The file, or undefined for `stdout`. */
  readonly path?: string;
  /** The destination instead of a file. */
  readonly sink?: ByteSink;
  /** Bytes after which the next numbered file begins. */
  readonly rotate?: number | undefined;
  /** The number of numbered files to keep; default: all. */
  readonly keep?: number | undefined;
}

/**
 * The maximum size of the blocks around a packet: header and trailer, options
 * and padding.
 */
const OVERHEAD = 64;

/** One section: a file of the ring, the only file, or stdout. */
class Section {
  readonly writer: PcapngWriter;
  readonly interface: number;
  readonly start = realTime();
  packets = 0;
  /** Bytes that were or will be written. */
  bytes = 0;

  constructor(
    sink: ByteSink,
    name: string,
    linkType: LinkType,
    readonly file: () => CaptureFile | undefined,
  ) {
    this.writer = new PcapngWriter(sink, {
      os: `Linux ${Deno.osRelease()}`,
      hardware: Deno.build.arch,
      application: "netplumb",
    });
    this.interface = this.writer.addInterface({ linkType, name });
    this.bytes = this.writer.pending;
  }

  statistics(dropped: number | undefined): void {
    const end = realTime();
    const statistics: PcapngStatistics = {
      start: this.start,
      end,
      received: this.packets,
      dropped,
    };
    const { seconds, nanoseconds } = end;
    this.writer.addStatistics(this.interface, seconds, nanoseconds, statistics);
  }
}

/** A capture of one interface. */
export class Capture implements Sink, AsyncDisposable {
  readonly #target: CaptureTarget;
  #first: CaptureFile | undefined;
  #name = "";
  #linkType: LinkType = "ip";
  #current: Section | undefined;
  /** Sections that are complete and not written yet. */
  #full: Section[] = [];
  /** The numbered files that are kept, oldest first. */
  readonly #kept: string[] = [];
  #number = 1;
  #failure: unknown;

  private constructor(target: CaptureTarget, first: CaptureFile | undefined) {
    this.#target = target;
    this.#first = first;
  }

  /**
   * Opens the file, before there is a device to capture from.
   *
   * @throws {Error} if it cannot be created.
   */
  static async open(target: CaptureTarget): Promise<Capture> {
    const { path, rotate } = target;
    if (path === undefined) return new Capture(target, undefined);
    const first = rotate === undefined ? path : numberedPath(path, 1);
    const capture = new Capture(target, await CaptureFile.create(first));
    if (rotate !== undefined) capture.#kept.push(first);
    return capture;
  }

  /** Begins the capture of a device. */
  begin(name: string, linkType: LinkType): void {
    this.#name = name;
    this.#linkType = linkType;
    const first = this.#first;
    this.#current = new Section(
      first ?? this.#target.sink!,
      name,
      linkType,
      () => first,
    );
  }

  /** The error that ended the capture, if one did. */
  get failure(): unknown {
    return this.#failure;
  }

  packet(packet: Uint8Array, direction: Direction, time: Timestamp): void {
    if (this.#failure !== undefined || this.#current === undefined) return;
    const { rotate } = this.#target;
    if (
      rotate !== undefined && this.#current.packets > 0 &&
      this.#current.bytes + packet.length + OVERHEAD > rotate
    ) this.#startNext();
    const section = this.#current;
    const before = section.writer.pending;
    const { seconds, nanoseconds } = time;
    section.writer.addPacket(
      section.interface,
      seconds,
      nanoseconds,
      packet,
      direction,
    );
    section.packets++;
    section.bytes += section.writer.pending - before;
  }

  /** Continues in the next numbered file, which is created when it is written. */
  #startNext(): void {
    const full = this.#current!;
    full.statistics(undefined);
    this.#full.push(full);
    const path = numberedPath(this.#target.path!, ++this.#number);
    let file: CaptureFile | undefined;
    const sink: ByteSink = {
      write: async (bytes) => {
        file ??= await this.#create(path);
        return await file.write(bytes);
      },
    };
    this.#current = new Section(sink, this.#name, this.#linkType, () => file);
  }

  async #create(path: string): Promise<CaptureFile> {
    const file = await CaptureFile.create(path);
    this.#kept.push(path);
    const { keep = Infinity } = this.#target;
    while (this.#kept.length > keep) {
      await Deno.remove(this.#kept.shift()!).catch(() => {});
    }
    return file;
  }

  /**
   * Writes the captured packets. After an error it writes nothing.
   *
   * @throws {CaptureError} If a file cannot be written; only the first time.
   */
  async flush(): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      const full = this.#full;
      this.#full = [];
      for (const section of full) {
        await section.writer.flush();
        section.file()?.[Symbol.dispose]();
      }
      await this.#current?.writer.flush();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /** Adds the counters that are known at the end, and writes the rest. */
  async finish(dropped: number | undefined): Promise<void> {
    if (this.#failure !== undefined) return;
    this.#current?.statistics(dropped);
    await this.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.flush();
    } finally {
      for (const section of this.#full) section.file()?.[Symbol.dispose]();
      if (this.#current === undefined) this.#first?.[Symbol.dispose]();
      else this.#current.file()?.[Symbol.dispose]();
    }
  }
}
