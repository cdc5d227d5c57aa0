// Peers that only send back what they are sent. Two echo servers that a forged
// datagram pointed at each other look like a client with much to ask; but a
// client does not know a datagram that was made up here, and an echo returns it.

import type { ReceiveBatch } from "../../lib/udp/receive_batch.ts";

/** Datagrams from one look at who sends them to the next. */
const STRIDE = 64;
/** Looks in a row, nearly, that find one peer before it is probed. */
const LOOKS = 32;
/** Milliseconds that these may take: slower than 1,000 a second is no harm. */
const PERIOD = 2000;
/** Milliseconds from a peer's first probe to its next; then twice as long. */
const PAUSE = 2000;
/** Milliseconds for which a probe may be under way. */
const RETURN = 5000;
/** Milliseconds for which an echo is left alone. */
const SILENCE = 600_000;
/** Peers that are looked after at once, of each sort. */
const PEERS = 64;
/** Bytes of a probe; nobody guesses them. */
export const PROBE_LENGTH = 24;

/** Words of a sockaddr_in6, the longest there is. */
const NAME_WORDS = 7;

/** A peer that sends much, or nothing of its own. */
interface Peer {
  readonly name: Int32Array;
  looks: number;
  since: number;
  probe: Uint8Array<ArrayBuffer> | undefined;
  probed: number;
  notBefore: number;
  pause: number;
}

/** Finds those who echo among those who ask much, at next to no cost. */
export class LoopGuard {
  /** Since the last look. */
  #datagrams = 0;
  /** Frequent peers, each at the place its port gives it. */
  readonly #frequent = new Array<Peer | undefined>(PEERS);
  /** Those who were sent a probe. */
  #probed: Peer[] = [];
  /** Those who sent it back, and until when they are left alone. */
  #echoing: { readonly name: Int32Array; readonly until: number }[] = [];

  /**
   * Looks at a batch now and then.
   *
   * @returns What to send to the peer of its first datagram, besides the answer.
   */
  look(received: ReceiveBatch): Uint8Array | undefined {
    this.#datagrams += received.count;
    if (this.#datagrams < STRIDE) return undefined;
    this.#datagrams = 0;
    // The time of day may jump.
    const now = performance.now();
    if (this.#active) {
      this.#probed = this.#probed.filter(({ probed }) => probed + RETURN > now);
      this.#echoing = this.#echoing.filter(({ until }) => until > now);
    }
    const peer = this.#find(received, now);
    if (peer === undefined || ++peer.looks < LOOKS) return undefined;
    const quick = now - peer.since <= PERIOD;
    peer.looks = 0;
    peer.since = now;
    if (!quick || now < peer.notBefore) return undefined;
    peer.notBefore = now + peer.pause;
    peer.pause *= 2;
    peer.probed = now;
    peer.probe = crypto.getRandomValues(new Uint8Array(PROBE_LENGTH));
    this.#probed = [...this.#probed.filter((one) => one !== peer), peer]
      .slice(-PEERS);
    return peer.probe;
  }

  /** Whether a received datagram comes from a peer that echoes. */
  refuses(received: ReceiveBatch, slot: number): boolean {
    if (!this.#active) return false;
    if (this.#probed.length > 0) this.#recognise(received, slot);
    return this.#echoing.some(({ name }) => isFrom(received, slot, name));
  }

  get #active(): boolean {
    return this.#probed.length > 0 || this.#echoing.length > 0;
  }

  /** The record of the peer of the first datagram, which is sampled. */
  #find(received: ReceiveBatch, now: number): Peer | undefined {
    const place = received.peerPort(0) % PEERS;
    const there = this.#frequent[place];
    if (there !== undefined && isFrom(received, 0, there.name)) return there;
    // Another with the same place has to be seen as often to have it.
    if (there !== undefined && there.looks-- > 0) return undefined;
    const peer: Peer = {
      name: nameOf(received, 0),
      looks: 0,
      since: now,
      probe: undefined,
      probed: 0,
      notBefore: 0,
      pause: PAUSE,
    };
    return this.#frequent[place] = peer;
  }

  /** Takes note of a probe that came back. */
  #recognise(received: ReceiveBatch, slot: number): void {
    const length = received.length(slot);
    // In a train it may be the last, which alone may be shorter.
    const segment = received.segmentSize(slot) || length;
    const last = length % segment || segment;
    if (last !== PROBE_LENGTH) return;
    const data = received.data(slot).subarray(length - PROBE_LENGTH);
    const peer = this.#probed.find(({ name, probe }) =>
      probe!.every((byte, at) => byte === data[at]) &&
      isFrom(received, slot, name)
    );
    if (peer === undefined) return;
    this.#probed = this.#probed.filter((one) => one !== peer);
    const until = performance.now() + SILENCE;
    this.#echoing = [...this.#echoing, { name: peer.name, until }]
      .slice(-PEERS);
  }
}

/** The sockaddr of a slot, with zeroes behind one of IPv4. */
function nameOf(received: ReceiveBatch, slot: number): Int32Array {
  const at = received.vector.nameAt(slot) >> 2;
  const words = received.vector.nameLength(slot) >> 2;
  const name = new Int32Array(NAME_WORDS);
  name.set(received.vector.words.subarray(at, at + words));
  return name;
}

function isFrom(
  received: ReceiveBatch,
  slot: number,
  name: Int32Array,
): boolean {
  const at = received.vector.nameAt(slot) >> 2;
  const words = received.vector.nameLength(slot) >> 2;
  for (let word = 0; word < words; word++) {
    if (received.vector.words[at + word] !== name[word]) return false;
  }
  return true;
}
