import type { MachineModels } from '../machines/record.ts';

/** How many members each of these groups has. A group without members is missing. */
export const memberCounts = async (
  { people }: Pick<MachineModels, 'people'>,
  groupIds: readonly string[],
): Promise<Map<string, number>> => {
  const counted = await people.aggregate<{ _id: string; members: number }>([
    { $match: { 'memberships.group_id': { $in: [...groupIds] } } },
    { $unwind: '$memberships' },
    { $group: { _id: '$memberships.group_id', members: { $sum: 1 } } },
  ]);
  return new Map(counted.map(({ _id, members }) => [_id, members]));
};
