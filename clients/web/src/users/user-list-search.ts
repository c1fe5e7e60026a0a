import { z } from 'zod';

/** What stands in the address of the list. */
export const UserListSearch = z.object({
  search: z.string().optional().catch(undefined),
  page: z.number().int().min(1).optional().catch(undefined),
});
