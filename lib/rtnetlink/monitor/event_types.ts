/**
 * Events of a monitor, and the objects that they are about.
 *
 * @module
 */

export type {
  AnyObjectEvent,
  EventOrigin,
  IgnoredEvent,
  MonitoredObject,
  MonitoredObjects,
  MonitorEvent,
  NamespaceEvent,
  ObjectEvent,
  OverrunEvent,
  ResynchronisedEvent,
} from "./event.ts";
