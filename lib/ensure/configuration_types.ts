/**
 * The parts of a configuration.
 *
 * @module
 */

export type {
  AbsentAddress,
  AbsentRoute,
  AbsentVlan,
  AddressConfiguration,
  ClassConfiguration,
  DeviceIdentity,
  Exclusive,
  ExclusiveKind,
  IgnoredConfiguration,
  LinkConfiguration,
  LinkHooks,
  MdbConfiguration,
  NamedNamespaceConfiguration,
  NeighbourConfiguration,
  QdiscConfiguration,
  VlanConfiguration,
} from "./parse/configuration.ts";
