// Hook for encryption: processes the packets of a batch before they are sent,
// and datagrams after they are received.

import { createCipheriv, createDecipheriv } from "node:crypto";

/** Encrypts and authenticates batches of packets. */
export interface Sealer {
  /** The overhead of a packet, in bytes. */
  readonly overhead: number;
  /** Returns a datagram for each packet. */
  seal(packets: readonly Uint8Array[]): Uint8Array[] | Promise<Uint8Array[]>;
  /** Returns the packets of datagrams that are neither forged nor replayed. */
  open(datagrams: readonly Uint8Array[]): Uint8Array[] | Promise<Uint8Array[]>;
}

const ALGORITHM = "aes-256-gcm";
const NONCE = 12;
const TAG = 16;
/** The size of the replay window, as in WireGuard. */
const WINDOW = 8192;
const MOST_DATAGRAMS = 0xffff_ffff;

/**
 * AES-256-GCM with node:crypto. WebCrypto fits the hook as well (`seal` and
 * `open` may return promises), but takes twice the processor time for packets of
 * 1400 bytes: each is a job for another thread. Each datagram is a nonce, the
 * encrypted packet and a tag. The nonce is the start time of the sender, random
 * bits, its role, and a counter.
 *
 * Both ends use the same key permanently: without a handshake there is no
 * forward secrecy, and a receiver that restarts accepts old datagrams until the
 * first new one.
 */
export class AesGcm implements Sealer {
  readonly overhead = NONCE + TAG;
  readonly #key: Uint8Array;
  /**
   * The last bit of the prefix: a datagram cannot be reflected to its sender.
   */
  readonly #role: bigint;
  #prefix: bigint;
  #counter = 0;
  #peer = 0n;
  #highest = -1;
  readonly #seen = new Uint32Array(WINDOW / 32);

  /**
   * Reads a key.
   *
   * @param hex 64 hexadecimal digits: `openssl rand -hex 32`.
   * @param connects Whether this end has `--peer`.
   */
  constructor(hex: string, connects: boolean) {
    this.#key = Uint8Array.fromHex(hex.trim());
    if (this.#key.length !== 32) {
      throw new Error("a key is 64 hexadecimal digits");
    }
    this.#role = connects ? 1n : 0n;
    this.#prefix = newPrefix(this.#role);
  }

  seal(packets: readonly Uint8Array[]): Uint8Array[] {
    return packets.map((packet) => this.#seal(packet));
  }

  #seal(packet: Uint8Array): Uint8Array {
    if (this.#counter > MOST_DATAGRAMS) {
      this.#prefix = newPrefix(this.#role);
      this.#counter = 0;
    }
    const end = NONCE + packet.length;
    const datagram = new Uint8Array(end + TAG);
    const view = new DataView(datagram.buffer);
    view.setBigUint64(0, this.#prefix);
    view.setUint32(8, this.#counter++);
    const nonce = datagram.subarray(0, NONCE);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce);
    datagram.set(cipher.update(packet), NONCE);
    cipher.final();
    datagram.set(cipher.getAuthTag(), end);
    return datagram;
  }

  open(datagrams: readonly Uint8Array[]): Uint8Array[] {
    const packets: Uint8Array[] = [];
    for (const datagram of datagrams) {
      const packet = this.#open(datagram);
      if (packet !== undefined) packets.push(packet);
    }
    return packets;
  }

  #open(datagram: Uint8Array): Uint8Array | undefined {
    const end = datagram.length - TAG;
    if (end < NONCE) return undefined;
    const nonce = datagram.slice(0, NONCE);
    try {
      const decipher = createDecipheriv(ALGORITHM, this.#key, nonce);
      decipher.setAuthTag(datagram.subarray(end));
      const packet = decipher.update(datagram.subarray(NONCE, end));
      // It throws for a wrong tag.
      decipher.final();
      return this.#isNew(nonce) ? packet : undefined;
    } catch {
      return undefined;
    }
  }

  /** Whether a nonce is new; adds it to the replay window. */
  #isNew(iv: Uint8Array<ArrayBuffer>): boolean {
    const view = new DataView(iv.buffer);
    const prefix = view.getBigUint64(0);
    const counter = view.getUint32(8);
    if (prefix < this.#peer || (prefix & 1n) === this.#role) return false;
    if (prefix > this.#peer) {
      this.#peer = prefix;
      this.#highest = -1;
    }
    if (counter > this.#highest) {
      const first = Math.max(this.#highest + 1, counter - WINDOW + 1);
      for (let one = first; one <= counter; one++) this.#mark(one, false);
      this.#highest = counter;
    } else if (
      counter <= this.#highest - WINDOW || this.#isMarked(counter)
    ) return false;
    this.#mark(counter, true);
    return true;
  }

  #isMarked(counter: number): boolean {
    const bit = counter % WINDOW;
    return (this.#seen[bit >>> 5]! >>> (bit & 31) & 1) !== 0;
  }

  #mark(counter: number, seen: boolean): void {
    const bit = counter % WINDOW;
    if (seen) this.#seen[bit >>> 5]! |= 1 << (bit & 31);
    else this.#seen[bit >>> 5]! &= ~(1 << (bit & 31));
  }
}

/** Later starts have larger nonces: milliseconds, 15 random bits, the role. */
function newPrefix(role: bigint): bigint {
  const [random] = crypto.getRandomValues(new Uint16Array(1));
  return BigInt(Date.now()) << 16n | BigInt(random! & 0xfffe) | role;
}
