export { type Servers, startServers } from './test-servers.ts';
