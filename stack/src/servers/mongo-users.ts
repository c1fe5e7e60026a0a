export type MongoUser = 'auth' | 'agent-hub' | 'terminal';

export const mongoUsers: readonly MongoUser[] = ['auth', 'agent-hub', 'terminal'];
export const replicaSet = 'rs0';

/** The database that belongs to the service; its user may use no other. */
export const databaseOf = (user: MongoUser): string => user.replace('-', '_');

/** `server`: host:port, or several of one replica set with commas */
export const mongoUrlAt = (server: string, user: MongoUser, password: string): string =>
  `mongodb://${user}:${password}@${server}/${databaseOf(user)}?replicaSet=${replicaSet}&authSource=admin`;

export const localMongoUrl = (port: number, user: MongoUser, password: string): string =>
  mongoUrlAt(`127.0.0.1:${port}`, user, password);

/** The service's own database on a server of one's own, with the credentials of the URL given. */
export const foreignMongoUrl = (given: string, user: MongoUser): string => {
  const url = new URL(given);
  const database = url.pathname.slice(1);
  if (url.username !== '' && !url.searchParams.has('authSource'))
    url.searchParams.set('authSource', database === '' ? 'admin' : database);
  url.pathname = `/${databaseOf(user)}`;
  return url.href;
};
