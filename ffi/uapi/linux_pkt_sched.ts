// <linux/pkt_sched.h>, <linux/gen_stats.h>: traffic control.

import { bytes, i16, i32, i64, struct, u16, u32, u64, u8 } from "../struct.ts";

export const headers = [
  "linux/rtnetlink.h",
  "linux/pkt_sched.h",
  "linux/gen_stats.h",
] as const;

export const TCA_OPTIONS = 2;
export const TCA_STATS = 3;
export const TCA_XSTATS = 4;
export const TCA_RATE = 5;
export const TCA_FCNT = 6;
export const TCA_STATS2 = 7;
export const TCA_STAB = 8;
export const TCA_DUMP_INVISIBLE = 10;
export const TCA_CHAIN = 11;
export const TCA_HW_OFFLOAD = 12;
export const TCA_INGRESS_BLOCK = 13;
export const TCA_EGRESS_BLOCK = 14;

export const TC_H_UNSPEC = 0;
export const TC_H_ROOT = 0xffff_ffff;
export const TC_H_INGRESS = 0xffff_fff1;

export const TCA_STATS_BASIC = 1;
export const TCA_STATS_RATE_EST = 2;
export const TCA_STATS_QUEUE = 3;
export const TCA_STATS_APP = 4;
export const TCA_STATS_RATE_EST64 = 5;
export const TCA_STATS_BASIC_HW = 7;
export const TCA_STATS_PKT64 = 8;

export const TCA_TBF_PARMS = 1;
export const TCA_TBF_RTAB = 2;
export const TCA_TBF_PTAB = 3;
export const TCA_TBF_RATE64 = 4;
export const TCA_TBF_PRATE64 = 5;
export const TCA_TBF_BURST = 6;
export const TCA_TBF_PBURST = 7;

export const TCA_HTB_PARMS = 1;
export const TCA_HTB_INIT = 2;
export const TCA_HTB_CTAB = 3;
export const TCA_HTB_RTAB = 4;
export const TCA_HTB_DIRECT_QLEN = 5;
export const TCA_HTB_RATE64 = 6;
export const TCA_HTB_CEIL64 = 7;
export const TCA_HTB_OFFLOAD = 9;

export const TC_PRIO_MAX = 15;

export const TCA_NETEM_CORR = 1;
export const TCA_NETEM_DELAY_DIST = 2;
export const TCA_NETEM_REORDER = 3;
export const TCA_NETEM_CORRUPT = 4;
export const TCA_NETEM_LOSS = 5;
export const TCA_NETEM_RATE = 6;
export const TCA_NETEM_ECN = 7;
export const TCA_NETEM_RATE64 = 8;
export const TCA_NETEM_LATENCY64 = 10;
export const TCA_NETEM_JITTER64 = 11;
export const TCA_NETEM_SLOT = 12;
export const NETEM_LOSS_GI = 1;
export const NETEM_LOSS_GE = 2;

export const TCA_FQ_CODEL_TARGET = 1;
export const TCA_FQ_CODEL_LIMIT = 2;
export const TCA_FQ_CODEL_INTERVAL = 3;
export const TCA_FQ_CODEL_ECN = 4;
export const TCA_FQ_CODEL_FLOWS = 5;
export const TCA_FQ_CODEL_QUANTUM = 6;
export const TCA_FQ_CODEL_CE_THRESHOLD = 7;
export const TCA_FQ_CODEL_DROP_BATCH_SIZE = 8;
export const TCA_FQ_CODEL_MEMORY_LIMIT = 9;
export const TCA_FQ_CODEL_CE_THRESHOLD_SELECTOR = 10;
export const TCA_FQ_CODEL_CE_THRESHOLD_MASK = 11;
export const TCA_FQ_CODEL_XSTATS_QDISC = 0;
export const TCA_FQ_CODEL_XSTATS_CLASS = 1;

export const TCA_FQ_PLIMIT = 1;
export const TCA_FQ_FLOW_PLIMIT = 2;
export const TCA_FQ_QUANTUM = 3;
export const TCA_FQ_INITIAL_QUANTUM = 4;
export const TCA_FQ_RATE_ENABLE = 5;
export const TCA_FQ_FLOW_DEFAULT_RATE = 6;
export const TCA_FQ_FLOW_MAX_RATE = 7;
export const TCA_FQ_BUCKETS_LOG = 8;
export const TCA_FQ_FLOW_REFILL_DELAY = 9;
export const TCA_FQ_ORPHAN_MASK = 10;
export const TCA_FQ_LOW_RATE_THRESHOLD = 11;
export const TCA_FQ_CE_THRESHOLD = 12;
export const TCA_FQ_TIMER_SLACK = 13;
export const TCA_FQ_HORIZON = 14;
export const TCA_FQ_HORIZON_DROP = 15;

/** Constants that only newer headers have. */
export const newer = {
  TCA_NETEM_PRNG_SEED: 14,
} as const;

/** `struct gnet_stats_basic` */
export const gnet_stats_basic = struct("struct gnet_stats_basic", {
  bytes: u64,
  packets: u32,
});

/** `struct gnet_stats_queue` */
export const gnet_stats_queue = struct("struct gnet_stats_queue", {
  qlen: u32,
  backlog: u32,
  drops: u32,
  requeues: u32,
  overlimits: u32,
});

/** `struct tc_ratespec` */
export const tc_ratespec = struct("struct tc_ratespec", {
  cell_log: u8,
  linklayer: u8,
  overhead: u16,
  cell_align: i16,
  mpu: u16,
  rate: u32,
});

/** `struct tc_fifo_qopt` */
export const tc_fifo_qopt = struct("struct tc_fifo_qopt", { limit: u32 });

/** `struct tc_prio_qopt` */
export const tc_prio_qopt = struct("struct tc_prio_qopt", {
  bands: i32,
  priomap: bytes(16),
});

/** `struct tc_tbf_qopt` */
export const tc_tbf_qopt = struct("struct tc_tbf_qopt", {
  rate: tc_ratespec,
  peakrate: tc_ratespec,
  limit: u32,
  buffer: u32,
  mtu: u32,
});

/** `struct tc_htb_opt` */
export const tc_htb_opt = struct("struct tc_htb_opt", {
  rate: tc_ratespec,
  ceil: tc_ratespec,
  buffer: u32,
  cbuffer: u32,
  quantum: u32,
  level: u32,
  prio: u32,
});

/** `struct tc_htb_glob` */
export const tc_htb_glob = struct("struct tc_htb_glob", {
  version: u32,
  rate2quantum: u32,
  defcls: u32,
  debug: u32,
  direct_pkts: u32,
});

/** `struct tc_htb_xstats` */
export const tc_htb_xstats = struct("struct tc_htb_xstats", {
  lends: u32,
  borrows: u32,
  giants: u32,
  tokens: i32,
  ctokens: i32,
});

/** `struct tc_netem_qopt` */
export const tc_netem_qopt = struct("struct tc_netem_qopt", {
  latency: u32,
  limit: u32,
  loss: u32,
  gap: u32,
  duplicate: u32,
  jitter: u32,
});

/** `struct tc_netem_corr` */
export const tc_netem_corr = struct("struct tc_netem_corr", {
  delay_corr: u32,
  loss_corr: u32,
  dup_corr: u32,
});

/** `struct tc_netem_reorder` */
export const tc_netem_reorder = struct("struct tc_netem_reorder", {
  probability: u32,
  correlation: u32,
});

/** `struct tc_netem_corrupt` */
export const tc_netem_corrupt = struct("struct tc_netem_corrupt", {
  probability: u32,
  correlation: u32,
});

/** `struct tc_netem_rate` */
export const tc_netem_rate = struct("struct tc_netem_rate", {
  rate: u32,
  packet_overhead: i32,
  cell_size: u32,
  cell_overhead: i32,
});

/** `struct tc_netem_gimodel` */
export const tc_netem_gimodel = struct("struct tc_netem_gimodel", {
  p13: u32,
  p31: u32,
  p32: u32,
  p14: u32,
  p23: u32,
});

/** `struct tc_netem_gemodel` */
export const tc_netem_gemodel = struct("struct tc_netem_gemodel", {
  p: u32,
  r: u32,
  h: u32,
  k1: u32,
});

/** `struct tc_netem_slot` */
export const tc_netem_slot = struct("struct tc_netem_slot", {
  min_delay: i64,
  max_delay: i64,
  max_packets: i32,
  max_bytes: i32,
  dist_delay: i64,
  dist_jitter: i64,
});

/** `struct tc_fq_qd_stats`, as Linux 6.1 has it; later ones are longer. */
export const tc_fq_qd_stats = struct("struct tc_fq_qd_stats", {
  gc_flows: u64,
  highprio_packets: u64,
  tcp_retrans: u64,
  throttled: u64,
  flows_plimit: u64,
  pkts_too_long: u64,
  allocation_errors: u64,
  time_next_delayed_flow: i64,
  flows: u32,
  inactive_flows: u32,
  throttled_flows: u32,
  unthrottle_latency_ns: u32,
  ce_mark: u64,
  horizon_drops: u64,
  horizon_caps: u64,
});

/** `struct tc_fq_codel_qd_stats` */
export const tc_fq_codel_qd_stats = struct("struct tc_fq_codel_qd_stats", {
  maxpacket: u32,
  drop_overlimit: u32,
  ecn_mark: u32,
  new_flow_count: u32,
  new_flows_len: u32,
  old_flows_len: u32,
  ce_mark: u32,
  memory_usage: u32,
  drop_overmemory: u32,
});

/** `struct tc_fq_codel_cl_stats` */
export const tc_fq_codel_cl_stats = struct("struct tc_fq_codel_cl_stats", {
  deficit: i32,
  ldelay: u32,
  count: u32,
  lastcount: u32,
  dropping: u32,
  drop_next: i32,
});
