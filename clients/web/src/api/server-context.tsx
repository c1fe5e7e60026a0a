import { createContext, type ReactNode, useContext } from 'react';
import type { Server } from './server.ts';

const ServerContext = createContext<Server | undefined>(undefined);

export const ServerProvider = ({ server, children }: { server: Server; children: ReactNode }) => (
  <ServerContext value={server}>{children}</ServerContext>
);

export const useServer = (): Server => {
  const server = useContext(ServerContext);
  if (server === undefined) throw new Error('useServer outside of ServerProvider');
  return server;
};
