export { buildIndexes, connectMongo, type MongoOptions } from './mongo/connect.ts';
export { duplicateIndexKey, isMongoUnavailable } from './mongo/mongo-errors.ts';
export { notOfThisList, type Place, pageOf, readCursor, rowsBehind, writeCursor } from './mongo/page-cursor.ts';
export { unsignedUntil } from './mongo/unsigned-until.ts';
