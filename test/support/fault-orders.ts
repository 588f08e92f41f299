/** What a process that was started with fault-preload-root.ts can be told to suffer. */
export type FaultOrder =
  /** The event loop turns no further for so long. */
  | { do: 'block'; ms: number }
  /** Buffers that are touched, so much a second, until so much is held. */
  | { do: 'leak'; mbPerSecond: number; mb: number }
  | { do: 'release' }
  | { do: 'exit'; code: number }
  /** Uncaught. */
  | { do: 'throw'; afterMs: number }
  /** Settings as if they had been given so: only at the start. */
  | { do: 'set'; env: Record<string, string> };

/** The signal that says: the order has been written. */
export const ORDER_SIGNAL = 'SIGUSR2';
/** The function in which `block` spins: what an autopsy must name. */
export const SPINNING = 'spinForTheSuite';

export const orderFile = (folder: string, name: string): string => `${folder}/order-${name}.json`;
/** Obeyed at each start for as long as it is there. */
export const startFile = (folder: string, name: string): string => `${folder}/start-${name}.json`;
/** One line for each start: `{name, pid, at}`. */
export const startsFile = (folder: string): string => `${folder}/starts.ndjson`;
