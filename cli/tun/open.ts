// Opens the device of the command; the error of a busy device names its
// holders.

import { EBUSY, SystemError } from "../../ffi/errno.ts";
import { tunHolders } from "../../lib/rtnetlink/tun_holders.ts";
import { Tun } from "../../lib/tun/device.ts";
import type { TunOptions } from "../../lib/tun/options.ts";
import { printable } from "../output/printable.ts";

/** Opens a device as Tun.open() does; EBUSY names the holders. */
export function openDevice(options: TunOptions): Tun {
  try {
    return Tun.open(options);
  } catch (error) {
    if (!(error instanceof SystemError) || error.errno !== EBUSY) throw error;
    const holders = tunHolders().holders
      .filter(({ device }) => device === options.name)
      .map(({ command, pid }) => `${printable(command)} (process ${pid})`);
    if (holders.length > 0) {
      error.message += `. It is held by ${holders.join(", ")}`;
    }
    throw error;
  }
}
