/**
 * The parts of a configuration.
 *
 * @module
 */

export type {
  AbsentAddress,
  AbsentRoute,
  AddressConfiguration,
  ClassConfiguration,
  Exclusive,
  ExclusiveKind,
  IgnoredConfiguration,
  LinkConfiguration,
  NeighbourConfiguration,
  QdiscConfiguration,
} from "./parse/configuration.ts";
