export { ForwardError, type ForwardOptions, ForwardStream } from './forward-stream.ts';
