// The hook for encryption: what is done to the packets of a batch before they
// are sent, and to datagrams after they are received.

/** Encrypts and authenticates packets, a batch at a time. */
export interface Sealer {
  /** Bytes that sealing adds to a packet. */
  readonly overhead: number;
  /** Gives a datagram for each packet. */
  seal(packets: readonly Uint8Array[]): Promise<Uint8Array[]>;
  /** Gives the packet of each datagram; undefined for forged or replayed ones. */
  open(datagrams: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>;
}

const NONCE = 12;
const TAG = 16;
/** Datagrams that may be overtaken, as in WireGuard. */
const WINDOW = 8192;
const MOST_DATAGRAMS = 0xffff_ffff;

/**
 * AES-256-GCM through WebCrypto, which spreads a batch over the threads of
 * Deno's pool. Each datagram is a nonce, the encrypted packet and a tag. The
 * nonce is the sender's start time and random bits, then a counter.
 *
 * Both ends have the same key for good: without a handshake there is no forward
 * secrecy, and a receiver that restarts accepts datagrams of the past until the
 * first new one.
 */
export class AesGcm implements Sealer {
  readonly overhead = NONCE + TAG;
  readonly #key: CryptoKey;
  /** Authenticated with each datagram, so that none can be sent back. */
  readonly #sent: Uint8Array<ArrayBuffer>;
  readonly #received: Uint8Array<ArrayBuffer>;
  #prefix = newPrefix();
  #counter = 0;
  #peer = 0n;
  #highest = -1;
  readonly #seen = new Uint32Array(WINDOW / 32);

  private constructor(key: CryptoKey, connects: boolean) {
    this.#key = key;
    this.#sent = new Uint8Array([connects ? 1 : 2]);
    this.#received = new Uint8Array([connects ? 2 : 1]);
  }

  /**
   * Reads a key.
   *
   * @param hex 64 hexadecimal digits: `openssl rand -hex 32`.
   * @param connects Whether this is the end that was given `--peer`.
   */
  static async create(hex: string, connects: boolean): Promise<AesGcm> {
    const bytes = Uint8Array.fromHex(hex.trim());
    if (bytes.length !== 32) throw new Error("a key is 64 hexadecimal digits");
    const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, [
      "encrypt",
      "decrypt",
    ]);
    return new AesGcm(key, connects);
  }

  seal(packets: readonly Uint8Array[]): Promise<Uint8Array[]> {
    return Promise.all(packets.map((packet) => this.#seal(packet)));
  }

  async #seal(packet: Uint8Array): Promise<Uint8Array> {
    if (this.#counter > MOST_DATAGRAMS) {
      this.#prefix = newPrefix();
      this.#counter = 0;
    }
    const iv = new Uint8Array(NONCE);
    const view = new DataView(iv.buffer);
    view.setBigUint64(0, this.#prefix);
    view.setUint32(8, this.#counter++);
    const additionalData = this.#sent;
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv, additionalData },
      this.#key,
      packet as Uint8Array<ArrayBuffer>,
    );
    const datagram = new Uint8Array(NONCE + sealed.byteLength);
    datagram.set(iv);
    datagram.set(new Uint8Array(sealed), NONCE);
    return datagram;
  }

  open(
    datagrams: readonly Uint8Array[],
  ): Promise<(Uint8Array | undefined)[]> {
    return Promise.all(datagrams.map((datagram) => this.#open(datagram)));
  }

  async #open(datagram: Uint8Array): Promise<Uint8Array | undefined> {
    if (datagram.length < this.overhead) return undefined;
    const iv = datagram.slice(0, NONCE);
    const additionalData = this.#received;
    try {
      const packet = await crypto.subtle.decrypt(
        { name: "AES-GCM", iv, additionalData },
        this.#key,
        datagram.subarray(NONCE) as Uint8Array<ArrayBuffer>,
      );
      return this.#isNew(iv) ? new Uint8Array(packet) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Whether a nonce was not seen before; it is remembered. */
  #isNew(iv: Uint8Array<ArrayBuffer>): boolean {
    const view = new DataView(iv.buffer);
    const prefix = view.getBigUint64(0);
    const counter = view.getUint32(8);
    if (prefix < this.#peer) return false;
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

/** Later starts have larger ones: milliseconds, then 16 random bits. */
function newPrefix(): bigint {
  const [random] = crypto.getRandomValues(new Uint16Array(1));
  return BigInt(Date.now()) << 16n | BigInt(random!);
}
