import { expect, it } from 'vitest';
import { type Attachment, AttachmentTable } from './attachment-table.ts';

const to = (agentId: string): Attachment => ({
  sid: 'sid',
  sidHash: 'hash',
  userId: 'user',
  ownerUserId: 'user',
  reachedByTag: false,
  openedByToken: false,
  rights: ['open'],
  held: ['open'],
  admitted: true,
  agentId,
  sessionId: Buffer.alloc(16),
  linuxUsers: null,
  unchecked: false,
  end: () => undefined,
});

it('is limited to 512 attachments of one machine, and a place is free again when one ends', () => {
  const table = new AttachmentTable();
  const all = Array.from({ length: 512 }, () => to('one'));
  for (const attachment of all) table.add(attachment);
  expect(() => table.add(to('one'))).toThrow(expect.objectContaining({ code: 'too_many_streams' }));
  table.add(to('another'));
  for (const attachment of all.slice(0, 1)) table.delete(attachment);
  table.add(to('one'));
  expect(table.ofAgent('one')).toHaveLength(512);
});
