export { type BusOptions, connectBus } from './bus/connect.ts';
export { declareStreams } from './bus/declare-streams.ts';
export { entryValue, KvView, type KvViewOptions, openBucket, parseEntry } from './bus/kv-view.ts';
export { answer, ask } from './bus/request-reply.ts';
export { PresenceView, type Whereabouts } from './presence/presence-view.ts';
export { AllowList, type SigninListener } from './signins/allow-list.ts';
export { EntrySigner, openEntry, type SignedEntry, signinKeyLine, storedEntry } from './signins/signed-entry.ts';
