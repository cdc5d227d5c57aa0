// MACsec: encrypted Ethernet over a lower link, without its associations and
// keys. Source: ip-macsec(8), IEEE 802.1AE.

import * as c from "../../../ffi/uapi/linux_if_link_kinds.ts";
import { ArgumentError } from "../../errors.ts";
import {
  type Attribute,
  attribute,
  flag,
  number,
  word,
} from "../spec/attribute.ts";
import { be16, u32, u8 } from "../spec/codec.ts";
import { oneOf } from "../spec/value.ts";
import { type LinkKind, linkKind } from "./kind.ts";

/** Options of a MACsec link, with iproute2's keys. Source: ip-macsec(8). */
export interface MacsecOptions {
  /** Secure channel identifier: link-layer address and port, in hexadecimal. */
  readonly sci?: string;
  /** Port of the secure channel identifier, beside the link's address. */
  readonly port?: number;
  /** Protect sent packets. */
  readonly protect?: boolean;
  /** Cipher suite. */
  readonly cipher?:
    | "default"
    | "gcm-aes-128"
    | "gcm-aes-256"
    | "gcm-aes-xpn-128"
    | "gcm-aes-xpn-256";
  /** Length of the integrity check value, in bytes. */
  readonly icvlen?: number;
  /** Secure association for sending. */
  readonly encodingsa?: number;
  /** Validation of received packets. */
  readonly validate?: "disabled" | "check" | "strict";
  /** Hardware offload. */
  readonly offload?: "off" | "phy" | "mac";
  /** Encrypt sent packets. */
  readonly encrypt?: boolean;
  /** Send the secure channel identifier in each packet. */
  readonly send_sci?: boolean;
  /** Mark the link as an end station. */
  readonly end_station?: boolean;
  /** Single copy broadcast. */
  readonly scb?: boolean;
  /** Replay protection. */
  readonly replay?: boolean;
  /** Size of the replay window. */
  readonly window?: number;
}

type Cipher = NonNullable<MacsecOptions["cipher"]>;

/** MACSEC_*CIPHER_ID* of linux/if_macsec.h, which exceed a number's precision. */
const CIPHERS: { readonly [Name in Cipher]: bigint } = {
  default: 0x0080_0200_0100_0001n,
  "gcm-aes-128": 0x0080_C200_0100_0001n,
  "gcm-aes-256": 0x0080_C200_0100_0002n,
  "gcm-aes-xpn-128": 0x0080_C200_0100_0003n,
  "gcm-aes-xpn-256": 0x0080_C200_0100_0004n,
};
const CIPHER_NAMES = Object.keys(CIPHERS) as Cipher[];
const FIXED = { change: "at creation" } as const;

const cipherOf = (id: bigint) =>
  CIPHER_NAMES.find((name) => CIPHERS[name] === id);

const cipher: Attribute<Cipher> = {
  ...attribute<Cipher, bigint>(c.IFLA_MACSEC_CIPHER_SUITE, {
    ...oneOf(CIPHER_NAMES),
    raw: ({ view, at, length }) =>
      length < 8 ? 0n : view.getBigUint64(at, true),
    decode: cipherOf,
    json(id) {
      const name = cipherOf(id);
      return name === undefined
        ? "(unknown)"
        : name === "default"
        ? "GCM-AES-128"
        : name.toUpperCase();
    },
    encode: (body, attribute, value) =>
      void body.u64(attribute, CIPHERS[value]),
  }, { ...FIXED, key: "cipher_suite", kernelDefault: "default" }),
  // The kernel reports one cipher with the number of the other.
  same: (is, wanted) => suite(is) === suite(wanted),
};

function suite(name: Cipher): Cipher {
  return name === "default" ? "gcm-aes-128" : name;
}

const sci: Attribute<string> = attribute<string>(c.IFLA_MACSEC_SCI, {
  expected: "up to 16 hexadecimal digits",
  schema: { type: "string", pattern: "^(0x)?[0-9a-fA-F]{1,16}$" },
  read: (given) =>
    typeof given === "string" && /^(0x)?[0-9a-f]{1,16}$/i.test(given)
      ? given.replace(/^0x/i, "").toLowerCase().padStart(16, "0")
      : undefined,
  raw: (value) => value.be64().toString(16).padStart(16, "0"),
  decode: (raw) => raw,
  encode: (body, attribute, value) =>
    void body.be64(attribute, BigInt(`0x${value}`)),
}, FIXED);

/** It is set as a number and reported as the end of the identifier. */
const port: Attribute<number> = {
  ...number(c.IFLA_MACSEC_PORT, be16, { ...FIXED, min: 1, json: false }),
  decode(level) {
    const identifier = level.get(c.IFLA_MACSEC_SCI);
    return identifier !== undefined && identifier.length >= 8
      ? identifier.view.getUint16(identifier.at + 6)
      : level.get(c.IFLA_MACSEC_PORT)?.be16();
  },
};

const VALIDATE = ["disabled", "check", "strict"] as const;
const OFFLOAD = ["off", "phy", "mac"] as const;

function check(values: MacsecOptions): void {
  const { send_sci, end_station, scb, replay, window, sci, port } = values;
  const refuse = (option: string, value: unknown, expected: string) => {
    throw new ArgumentError(`macsec ${option}`, value, expected);
  };
  if (sci !== undefined && port !== undefined) {
    refuse("port", port, "possible beside sci");
  }
  if (send_sci && (end_station || scb)) {
    refuse("send_sci", true, "possible beside end_station or scb");
  }
  if (end_station && scb) {
    refuse("scb", true, "possible beside end_station");
  }
  if (window !== undefined && replay === undefined) {
    refuse("window", window, "possible without replay");
  }
  if (replay && window === undefined) {
    refuse("window", window, "a whole number, which replay needs");
  }
}

export const macsec: LinkKind<MacsecOptions> = linkKind<MacsecOptions>(
  "macsec",
  () => ({
    sci,
    port,
    protect: flag(c.IFLA_MACSEC_PROTECT, { kernelDefault: true }),
    cipher,
    icvlen: number(c.IFLA_MACSEC_ICV_LEN, u8, {
      ...FIXED,
      min: 8,
      max: 16,
      key: "icv_len",
      kernelDefault: 16,
    }),
    encodingsa: number(c.IFLA_MACSEC_ENCODING_SA, u8, {
      max: 3,
      key: "encoding_sa",
      kernelDefault: 0,
    }),
    validate: word(c.IFLA_MACSEC_VALIDATION, u8, VALIDATE, {
      key: "validation",
      kernelDefault: "strict",
      json: (raw) => VALIDATE[raw] ?? "(unknown)",
    }),
    offload: word(c.IFLA_MACSEC_OFFLOAD, u8, OFFLOAD, {
      kernelDefault: "off",
      since: "5.7",
      json: (raw) => OFFLOAD[raw] ?? "(unknown)",
    }),
    encrypt: flag(c.IFLA_MACSEC_ENCRYPT, { kernelDefault: false }),
    send_sci: flag(c.IFLA_MACSEC_INC_SCI, {
      key: "inc_sci",
      kernelDefault: true,
    }),
    end_station: flag(c.IFLA_MACSEC_ES, { key: "es", kernelDefault: false }),
    scb: flag(c.IFLA_MACSEC_SCB, { kernelDefault: false }),
    replay: flag(c.IFLA_MACSEC_REPLAY_PROTECT, {
      key: "replay_protect",
      kernelDefault: false,
    }),
    window: number(c.IFLA_MACSEC_WINDOW, u32, { json: (raw) => raw | 0 }),
  }),
  {
    lower: true,
    // ip(8) sends the window with the flag.
    together: true,
    constants: { of: c, prefix: "IFLA_MACSEC_" },
    prepare(values) {
      check(values);
      const { window, ...rest } = values;
      return values.replay ? { ...rest, window } : rest;
    },
  },
);
