export type MongoUser = 'auth' | 'agent-hub' | 'terminal';

export const mongoUsers: readonly MongoUser[] = ['auth', 'agent-hub', 'terminal'];
export const replicaSet = 'rs0';

/** Database of the service. Its user has access to no other. */
export const databaseOf = (user: MongoUser): string => user.replace('-', '_');

/** `server`: host:port, or several members of one replica set separated by commas */
export const mongoUrlAt = (server: string, user: MongoUser, password: string): string =>
  `mongodb://${user}:${password}@${server}/${databaseOf(user)}?replicaSet=${replicaSet}&authSource=admin`;

export const localMongoUrl = (port: number, user: MongoUser, password: string): string =>
  mongoUrlAt(`127.0.0.1:${port}`, user, password);

/** URL of the service's database on an external server, with the credentials of the given URL. */
export const foreignMongoUrl = (given: string, user: MongoUser): string => {
  const url = new URL(given);
  const database = url.pathname.slice(1);
  if (url.username !== '' && !url.searchParams.has('authSource'))
    url.searchParams.set('authSource', database === '' ? 'admin' : database);
  url.pathname = `/${databaseOf(user)}`;
  return url.href;
};
