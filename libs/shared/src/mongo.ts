export { buildIndexes, buildIndexesOf } from './mongo/build-indexes.ts';
export { connectMongo, type MongoOptions } from './mongo/connect.ts';
export { escapeRegex } from './mongo/escape-regex.ts';
export { migrate } from './mongo/migrations/migrate.ts';
export { migrateOnly } from './mongo/migrations/migrate-only.ts';
export type { MigrationStep } from './mongo/migrations/migration-step.ts';
export { duplicateIndexKey, isMongoUnavailable } from './mongo/mongo-errors.ts';
export {
  listMark,
  notOfThisList,
  type Place,
  pageOf,
  readCursor,
  rowsBehind,
  writeCursor,
} from './mongo/page-cursor.ts';
export { noteSigning, unsignedUntil } from './mongo/unsigned-until.ts';
