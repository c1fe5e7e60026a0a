/** Counts of the messages and bytes that all attach streams of this process have passed on. Plain numbers, because each message of a terminal changes them. */
export const traffic = {
  /** Bytes of gRPC messages. */
  bytesToViewers: 0,
  bytesToMachines: 0,
  /** Times that a machine was not read because its viewer accepted no more, and the other way round. */
  machinesHeld: 0,
  viewersHeld: 0,
};
