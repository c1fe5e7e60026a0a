import { z } from 'zod';

/** Search parameters in the URL of the list. */
export const UserListSearch = z.object({
  search: z.string().optional().catch(undefined),
  page: z.number().int().min(1).optional().catch(undefined),
});
