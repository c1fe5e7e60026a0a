import { describe, expect, it } from 'vitest';
import { foreignMongoUrl, localMongoUrl } from './mongo-users.ts';

describe('MongoDB URLs', () => {
  it('name the user, its database and the replica set', () => {
    expect(localMongoUrl(27017, 'agent-hub', 'pw')).toBe(
      'mongodb://agent-hub:pw@127.0.0.1:27017/agent_hub?replicaSet=rs0&authSource=admin',
    );
  });

  it('of an external server have the database of the service, and keep the credentials in place', () => {
    expect(foreignMongoUrl('mongodb://me:pw@db:27017/?tls=true', 'terminal')).toBe(
      'mongodb://me:pw@db:27017/terminal?tls=true&authSource=admin',
    );
    expect(foreignMongoUrl('mongodb://me:pw@db:27017/accounts', 'auth')).toContain('authSource=accounts');
    expect(foreignMongoUrl('mongodb://db:27017', 'auth')).toBe('mongodb://db:27017/auth');
  });
});
