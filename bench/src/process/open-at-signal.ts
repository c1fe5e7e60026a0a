// Loaded by `--import` into a Node process under measurement: opens its debugger at SIGUSR2. All processes of the product run with
// `--disable-sigusr1`, by which Node blocks SIGUSR1, at which it would open one itself.
import process from 'node:process';

// Loaded only when it is needed, so that it takes no memory of the process before.
process.on('SIGUSR2', () => process.getBuiltinModule('node:inspector').open());
