/**
 * Functions for GSO packets from other sources: split them, coalesce packets of
 * a flow, complete checksums.
 *
 * @module
 */

export {
  type CoalesceOptions,
  Coalescer,
  type PacketList,
} from "./coalesce.ts";
export { OffloadHeader, type Segmentation } from "./offload_header.ts";
export { completeChecksum, SegmentSplitter } from "./split.ts";
