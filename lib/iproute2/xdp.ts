// XDP programs of links in the format of `ip -j link`.

import * as ifla from "../../ffi/uapi/linux_if_link.ts";
import type { BpfProgram } from "../rtnetlink/bpf_program.ts";
import type { AttributeReader } from "../netlink/attribute.ts";
import type { JsonValue } from "../rtnetlink/spec/json.ts";
import { AttributeLevel } from "../rtnetlink/spec/level.ts";

const MODES = [
  [ifla.IFLA_XDP_SKB_PROG_ID, ifla.XDP_ATTACHED_SKB],
  [ifla.IFLA_XDP_DRV_PROG_ID, ifla.XDP_ATTACHED_DRV],
  [ifla.IFLA_XDP_HW_PROG_ID, ifla.XDP_ATTACHED_HW],
] as const;

/** What to print of programs. */
export interface XdpOptions {
  /** Reads a program by id; without it only ids are printed. */
  readonly program?: (id: number) => BpfProgram | undefined;
  /** As with `ip -d`. */
  readonly details?: boolean | undefined;
}

function program(
  id: number,
  { program, details }: XdpOptions,
): Record<string, JsonValue> {
  const found = program?.(id);
  if (found === undefined) return { id };
  const { name, tag, jited, loadTime, createdByUid, btfId } = found;
  return {
    id,
    ...(name === "" ? {} : { name }),
    tag,
    jited: jited ? 1 : 0,
    ...(details && loadTime !== 0 ? { load_time: loadTime } : {}),
    ...(details ? { created_by_uid: createdByUid } : {}),
    ...(details && btfId !== 0 ? { btf_id: btfId } : {}),
  };
}

/** {xdp: ...} if a program is attached, else {}. */
export function ipXdp(
  value: AttributeReader,
  options: XdpOptions,
): Record<string, JsonValue> {
  const level = new AttributeLevel(value.enter());
  const mode = level.get(ifla.IFLA_XDP_ATTACHED)?.u8();
  if (mode === undefined || mode === ifla.XDP_ATTACHED_NONE) return {};
  const id = level.get(ifla.IFLA_XDP_PROG_ID)?.u32();
  const attached: JsonValue[] = [];
  for (const [type, attachedAs] of MODES) {
    const one = level.get(type)?.u32();
    if (one !== undefined) {
      attached.push({ mode: attachedAs, prog: program(one, options) });
    }
  }
  if (attached.length === 0 && id !== undefined) {
    attached.push({ mode, prog: program(id, options) });
  }
  return {
    xdp: { mode, ...(id ? { prog: program(id, options) } : {}), attached },
  };
}
