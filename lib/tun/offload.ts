// What a program may use to split and coalesce packets by itself.

export {
  type CoalesceOptions,
  Coalescer,
  type PacketList,
} from "./coalesce.ts";
export { OffloadHeader, type Segmentation } from "./offload_header.ts";
export { completeChecksum, SegmentSplitter } from "./split.ts";
