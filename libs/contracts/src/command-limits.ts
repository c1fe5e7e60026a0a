/**
 * Limits of commands that run at the same time. A machine counts a command until its last process has ended, a hub until it is answered. Beyond
 * `atHub` the code is `too_many_requests`, beyond the others `too_many_commands`.
 */
export const commandLimits = { ofUserOnMachine: 8, onMachine: 64, ofUserAtHub: 50, atHub: 500 } as const;
