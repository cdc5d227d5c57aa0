// <linux/bpf.h>: information about a BPF program by its id.

import { bytes, cstring, overlay, struct, u32, u64 } from "../struct.ts";

export const headers = ["linux/bpf.h"] as const;

export const BPF_PROG_GET_FD_BY_ID = 13;
export const BPF_OBJ_GET_INFO_BY_FD = 15;

/** What the two commands above are given: members of a union of many structs. */
export const bpf_attr = struct("union bpf_attr", {
  prog_id: overlay(0, u32),
  "info.bpf_fd": overlay(0, u32),
  "info.info_len": overlay(4, u32),
  "info.info": overlay(8, u64),
}, 144);

/** The fields in use, and space for the others. */
export const bpf_prog_info = struct("struct bpf_prog_info", {
  type: u32,
  id: u32,
  tag: bytes(8),
  jited_prog_len: u32,
  xlated_prog_len: u32,
  jited_prog_insns: u64,
  xlated_prog_insns: u64,
  load_time: u64,
  created_by_uid: u32,
  nr_map_ids: u32,
  map_ids: u64,
  name: cstring(16),
  btf_id: overlay(128, u32),
}, 232);
